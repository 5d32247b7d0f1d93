"""Messages between a media node and the control plane: JSON bodies under ``/internal``.

docs/node-protocol.md describes the exchange. Times that a node reports are ages on its monotonic clock: a node's
wall clock is never believed.
"""

import enum
from dataclasses import dataclass, field

from chalicelib.contract.grants import Grants
from chalicelib.contract.ids import AppId, MeetingId, NodeId, ParticipantId, PeerId, SessionId

PROTOCOL_VERSION = 1
MAX_EVENTS_PER_BATCH = 100


@dataclass(frozen=True, slots=True)
class RegisterNode:
    """``POST /internal/nodes`` with the node secret. `url` is where other nodes reach this one over HTTP."""

    node_id: NodeId
    url: str
    version: str
    protocol_version: int = PROTOCOL_VERSION
    region: str = ""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 public key (`public_key`: 32 bytes, base64url without padding) that verifies participant tokens."""

    kid: str
    public_key: str


@dataclass(frozen=True, slots=True)
class NodeRegistered:
    """Answer to RegisterNode. `node_token` authenticates this node, and only it, in every later call."""

    node_token: str
    heartbeat_interval_ms: int
    lease_ms: int
    signing_keys: tuple[SigningKey, ...]


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """``POST /internal/nodes/{node_id}/heartbeats``. A node that is `draining` gets no new sessions."""

    sessions: int
    peers: int
    draining: bool = False


@dataclass(frozen=True, slots=True)
class HeartbeatAccepted:
    """Answer to Heartbeat; `node_token` replaces the old one when it is there."""

    lease_ms: int
    node_token: str | None = None


@dataclass(frozen=True, slots=True)
class AdmissionRequest:
    """``POST /internal/admissions``. The node chooses `peer_id`: a repeated request admits the same peer once.

    With `check_only` nothing is written: the answer is empty, or the refusal that a join would get now.
    """

    token: str
    peer_id: PeerId
    check_only: bool = False


@dataclass(frozen=True, slots=True)
class Admission:
    """A peer is in the session and this node owns it. `identity` is unique in the meeting.

    `room_name` is the meeting's unique name, if it has one; `kind` is what LiveKit calls the kind of a participant.
    """

    peer_id: PeerId
    app_id: AppId
    meeting_id: MeetingId
    meeting_title: str
    session_id: SessionId
    epoch: int
    session_started_at_ms: int
    participant_id: ParticipantId
    identity: str
    grants: Grants
    name: str = ""
    picture: str = ""
    metadata: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    max_participants: int = 0
    room_metadata: str | None = None
    room_name: str = ""
    kind: str = "standard"


@dataclass(frozen=True, slots=True)
class OwnedElsewhere:
    """The session lives on another node: nothing was admitted, relay the client's socket to `owner_url`."""

    owner_node_id: NodeId
    owner_url: str


@dataclass(frozen=True, slots=True)
class AdmissionAnswer:
    """Exactly one of the two is set, neither after `check_only`. A refusal is an HTTP error of contract/errors.py."""

    admission: Admission | None = None
    owned_elsewhere: OwnedElsewhere | None = None


class EventType(enum.StrEnum):
    """What a node reports of a session it owns."""

    PEER_CONNECTED = "peer_connected"
    PEER_LEFT = "peer_left"
    TRACK_PUBLISHED = "track_published"
    TRACK_UNPUBLISHED = "track_unpublished"


class LeaveReason(enum.StrEnum):
    """Why a peer is no longer in the call."""

    CLIENT_LEFT = "client_left"
    CONNECTION_LOST = "connection_lost"
    DUPLICATE_IDENTITY = "duplicate_identity"
    KICKED = "kicked"
    MOVED = "moved"
    NODE_SHUTDOWN = "node_shutdown"
    NODE_LOST = "node_lost"
    JOIN_ABORTED = "join_aborted"


@dataclass(frozen=True, slots=True)
class NodeEvent:
    """One change in a session. `seq` grows by one per session and owner, from 1; `age_ms`: how long ago it happened."""

    type: EventType
    app_id: AppId
    session_id: SessionId
    epoch: int
    seq: int
    peer_id: PeerId
    age_ms: int = 0
    reason: LeaveReason | None = None
    track_sid: str | None = None
    source: str | None = None
    mime_type: str | None = None


@dataclass(frozen=True, slots=True)
class EventBatch:
    """``POST /internal/events``: up to MAX_EVENTS_PER_BATCH events, oldest first."""

    events: tuple[NodeEvent, ...]


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    """An event that will never be taken: the node drops it and, when `fenced`, the whole session with it."""

    index: int
    error: str
    fenced: bool = False


@dataclass(frozen=True, slots=True)
class EventsAccepted:
    """The first `handled` events are done, taken or refused; the node sends the rest again."""

    handled: int
    refused: tuple[RefusedEvent, ...] = ()
