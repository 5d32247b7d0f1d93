"""A peer: one connection of a participant in a session, from admission to leaving. Pure."""

from dataclasses import dataclass, replace

from chalicelib.contract.ids import AppId, ParticipantId, PeerId, SessionId
from chalicelib.contract.node_messages import LeaveReason
from chalicelib.domain.session import Ending


@dataclass(frozen=True, slots=True)
class PublishedTrack:
    """A track that a peer publishes at the moment; `source` and `mime_type` as its node reported them."""

    sid: str
    source: str
    mime_type: str
    published_at_ms: int


@dataclass(frozen=True, slots=True)
class Peer:
    """One connection. It counts as live from its admission until `left_at_ms`; times are ms since 1970."""

    app_id: AppId
    session_id: SessionId
    peer_id: PeerId
    participant_id: ParticipantId
    identity: str
    name: str
    preset_name: str
    joined_at_ms: int
    connected_at_ms: int | None = None
    left_at_ms: int | None = None
    leave_reason: LeaveReason | None = None
    tracks: tuple[PublishedTrack, ...] = ()


def happened_at_ms(peer: Peer, age_ms: int, now_ms: int) -> int:
    """Return when a node saw something of this peer: `age_ms` before now, never in the future or before the join."""
    return max(peer.joined_at_ms, min(now_ms, now_ms - age_ms))


def as_of(peer: Peer, ending: Ending | None) -> Peer:
    """Return the peer as a reader may see it: no peer outlives its session."""
    if ending is None or peer.left_at_ms is not None:
        return peer
    left_at_ms = max(peer.joined_at_ms, ending.at_ms)
    return replace(peer, left_at_ms=left_at_ms, leave_reason=ending.reason.leave_reason)


def stayed_ms(peer: Peer, until_ms: int) -> int:
    """Return how long the peer was in the session, up to its leave or else `until_ms`."""
    end = peer.left_at_ms if peer.left_at_ms is not None else until_ms
    return max(0, end - peer.joined_at_ms)
