"""Sessions and peers in DynamoDB: every change is one conditional transaction. Items and keys: session_items.py."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.contract.ids import AppId, MeetingId, NodeId, ParticipantId, PeerId, PresetId, SessionId
from chalicelib.contract.node_messages import LeaveReason
from chalicelib.domain.meeting import MeetingStatus
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.peer import Peer
from chalicelib.domain.session import ActivePointer, Ending, Session, SessionStatus
from chalicelib.domain.session_filter import SessionFilter
from chalicelib.services.ports import Key
from chalicelib.services.session_ports import (
    Closure,
    Doorway,
    Inside,
    PeerChange,
    PeerConnected,
    PeerLeft,
    PeerReport,
    TrackPublished,
    TrackUnpublished,
)
from chalicelib.stores import session_items as items
from chalicelib.stores import session_lists, table
from chalicelib.stores.counted_list import write_counted
from chalicelib.stores.meeting_store import MeetingItem, meeting_key, meeting_of
from chalicelib.stores.node_store import NodeItem, node_key, node_of
from chalicelib.stores.participant_store import ParticipantItem, participant_key, participant_of
from chalicelib.stores.preset_store import PresetItem, preset_key, preset_of
from chalicelib.stores.session_items import (
    OwnedSessionItem,
    PeerItem,
    PeerSessionItem,
    PointerItem,
    SessionItem,
)
from chalicelib.stores.usage_store import count_session
from chalicelib.stores.waiting_room_store import WaitingItem, waiting_key, waiting_of

I = TypeVar("I", bound=table.Item)  # noqa: E741 - an item
T = TypeVar("T")

PAGE = 100  # keys of one BatchGetItem


class DynamoSessionStore:
    """The SessionStore of the real system."""

    def doorway(
        self, app_id: AppId, meeting_id: MeetingId, participant_id: ParticipantId | None, node_id: NodeId
    ) -> Doorway:
        """Read what admission needs first, in one request."""
        keys: dict[type[table.Item], Key] = {
            MeetingItem: meeting_key(app_id, meeting_id),
            PointerItem: items.pointer_key(app_id, meeting_id),
            NodeItem: node_key(node_id),
        }
        if participant_id is not None:
            keys[ParticipantItem] = participant_key(app_id, meeting_id, participant_id)
            keys[WaitingItem] = waiting_key(app_id, meeting_id, participant_id)
        found = _Found(keys)
        meeting, participant = found.one(MeetingItem), found.one(ParticipantItem)
        pointer, node, waiting = found.one(PointerItem), found.one(NodeItem), found.one(WaitingItem)
        return Doorway(
            meeting=meeting_of(meeting) if meeting else None,
            participant=participant_of(participant) if participant else None,
            pointer=items.pointer_of(pointer) if pointer else None,
            node=node_of(node) if node else None,
            waiting=waiting_of(waiting) if waiting else None,
        )

    def inside(
        self, app_id: AppId, pointer: ActivePointer | None, preset_id: PresetId | None, peer_id: PeerId
    ) -> Inside:
        """Read what admission needs next, in one request."""
        keys: dict[type[table.Item], Key] = {}
        if pointer is not None and pointer.session_id is not None:
            keys[SessionItem] = items.session_key(app_id, pointer.session_id)
            keys[PeerItem] = items.peer_key(app_id, pointer.session_id, peer_id)
        if pointer is not None and pointer.owner_node_id is not None:
            keys[NodeItem] = node_key(pointer.owner_node_id)
        if preset_id is not None:
            keys[PresetItem] = preset_key(app_id, preset_id)
        found = _Found(keys)
        session, peer = found.one(SessionItem), found.one(PeerItem)
        owner, preset = found.one(NodeItem), found.one(PresetItem)
        return Inside(
            session=items.session_of(session) if session else None,
            owner=node_of(owner) if owner else None,
            preset=preset_of(preset) if preset else None,
            peer=items.peer_of(peer) if peer else None,
        )

    def create(self, session: Session, peer: Peer, observed: ActivePointer | None) -> None:
        """Store a session with its first peer and make it its meeting's active one. Raises ConditionFailed."""
        app_id, session_id = session.app_id, session.session_id
        fields = items.session_fields(session)
        pointer = PointerItem(
            *items.pointer_key(app_id, session.meeting_id),
            app_id=app_id,
            meeting_id=session.meeting_id,
            epoch=session.epoch,
            session_id=session_id,
            owner_node_id=session.owner_node_id,
        )
        owned = OwnedSessionItem(
            *items.owned_key(session.owner_node_id, app_id, session_id), app_id=app_id, session_id=session_id
        )
        with table.transaction() as write:
            write.condition_check(
                MeetingItem,
                *meeting_key(app_id, session.meeting_id),
                condition=MeetingItem.status == MeetingStatus.ACTIVE.value,
            )
            write.save(pointer, condition=_as_observed(observed))
            write.save(SessionItem(*items.session_key(app_id, session_id), **fields), SessionItem.pk.does_not_exist())
            session_lists.add_open(write, session)
            write.save(owned)
            write.save(items.peer_item(peer), condition=PeerItem.pk.does_not_exist())
            write.save(items.peer_session_item(peer))

    def add_peer(self, observed: Session, peer: Peer, most: int = 0, *, host: bool = False) -> None:
        """Store another peer and count it, unless there are `most` already. Raises ConditionFailed."""
        live, record = SessionItem.live_peers, SessionItem.max_concurrent_peers
        actions: list[Action] = [
            live.add(1),
            SessionItem.peer_balance_ms.add(-peer.joined_at_ms),
            SessionItem.updated_at_ms.set(peer.joined_at_ms),
            SessionItem.empty_since_ms.remove(),
        ]
        # The count is not compared with what was observed, so that joins do not make each other fail; only the
        # question whether this one sets a new maximum must be answered as it was.
        if observed.live_peers < observed.max_concurrent_peers:
            branch = live < record
        else:
            branch = live >= record
            actions.append(record.set(live + 1))
        if host:
            actions.append(SessionItem.host_came.set(True))
        if most:
            branch = branch & (live < most)
        with table.transaction() as write:
            write.update(_session_item(observed), actions, condition=_fence(observed) & branch)
            write.save(items.peer_item(peer), condition=PeerItem.pk.does_not_exist())
            write.save(items.peer_session_item(peer))

    def with_peers(
        self, app_id: AppId, session_id: SessionId, peer_ids: Collection[PeerId]
    ) -> tuple[Session | None, dict[PeerId, Peer]]:
        """Read a session and those of the peers (99 at most) that there are, in one request."""
        keys = [items.peer_key(app_id, session_id, peer_id) for peer_id in peer_ids]
        found = table.get_many([items.session_key(app_id, session_id), *keys]).values()
        session = next((items.session_of(item) for item in found if isinstance(item, SessionItem)), None)
        peers = [items.peer_of(item) for item in found if isinstance(item, PeerItem)]
        return session, {peer.peer_id: peer for peer in peers}

    def record(self, observed: Session, reports: Sequence[PeerReport], now_ms: int) -> None:
        """Store what a session's node reported of up to 40 peers: all or nothing. Raises ConditionFailed."""
        condition = _fence(observed) & (SessionItem.last_event_seq < reports[0].seq)
        actions: list[Action] = [
            SessionItem.last_event_seq.set(reports[-1].seq),
            SessionItem.updated_at_ms.set(now_ms),
        ]
        leaves = [report.change for report in reports if isinstance(report.change, PeerLeft)]
        if leaves:
            branch, counted = _fewer(observed, leaves)
            condition, actions = condition & branch, actions + counted
        by_peer: dict[PeerId, list[PeerChange]] = {}
        for report in reports:
            by_peer.setdefault(report.peer_id, []).append(report.change)
        present = PeerItem.pk.exists() & PeerItem.left_at_ms.does_not_exist()
        with table.transaction() as write:
            # One write of the session for all of them: it is the one item that everybody in a large meeting shares.
            write.update(_session_item(observed), actions, condition=condition)
            for peer_id, changes in by_peer.items():
                peer = PeerItem(*items.peer_key(observed.app_id, observed.session_id, peer_id))
                write.update(peer, _peer_actions(*changes), condition=present)

    def describe(self, observed: Session, room_metadata: str, now_ms: int) -> None:
        """Store the room's metadata. Raises ConditionFailed."""
        item = _session_item(observed)
        actions: list[Action] = [
            SessionItem.room_metadata.set(room_metadata),
            SessionItem.updated_at_ms.set(now_ms),
        ]
        with table.translated(item.key):
            item.update(actions, condition=_fence(observed))

    def begin_ending(self, session: Session, ending: Ending, now_ms: int) -> None:
        """Fence the owner off: ACTIVE -> ENDING. Raises ConditionFailed when it is not ACTIVE at this epoch."""
        item = _session_item(session)
        actions: list[Action] = [
            SessionItem.status.set(SessionStatus.ENDING.value),
            SessionItem.ended_at_ms.set(ending.at_ms),
            SessionItem.end_reason.set(ending.reason.value),
            SessionItem.updated_at_ms.set(now_ms),
        ]
        with table.translated(item.key):
            item.update(actions, condition=_fence(session))

    def close_peers(self, session: Session, closures: Sequence[Closure], reason: LeaveReason, now_ms: int) -> None:
        """Close up to 40 peers of an ENDING session. Raises ConditionFailed when one is closed already."""
        actions: list[Action] = [
            SessionItem.live_peers.add(-len(closures)),
            SessionItem.peer_balance_ms.add(sum(closure.left_at_ms for closure in closures)),
            SessionItem.updated_at_ms.set(now_ms),
        ]
        with table.transaction() as write:
            write.update(_session_item(session), actions, condition=_fence(session, SessionStatus.ENDING))
            for closure in closures:
                write.update(
                    PeerItem(*items.peer_key(session.app_id, session.session_id, closure.peer_id)),
                    _peer_actions(PeerLeft(closure.left_at_ms, reason)),
                    condition=PeerItem.pk.exists() & PeerItem.left_at_ms.does_not_exist(),
                )

    def finish(self, observed: Session, ended: Session) -> None:
        """Write `ended`, free the meeting and forget the owner's claim, once. Raises ConditionFailed."""
        assert ended.ending is not None
        app_id, session_id = ended.app_id, ended.session_id
        condition = _fence(observed, observed.status)
        if observed.status is SessionStatus.ACTIVE:
            still_empty = SessionItem.empty_since_ms == observed.empty_since_ms
            condition = condition & (SessionItem.live_peers == 0) & still_empty
        actions: list[Action] = [
            SessionItem.status.set(SessionStatus.ENDED.value),
            SessionItem.live_peers.set(0),
            SessionItem.peer_balance_ms.set(ended.peer_balance_ms),
            SessionItem.ended_at_ms.set(ended.ending.at_ms),
            SessionItem.end_reason.set(ended.ending.reason.value),
            SessionItem.updated_at_ms.set(ended.updated_at_ms),
        ]
        pointer = PointerItem(*items.pointer_key(app_id, ended.meeting_id))

        def fill(write: table.Transaction) -> None:
            write.update(_session_item(ended), actions, condition=condition)
            write.update(
                pointer,
                [PointerItem.session_id.remove(), PointerItem.owner_node_id.remove()],
                condition=PointerItem.session_id == session_id,
            )
            session_lists.add_ended(write, ended)
            write.delete(OwnedSessionItem(*items.owned_key(ended.owner_node_id, app_id, session_id)))
            count_session(write, ended)

        write_counted(session_lists.changes_at_end(ended), fill)

    def get(self, app_id: AppId, session_id: SessionId) -> Session | None:
        """Return a session of this app, or None."""
        item = table.get(SessionItem, *items.session_key(app_id, session_id))
        return items.session_of(item) if item else None

    def pointer(self, app_id: AppId, meeting_id: MeetingId) -> ActivePointer | None:
        """Return the meeting's pointer to its active session, or None if it never had one."""
        item = table.get(PointerItem, *items.pointer_key(app_id, meeting_id))
        return items.pointer_of(item) if item else None

    def newest_first(self, app_id: AppId) -> Iterator[Session]:
        """Yield the app's sessions, reading only as far as it is iterated."""
        return session_lists.newest_first(app_id)

    def page(self, app_id: AppId, wanted: SessionFilter, request: PageRequest, now_ms: int) -> Page[Session]:
        """Return a page of the app's sessions that the filter accepts, each as of now."""
        return session_lists.page(app_id, wanted, request, now_ms)

    def peer(self, app_id: AppId, session_id: SessionId, peer_id: PeerId) -> Peer | None:
        """Return a peer of the session, or None."""
        item = table.get(PeerItem, *items.peer_key(app_id, session_id, peer_id))
        return items.peer_of(item) if item else None

    def session_of_peer(self, app_id: AppId, peer_id: PeerId) -> SessionId | None:
        """Return the session that a peer is or was in, or None."""
        item = table.get(PeerSessionItem, *items.peer_session_key(app_id, peer_id))
        return SessionId(item.session_id) if item else None

    def peers(self, app_id: AppId, session_id: SessionId) -> Iterator[Peer]:
        """Yield the session's peers by peer id."""
        return map(items.peer_of, table.query(PeerItem, items.session_partition(app_id, session_id), "PEER#"))

    def owned_by(self, node_id: NodeId) -> Iterator[Session]:
        """Yield the sessions that the node owns and that have not ENDED."""
        rows = table.query(OwnedSessionItem, f"NODE#{node_id}", "SES#")
        keys = (items.session_key(AppId(row.app_id), SessionId(row.session_id)) for row in rows)
        for page in _pages(keys):
            yield from _sessions(page).values()


class _Found:
    """What one batch read has found, one item of each kind."""

    def __init__(self, keys: dict[type[table.Item], Key]) -> None:
        self._keys = keys
        self._items = table.get_many(keys.values()) if keys else {}

    def one(self, kind: type[I]) -> I | None:
        item = self._items.get(self._keys[kind]) if kind in self._keys else None
        assert item is None or isinstance(item, kind), f"{self._keys[kind]} is not a {kind.__name__}"
        return item


def _session_item(session: Session) -> SessionItem:
    return SessionItem(*items.session_key(session.app_id, session.session_id))


def _fence(session: Session, status: SessionStatus = SessionStatus.ACTIVE) -> Condition:
    """Hold only while the session is in `status` under the same owner and epoch: what keeps a lost node out."""
    owned: Condition = (SessionItem.owner_node_id == session.owner_node_id) & (SessionItem.epoch == session.epoch)
    fence: Condition = owned & (SessionItem.status == status.value)
    return fence


def _as_observed(pointer: ActivePointer | None) -> Condition:
    if pointer is None:
        return PointerItem.pk.does_not_exist()
    same: Condition
    if pointer.session_id is None:
        same = (PointerItem.epoch == pointer.epoch) & PointerItem.session_id.does_not_exist()
    else:
        same = (PointerItem.epoch == pointer.epoch) & (PointerItem.session_id == pointer.session_id)
    return same


def _fewer(observed: Session, leaves: Sequence[PeerLeft]) -> tuple[Condition, list[Action]]:
    live, gone = SessionItem.live_peers, len(leaves)
    actions: list[Action] = [live.add(-gone), SessionItem.peer_balance_ms.add(sum(leave.at_ms for leave in leaves))]
    if observed.live_peers > gone:
        return live > gone, actions
    return live == gone, [*actions, SessionItem.empty_since_ms.set(max(leave.at_ms for leave in leaves))]


def _peer_actions(*changes: PeerChange) -> list[Action]:
    """Return what changes of one peer come to: an update may name an attribute once."""
    last: dict[str, list[Action]] = {}
    for change in changes:
        match change:
            case PeerConnected(at_ms):
                last["connected"] = [PeerItem.connected_at_ms.set(at_ms)]
            case PeerLeft(at_ms, reason):
                last["left"] = [PeerItem.left_at_ms.set(at_ms), PeerItem.leave_reason.set(reason.value)]
            case TrackPublished(track):
                last["track " + track.sid] = [PeerItem.tracks[track.sid].set(items.track_fields(track))]
            case TrackUnpublished(sid):
                last["track " + sid] = [PeerItem.tracks[sid].remove()]
    return [action for actions in last.values() for action in actions]


def _sessions(keys: Iterable[Key]) -> dict[SessionId, Session]:
    found = table.get_many(keys).values()
    sessions = [items.session_of(item) for item in found if isinstance(item, SessionItem)]
    return {session.session_id: session for session in sessions}


def _pages(rows: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(rows)
    while page := list(islice(iterator, PAGE)):
        yield page
