"""Stores of sessions and nodes, a delay queue and dead letters in memory; tests/contract compares them."""

import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date

from chalicelib.contract.ids import AppId, MeetingId, NodeId, ParticipantId, PeerId, PresetId, SessionId
from chalicelib.contract.node_messages import Heartbeat, LeaveReason
from chalicelib.domain.node import Node
from chalicelib.domain.paging import Page, PageRequest, page_of
from chalicelib.domain.peer import Peer
from chalicelib.domain.session import ActivePointer, Ending, Session, SessionStatus, as_of, consumed_ms
from chalicelib.domain.session_filter import SessionFilter, SessionOrder
from chalicelib.domain.usage import DailyUsage, usage_of
from chalicelib.services.ports import ConditionFailed
from chalicelib.services.session_ports import (
    Closure,
    Doorway,
    Inside,
    PeerChange,
    PeerConnected,
    PeerLeft,
    PeerReport,
    SessionCheck,
    TrackPublished,
)
from tests.fakes.resource_stores import ResourceStores
from tests.fakes.waiting_room_stores import FakeWaitingRoomStore


class FakeNodeStore:
    """NodeStore in memory."""

    def __init__(self) -> None:
        self._nodes: dict[NodeId, Node] = {}
        self._lock = threading.RLock()
        self._swept_ms: int | None = None

    def register(self, node: Node) -> None:
        """See the port."""
        with self._lock:
            if node.node_id in self._nodes:
                raise ConditionFailed
            self._nodes[node.node_id] = node

    def heartbeat(self, node_id: NodeId, beat: Heartbeat, now_ms: int) -> None:
        """See the port."""
        with self._lock:
            node = self._nodes.get(node_id)
            if node is None or node.gone_at_ms is not None:
                raise ConditionFailed
            self._nodes[node_id] = replace(
                node, last_seen_ms=now_ms, sessions=beat.sessions, peers=beat.peers, draining=beat.draining
            )

    def mark_gone(self, observed: Node, reason: LeaveReason, now_ms: int) -> None:
        """See the port."""
        with self._lock:
            node = self._nodes.get(observed.node_id)
            if node is None or node.gone_at_ms is not None or node.last_seen_ms != observed.last_seen_ms:
                raise ConditionFailed
            self._nodes[node.node_id] = replace(node, gone_at_ms=now_ms, gone_reason=reason)

    def forget(self, node_id: NodeId) -> None:
        """See the port."""
        self._nodes.pop(node_id, None)

    def get(self, node_id: NodeId) -> Node | None:
        """See the port."""
        return self._nodes.get(node_id)

    def get_many(self, node_ids: Sequence[NodeId]) -> dict[NodeId, Node]:
        """See the port."""
        return {node_id: self._nodes[node_id] for node_id in node_ids if node_id in self._nodes}

    def registered(self) -> list[Node]:
        """See the port."""
        return list(self._nodes.values())

    def last_sweep_ms(self) -> int | None:
        """See the port."""
        return self._swept_ms

    def note_sweep(self, now_ms: int) -> None:
        """See the port."""
        self._swept_ms = now_ms


class FakeSessionStore:
    """SessionStore and UsageStore in memory, over the fakes of the other stores."""

    def __init__(self, resources: ResourceStores, nodes: FakeNodeStore) -> None:
        self._resources = resources
        self._nodes = nodes
        self.waiting_room = FakeWaitingRoomStore()
        self._lock = threading.RLock()
        self._pointers: dict[tuple[AppId, MeetingId], ActivePointer] = {}
        self._sessions: dict[tuple[AppId, SessionId], Session] = {}
        self._peers: dict[tuple[AppId, SessionId], dict[PeerId, Peer]] = {}
        self._usage: list[tuple[AppId, DailyUsage]] = []

    def doorway(
        self, app_id: AppId, meeting_id: MeetingId, participant_id: ParticipantId | None, node_id: NodeId
    ) -> Doorway:
        """See the port."""
        participants = self._resources.participants
        return Doorway(
            meeting=self._resources.meetings.get(app_id, meeting_id),
            participant=participants.get(app_id, meeting_id, participant_id) if participant_id else None,
            pointer=self._pointers.get((app_id, meeting_id)),
            node=self._nodes.get(node_id),
            waiting=self.waiting_room.one(app_id, meeting_id, participant_id),
        )

    def inside(
        self, app_id: AppId, pointer: ActivePointer | None, preset_id: PresetId | None, peer_id: PeerId
    ) -> Inside:
        """See the port."""
        session_id = pointer.session_id if pointer else None
        owner_id = pointer.owner_node_id if pointer else None
        return Inside(
            session=self.get(app_id, session_id) if session_id else None,
            owner=self._nodes.get(owner_id) if owner_id else None,
            preset=self._resources.presets.by_id(app_id, preset_id) if preset_id else None,
            peer=self.peer(app_id, session_id, peer_id) if session_id else None,
        )

    def create(self, session: Session, peer: Peer, observed: ActivePointer | None) -> None:
        """See the port."""
        place = session.app_id, session.meeting_id
        with self._lock:
            meeting = self._resources.meetings.get(*place)
            if meeting is None or not meeting.is_open:
                raise ConditionFailed
            if self._pointers.get(place) != observed:
                raise ConditionFailed
            self._pointers[place] = ActivePointer(*place, session.epoch, session.session_id, session.owner_node_id)
            self._sessions[session.app_id, session.session_id] = session
            self._peers[session.app_id, session.session_id] = {peer.peer_id: peer}

    def add_peer(self, observed: Session, peer: Peer, most: int = 0, *, host: bool = False) -> None:
        """See the port."""
        with self._lock:
            session = self._owned(observed)
            if most and session.live_peers >= most:
                raise ConditionFailed
            below = session.live_peers < session.max_concurrent_peers
            if below is not (observed.live_peers < observed.max_concurrent_peers):
                raise ConditionFailed
            peers = self._peers[session.app_id, session.session_id]
            if peer.peer_id in peers:
                raise ConditionFailed
            peers[peer.peer_id] = peer
            live = session.live_peers + 1
            self._store(
                replace(
                    session,
                    live_peers=live,
                    max_concurrent_peers=max(live, session.max_concurrent_peers),
                    peer_balance_ms=session.peer_balance_ms - peer.joined_at_ms,
                    updated_at_ms=peer.joined_at_ms,
                    empty_since_ms=None,
                    host_came=session.host_came or host,
                )
            )

    def with_peers(
        self, app_id: AppId, session_id: SessionId, peer_ids: Collection[PeerId]
    ) -> tuple[Session | None, dict[PeerId, Peer]]:
        """See the port."""
        with self._lock:
            there = self._peers.get((app_id, session_id), {})
            return self.get(app_id, session_id), {one: there[one] for one in peer_ids if one in there}

    def record(self, observed: Session, reports: Sequence[PeerReport], now_ms: int) -> None:
        """See the port."""
        with self._lock:
            session = self._owned(observed)
            peers = {report.peer_id: self._open_peer(session, report.peer_id) for report in reports}
            if session.last_event_seq >= reports[0].seq:
                raise ConditionFailed
            leaves = [report.change.at_ms for report in reports if isinstance(report.change, PeerLeft)]
            if leaves:
                if (session.live_peers > len(leaves)) is not (observed.live_peers > len(leaves)):
                    raise ConditionFailed
                live = session.live_peers - len(leaves)
                session = replace(
                    session,
                    live_peers=live,
                    peer_balance_ms=session.peer_balance_ms + sum(leaves),
                    empty_since_ms=session.empty_since_ms if live else max(leaves),
                )
            for report in reports:
                peers[report.peer_id] = _changed(peers[report.peer_id], report.change)
            self._store(replace(session, last_event_seq=reports[-1].seq, updated_at_ms=now_ms))
            self._peers[session.app_id, session.session_id].update(peers)

    def describe(self, observed: Session, room_metadata: str, now_ms: int) -> None:
        """See the port."""
        with self._lock:
            self._store(replace(self._owned(observed), room_metadata=room_metadata, updated_at_ms=now_ms))

    def begin_ending(self, session: Session, ending: Ending, now_ms: int) -> None:
        """See the port."""
        with self._lock:
            stored = self._owned(session)
            self._store(replace(stored, status=SessionStatus.ENDING, ending=ending, updated_at_ms=now_ms))

    def close_peers(self, session: Session, closures: Sequence[Closure], reason: LeaveReason, now_ms: int) -> None:
        """See the port."""
        with self._lock:
            stored = self._owned(session, SessionStatus.ENDING)
            closing = [self._open_peer(stored, closure.peer_id) for closure in closures]
            for peer, closure in zip(closing, closures, strict=True):
                left = _changed(peer, PeerLeft(closure.left_at_ms, reason))
                self._peers[stored.app_id, stored.session_id][peer.peer_id] = left
            balance = stored.peer_balance_ms + sum(closure.left_at_ms for closure in closures)
            live = stored.live_peers - len(closures)
            self._store(replace(stored, live_peers=live, peer_balance_ms=balance, updated_at_ms=now_ms))

    def finish(self, observed: Session, ended: Session) -> None:
        """See the port."""
        place = ended.app_id, ended.meeting_id
        with self._lock:
            stored = self._owned(observed, observed.status)
            if observed.status is SessionStatus.ACTIVE and (
                stored.live_peers or stored.empty_since_ms != observed.empty_since_ms
            ):
                raise ConditionFailed
            pointer = self._pointers[place]
            if pointer.session_id != ended.session_id:
                raise ConditionFailed
            self._pointers[place] = replace(pointer, session_id=None, owner_node_id=None)
            self._usage.append((ended.app_id, usage_of(ended)))
            self._store(ended)

    def get(self, app_id: AppId, session_id: SessionId) -> Session | None:
        """See the port."""
        return self._sessions.get((app_id, session_id))

    def pointer(self, app_id: AppId, meeting_id: MeetingId) -> ActivePointer | None:
        """See the port."""
        return self._pointers.get((app_id, meeting_id))

    def newest_first(self, app_id: AppId) -> Iterator[Session]:
        """See the port."""
        found = [session for (app, _), session in self._sessions.items() if app == app_id]
        return iter(sorted(found, key=lambda session: session.session_id, reverse=True))

    def page(self, app_id: AppId, wanted: SessionFilter, request: PageRequest, now_ms: int) -> Page[Session]:
        """See the port."""
        found = [as_of(one, self._nodes.get(one.owner_node_id), now_ms) for one in self.newest_first(app_id)]
        if wanted.order is SessionOrder.MINUTES:
            found.sort(key=lambda one: (consumed_ms(one, now_ms), one.session_id), reverse=wanted.descending)
        elif not wanted.descending:
            found.reverse()
        return page_of(found, request, wanted.accepts)

    def peer(self, app_id: AppId, session_id: SessionId, peer_id: PeerId) -> Peer | None:
        """See the port."""
        return self._peers.get((app_id, session_id), {}).get(peer_id)

    def session_of_peer(self, app_id: AppId, peer_id: PeerId) -> SessionId | None:
        """See the port."""
        held = ((session, peers) for (app, session), peers in self._peers.items() if app == app_id)
        return next((session for session, peers in held if peer_id in peers), None)

    def parts(self, app_id: AppId, first: date, last: date) -> Iterator[DailyUsage]:
        """See the port UsageStore."""
        return (use for app, use in list(self._usage) if app == app_id and first <= use.day <= last)

    def peers(self, app_id: AppId, session_id: SessionId) -> Iterator[Peer]:
        """See the port."""
        with self._lock:
            found = list(self._peers.get((app_id, session_id), {}).values())
        return iter(sorted(found, key=lambda peer: peer.peer_id))

    def owned_by(self, node_id: NodeId) -> Iterator[Session]:
        """See the port."""
        with self._lock:
            found = list(self._sessions.values())
        return (
            session
            for session in found
            if session.owner_node_id == node_id and session.status is not SessionStatus.ENDED
        )

    def _owned(self, observed: Session, status: SessionStatus = SessionStatus.ACTIVE) -> Session:
        session = self._sessions.get((observed.app_id, observed.session_id))
        fence = (status, observed.owner_node_id, observed.epoch)
        if session is None or (session.status, session.owner_node_id, session.epoch) != fence:
            raise ConditionFailed
        return session

    def _open_peer(self, session: Session, peer_id: PeerId) -> Peer:
        peer = self.peer(session.app_id, session.session_id, peer_id)
        if peer is None or peer.left_at_ms is not None:
            raise ConditionFailed
        return peer

    def _store(self, session: Session) -> None:
        self._sessions[session.app_id, session.session_id] = session


def _changed(peer: Peer, change: PeerChange) -> Peer:
    if isinstance(change, PeerConnected):
        return replace(peer, connected_at_ms=change.at_ms)
    if isinstance(change, PeerLeft):
        return replace(peer, left_at_ms=change.at_ms, leave_reason=change.reason)
    gone = change.track.sid if isinstance(change, TrackPublished) else change.sid
    tracks = [track for track in peer.tracks if track.sid != gone]
    if isinstance(change, TrackPublished):
        tracks.append(change.track)
    return replace(peer, tracks=tuple(sorted(tracks, key=lambda track: (track.published_at_ms, track.sid))))


class FakeDelayQueue:
    """DelayQueue that keeps what was sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[SessionCheck, int]] = []

    def send(self, check: SessionCheck, delay_s: int) -> None:
        """See the port."""
        self.sent.append((check, delay_s))


class FakeDeadLetters:
    """DeadLetters that keeps (source, record id, reason, body)."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, str, str, str]] = []

    def keep(self, source: str, record_id: str, reason: str, body: str, now_ms: int) -> None:
        """See the port."""
        self.kept.append((source, record_id, reason, body))
