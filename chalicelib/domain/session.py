"""The life of a session: ACTIVE -> (ENDING ->) ENDED, and the predicate that says when it is over.

Pure. A session is over from the moment the predicate says so, whether or not a sweep has written it down: every
reader and every writer asks `ending_of`. Times are ms since 1970 on the control plane's clock.
"""

import enum
from dataclasses import dataclass, replace

from chalicelib.contract.ids import AccountId, AppId, MeetingId, NodeId, SessionId
from chalicelib.contract.node_messages import LeaveReason
from chalicelib.domain.node import Node, last_alive_ms, lease_is_over


class SessionStatus(enum.StrEnum):
    """What is written down. ENDING: its owner is fenced off, its peers are being closed."""

    ACTIVE = "ACTIVE"
    ENDING = "ENDING"
    ENDED = "ENDED"


class EndReason(enum.StrEnum):
    """Why a session ended."""

    ALL_PEERS_LEFT = "all_peers_left"
    NODE_LOST = "node_lost"
    NODE_SHUTDOWN = "node_shutdown"
    HOST_ENDED = "host_ended"

    @property
    def leave_reason(self) -> LeaveReason:
        """The reason that peers still open at that moment get."""
        named = {EndReason.NODE_SHUTDOWN: LeaveReason.NODE_SHUTDOWN, EndReason.HOST_ENDED: LeaveReason.KICKED}
        return named.get(self, LeaveReason.NODE_LOST)


@dataclass(frozen=True, slots=True)
class Ending:
    """When a session ended, and why."""

    at_ms: int
    reason: EndReason


@dataclass(frozen=True, slots=True)
class Session:
    """One live instance of a meeting.

    `peer_balance_ms` is the sum of all leave times minus the sum of all join times: with it the time of the peers is
    known at any moment, the open ones included, without reading them (see consumed_ms). `room_metadata` is None until
    somebody sets it. `host_came`: somebody who may let others in from the waiting room has been there.
    """

    account_id: AccountId
    app_id: AppId
    session_id: SessionId
    meeting_id: MeetingId
    meeting_title: str
    owner_node_id: NodeId
    epoch: int
    status: SessionStatus
    live_peers: int
    max_concurrent_peers: int
    peer_balance_ms: int
    keep_alive_ms: int
    created_at_ms: int
    started_at_ms: int
    updated_at_ms: int
    empty_since_ms: int | None = None
    ending: Ending | None = None
    last_event_seq: int = 0
    room_metadata: str | None = None
    host_came: bool = False


@dataclass(frozen=True, slots=True)
class ActivePointer:
    """Which session of a meeting is active. It outlives sessions, so that `epoch` only grows."""

    app_id: AppId
    meeting_id: MeetingId
    epoch: int
    session_id: SessionId | None = None
    owner_node_id: NodeId | None = None


def ending_of(session: Session, owner: Node | None, now_ms: int) -> Ending | None:
    """Return how the session has ended as of now, or None while it lives. `owner` is None when its record is gone."""
    if session.status is not SessionStatus.ACTIVE:
        assert session.ending is not None, f"session {session.session_id} is {session.status} without an ending"
        return session.ending
    endings = [ending for ending in (_of_grace(session, now_ms), _of_owner(session, owner, now_ms)) if ending]
    return min(endings, key=lambda ending: ending.at_ms, default=None)


def _of_grace(session: Session, now_ms: int) -> Ending | None:
    if session.empty_since_ms is None:
        return None
    at_ms = session.empty_since_ms + session.keep_alive_ms
    return Ending(at_ms, EndReason.ALL_PEERS_LEFT) if now_ms >= at_ms else None


def _of_owner(session: Session, owner: Node | None, now_ms: int) -> Ending | None:
    if owner is None:
        return Ending(session.updated_at_ms, EndReason.NODE_LOST)
    if not lease_is_over(owner, now_ms):
        return None
    shut_down = owner.gone_reason is LeaveReason.NODE_SHUTDOWN
    # A session made after the last heartbeat did live, if only for a moment.
    at_ms = max(last_alive_ms(owner), session.started_at_ms)
    return Ending(at_ms, EndReason.NODE_SHUTDOWN if shut_down else EndReason.NODE_LOST)


def consumed_ms(session: Session, now_ms: int) -> int:
    """Return the time of all peers, added up, as of `now_ms`."""
    return max(0, session.peer_balance_ms + session.live_peers * now_ms)


def ended(session: Session, ending: Ending, now_ms: int) -> Session:
    """Return the session as it is once it has ended: what the sweep writes, and what readers see before it does."""
    balance = session.peer_balance_ms + session.live_peers * ending.at_ms
    return replace(
        session,
        status=SessionStatus.ENDED,
        live_peers=0,
        peer_balance_ms=max(0, balance),
        ending=ending,
        updated_at_ms=now_ms,
    )


def as_of(session: Session, owner: Node | None, now_ms: int) -> Session:
    """Return the session as a reader may see it now: ENDED as soon as it is over, whatever is written down."""
    ending = ending_of(session, owner, now_ms)
    if ending is None or session.status is SessionStatus.ENDED:
        return session
    return ended(session, ending, max(ending.at_ms, session.updated_at_ms))


def is_empty_since(session: Session, empty_since_ms: int) -> bool:
    """Tell whether the session is still empty since the very moment a delayed check was made for."""
    return session.status is SessionStatus.ACTIVE and session.empty_since_ms == empty_since_ms
