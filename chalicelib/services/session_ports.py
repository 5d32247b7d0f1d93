"""What the use cases of session life need from the outside world: stores of sessions and nodes, and a delay queue.

No implementation is here: ports.py says where they are and holds the errors they raise (ConditionFailed, Contention,
StoreUnavailable).
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from chalicelib.contract.ids import AppId, MeetingId, NodeId, ParticipantId, PeerId, PresetId, SessionId
from chalicelib.contract.node_messages import Heartbeat, LeaveReason
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.node import Node
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.participant import Participant
from chalicelib.domain.peer import Peer, PublishedTrack
from chalicelib.domain.preset import Preset
from chalicelib.domain.session import ActivePointer, Ending, Session
from chalicelib.domain.session_filter import SessionFilter
from chalicelib.domain.usage import DailyUsage
from chalicelib.domain.waiting_room import Waiting


@dataclass(frozen=True, slots=True)
class Doorway:
    """What admission reads first; what is absent is None."""

    meeting: Meeting | None
    participant: Participant | None
    pointer: ActivePointer | None
    node: Node | None
    waiting: Waiting | None = None


@dataclass(frozen=True, slots=True)
class Inside:
    """What admission reads next, once the doorway has told the names; what is absent is None."""

    session: Session | None
    owner: Node | None
    preset: Preset | None
    peer: Peer | None


@dataclass(frozen=True, slots=True)
class PeerConnected:
    """The peer's media transport is up."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class PeerLeft:
    """The peer is out."""

    at_ms: int
    reason: LeaveReason


@dataclass(frozen=True, slots=True)
class TrackPublished:
    """The peer publishes a track."""

    track: PublishedTrack


@dataclass(frozen=True, slots=True)
class TrackUnpublished:
    """The peer publishes a track no longer."""

    sid: str


PeerChange = PeerConnected | PeerLeft | TrackPublished | TrackUnpublished


@dataclass(frozen=True, slots=True)
class PeerReport:
    """A change of a peer that its node reported as event `seq` of the session."""

    peer_id: PeerId
    seq: int
    change: PeerChange


@dataclass(frozen=True, slots=True)
class Closure:
    """A peer that is closed with its session, not by itself."""

    peer_id: PeerId
    left_at_ms: int


@dataclass(frozen=True, slots=True)
class SessionCheck:
    """A look at a session that was empty since `empty_since_ms`, to be taken when its grace is over."""

    app_id: AppId
    session_id: SessionId
    empty_since_ms: int


class SessionStore(Protocol):
    """Sessions, their peers, and which session of a meeting is active. Every read is consistent.

    Writes raise ConditionFailed when the state they were decided on has changed, and then have written nothing.
    """

    def doorway(
        self, app_id: AppId, meeting_id: MeetingId, participant_id: ParticipantId | None, node_id: NodeId
    ) -> Doorway:
        """Read what admission needs first, in one request."""
        ...

    def inside(
        self, app_id: AppId, pointer: ActivePointer | None, preset_id: PresetId | None, peer_id: PeerId
    ) -> Inside:
        """Read what admission needs next, in one request."""
        ...

    def create(self, session: Session, peer: Peer, observed: ActivePointer | None) -> None:
        """Store a session with its first peer and make it its meeting's active one: all or nothing.

        Raises ConditionFailed when the pointer is not as observed, the meeting is not open, or the peer exists.
        """
        ...

    def add_peer(self, observed: Session, peer: Peer, most: int = 0, *, host: bool = False) -> None:
        """Store another peer and count it; with `host` the session's host has come.

        Raises ConditionFailed when the session is not ACTIVE under the same owner and epoch, when its count has crossed
        its maximum since `observed`, when the peer exists, or when `most` peers (unless that is 0) are there already.
        """
        ...

    def with_peers(
        self, app_id: AppId, session_id: SessionId, peer_ids: Collection[PeerId]
    ) -> tuple[Session | None, dict[PeerId, Peer]]:
        """Read a session and those of the peers (99 at most) that there are, in one request."""
        ...

    def record(self, observed: Session, reports: Sequence[PeerReport], now_ms: int) -> None:
        """Store what a session's node reported, with growing seq, of up to 40 peers: all or nothing.

        Raises ConditionFailed when the session is not ACTIVE under the same owner and epoch, when it has seen the first
        seq, when a peer is absent or has left, or when leaves find another peer count than `observed` hints at.
        """
        ...

    def describe(self, observed: Session, room_metadata: str, now_ms: int) -> None:
        """Store the room's metadata. Raises ConditionFailed when it is not ACTIVE under the same owner and epoch."""
        ...

    def begin_ending(self, session: Session, ending: Ending, now_ms: int) -> None:
        """Fence the owner off: ACTIVE -> ENDING. Raises ConditionFailed when it is not ACTIVE at this epoch."""
        ...

    def close_peers(self, session: Session, closures: Sequence[Closure], reason: LeaveReason, now_ms: int) -> None:
        """Close up to 40 peers of an ENDING session. Raises ConditionFailed when one is closed already."""
        ...

    def finish(self, observed: Session, ended: Session) -> None:
        """Write `ended`, free the meeting and forget the owner's claim: all or nothing, once.

        `observed` is ENDING, or ACTIVE and empty. Raises ConditionFailed when it is no longer so.
        """
        ...

    def get(self, app_id: AppId, session_id: SessionId) -> Session | None:
        """Return a session of this app, or None."""
        ...

    def pointer(self, app_id: AppId, meeting_id: MeetingId) -> ActivePointer | None:
        """Return the meeting's pointer to its active session, or None if it never had one."""
        ...

    def newest_first(self, app_id: AppId) -> Iterator[Session]:
        """Yield the app's sessions, reading only as far as it is iterated."""
        ...

    def page(self, app_id: AppId, wanted: SessionFilter, request: PageRequest, now_ms: int) -> Page[Session]:
        """Return a page of the app's sessions that the filter accepts, each as of now."""
        ...

    def peer(self, app_id: AppId, session_id: SessionId, peer_id: PeerId) -> Peer | None:
        """Return a peer of the session, or None."""
        ...

    def session_of_peer(self, app_id: AppId, peer_id: PeerId) -> SessionId | None:
        """Return the session that a peer is or was in, or None."""
        ...

    def peers(self, app_id: AppId, session_id: SessionId) -> Iterator[Peer]:
        """Yield the session's peers by peer id."""
        ...

    def owned_by(self, node_id: NodeId) -> Iterator[Session]:
        """Yield the sessions that the node owns and that have not ENDED."""
        ...


class UsageStore(Protocol):
    """Use by day; SessionStore.finish() adds to it."""

    def parts(self, app_id: AppId, first: date, last: date) -> Iterator[DailyUsage]:
        """Yield what was counted from `first` to `last`, both included; a day may come in several parts."""
        ...


class NodeStore(Protocol):
    """Media nodes and their leases."""

    def register(self, node: Node) -> None:
        """Store a node. Raises ConditionFailed when the id is taken, by a node that is gone too."""
        ...

    def heartbeat(self, node_id: NodeId, beat: Heartbeat, now_ms: int) -> None:
        """Renew the lease. Raises ConditionFailed when the node is unknown or gone."""
        ...

    def mark_gone(self, observed: Node, reason: LeaveReason, now_ms: int) -> None:
        """Give the node up for good. Raises ConditionFailed when it is gone or was heard of since `observed`."""
        ...

    def forget(self, node_id: NodeId) -> None:
        """Remove every trace of a node that is gone."""
        ...

    def get(self, node_id: NodeId) -> Node | None:
        """Return a node, or None."""
        ...

    def get_many(self, node_ids: Sequence[NodeId]) -> dict[NodeId, Node]:
        """Return those of the nodes that there are."""
        ...

    def registered(self) -> list[Node]:
        """Return every node that is not forgotten, gone ones too."""
        ...

    def last_sweep_ms(self) -> int | None:
        """Return when the last sweep ran, or None."""
        ...

    def note_sweep(self, now_ms: int) -> None:
        """Remember that a sweep runs now."""
        ...


class DelayQueue(Protocol):
    """Messages that arrive later, at least once."""

    def send(self, check: SessionCheck, delay_s: int) -> None:
        """Deliver `check` in `delay_s` (0-900) seconds or a little later. Raises StoreUnavailable."""
        ...


class DeadLetters(Protocol):
    """Records of streams and queues that could not be handled, kept for a person to look at."""

    def keep(self, source: str, record_id: str, reason: str, body: str, now_ms: int) -> None:
        """Keep one; the same record again replaces it."""
        ...
