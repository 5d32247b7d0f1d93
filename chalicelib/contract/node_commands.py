"""What the control plane tells the node that owns a session to do: ``POST {node.url}/commands``, signed.

The body is a JWT (EdDSA, the control plane's key) that holds one Command for one session at one epoch; the answer is a
CommandAnswer in the API's envelope. docs/node-protocol.md describes the exchange.
"""

import enum
from dataclasses import dataclass, field, fields
from typing import Any

from chalicelib.contract.codec import ContractError, from_json, to_json
from chalicelib.contract.grants import Grants, Source
from chalicelib.contract.ids import AppId, MeetingId, NodeId, ParticipantId, PeerId, SessionId
from chalicelib.contract.token_claims import ISSUER

COMMAND_AUDIENCE = "parley:node-command"
COMMAND_SECONDS = 30  # a command is for now; the clocks of a fleet differ by far less
MAX_COMMAND_BYTES = 512 * 1024  # the longest metadata there may be, as base64 in JSON, signed
MAX_DATA_BYTES = 60_000  # a message of a data channel may have 65,535 bytes, and its frame needs some
MAX_TOPIC_CHARS = 256
MAX_SELECTED = 1_000  # ids in one selection
MAX_ROOM_METADATA_BYTES = 64 * 1024
MAX_METADATA_BYTES = 128 * 1024  # of a peer: LiveKit allows 512 KiB, but its frames are larger than ours
MAX_ATTRIBUTES_BYTES = 64 * 1024  # of a peer; LiveKit's limit
MAX_RPC_PAYLOAD_BYTES = 15_360  # LiveKit's, for calls in one packet
MAX_RPC_SECONDS = 20


@dataclass(frozen=True, slots=True)
class PeerSelector:
    """Which peers are meant: those that any of the lists names, or everybody; identity: custom participant id."""

    participant_ids: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()
    peer_ids: tuple[str, ...] = ()
    everybody: bool = False


@dataclass(frozen=True, slots=True)
class TrackSelector:
    """Which of the chosen peers' tracks are meant: those that either list names."""

    sids: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class GrantsPatch:
    """Permissions to set; None leaves one as it is. It holds until the session ends, through reconnects."""

    publish_sources: tuple[Source, ...] | None = None
    subscribe: bool | None = None
    publish_data: bool | None = None
    update_own_metadata: bool | None = None
    hidden: bool | None = None


@dataclass(frozen=True, slots=True)
class RemovePeers:
    """Send peers away. They may come back: a ban is not a matter of the node."""

    who: PeerSelector


@dataclass(frozen=True, slots=True)
class EndSession:
    """Send everybody away because the session is over."""


@dataclass(frozen=True, slots=True)
class MuteTracks:
    """Mute tracks. With `withdraw_sources` their publishers may not publish these sources any more either."""

    who: PeerSelector
    tracks: TrackSelector
    withdraw_sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class UpdatePeers:
    """Change what peers may do, or what is said of them. An attribute set to an empty string is removed."""

    who: PeerSelector
    grants: GrantsPatch | None = None
    name: str | None = None
    metadata: str | None = None
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChangeSubscriptions:
    """Make peers get, or not get, tracks of others."""

    who: PeerSelector
    track_sids: tuple[str, ...]
    subscribe: bool


@dataclass(frozen=True, slots=True)
class SendData:
    """Send bytes (`payload` in base64) to the chosen peers, as coming from the server. `nonce` is LiveKit's."""

    who: PeerSelector
    payload: str
    reliable: bool = True
    topic: str | None = None
    nonce: str = ""


@dataclass(frozen=True, slots=True)
class UpdateRoom:
    """Change what is said of the session as a whole."""

    metadata: str


@dataclass(frozen=True, slots=True)
class PeerMove:
    """Send one peer to another meeting, where `token` admits it."""

    peer_id: PeerId
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MovePeers:
    """Send peers to other meetings."""

    moves: tuple[PeerMove, ...]


@dataclass(frozen=True, slots=True)
class ListPeers:
    """Change nothing, tell who is there."""

    who: PeerSelector


@dataclass(frozen=True, slots=True)
class PerformRpc:
    """Call a method that a client registered, and wait up to `timeout_ms` for what it returns."""

    identity: str
    method: str
    payload: str
    timeout_ms: int


@dataclass(frozen=True, slots=True)
class Command:
    """Exactly one of these is set."""

    remove_peers: RemovePeers | None = None
    end_session: EndSession | None = None
    mute_tracks: MuteTracks | None = None
    update_peers: UpdatePeers | None = None
    change_subscriptions: ChangeSubscriptions | None = None
    send_data: SendData | None = None
    update_room: UpdateRoom | None = None
    move_peers: MovePeers | None = None
    list_peers: ListPeers | None = None
    perform_rpc: PerformRpc | None = None

    @property
    def name(self) -> str:
        """The name of the one that is set; empty unless exactly one is."""
        given = [each.name for each in fields(self) if getattr(self, each.name) is not None]
        return given[0] if len(given) == 1 else ""


class PeerState(enum.StrEnum):
    """JOINED: signalling only so far. ACTIVE: the media transport is up too."""

    JOINED = "joined"
    ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class LiveTrack:
    """A track that a peer publishes now; `kind` is ``audio`` or ``video``, sizes are in pixels (0: not said)."""

    sid: str
    kind: str
    source: Source
    muted: bool
    mime_type: str = ""
    name: str = ""
    mid: str = ""
    stream: str = ""
    width: int = 0
    height: int = 0
    simulcast: bool = False
    stereo: bool = False
    encryption: int = 0  # LiveKit's Encryption.Type


@dataclass(frozen=True, slots=True)
class LivePeer:
    """A peer as its node sees it now; of one that was sent away, as it was then."""

    peer_id: PeerId
    participant_id: ParticipantId
    identity: str
    state: PeerState
    joined_at_ms: int
    grants: Grants
    name: str = ""
    metadata: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    tracks: tuple[LiveTrack, ...] = ()
    version: int = 0
    kind: str = "standard"


@dataclass(frozen=True, slots=True)
class RpcAnswer:
    """What a client returned: `payload`, or the error that its method raised (LiveKit's codes)."""

    payload: str = ""
    error_code: int = 0
    error_message: str = ""
    error_data: str = ""


@dataclass(frozen=True, slots=True)
class CommandAnswer:
    """`peers` are those that the command was for: after it, or before it when it sent them away."""

    peers: tuple[LivePeer, ...] = ()
    room_metadata: str = ""
    rpc: RpcAnswer | None = None


@dataclass(frozen=True, slots=True)
class CommandClaims:
    """A command and whom it is for; times are s since 1970 on the control plane's clock."""

    node_id: NodeId
    app_id: AppId
    meeting_id: MeetingId
    session_id: SessionId
    epoch: int
    jti: str
    issued_at: int
    expires_at: int
    command: Command


def encode_command_claims(claims: CommandClaims) -> dict[str, Any]:
    """Return the JWT payload of a command."""
    return {
        "iss": ISSUER,
        "aud": COMMAND_AUDIENCE,
        "sub": claims.node_id,
        "app": claims.app_id,
        "mtg": claims.meeting_id,
        "ses": claims.session_id,
        "epoch": claims.epoch,
        "jti": claims.jti,
        "iat": claims.issued_at,
        "exp": claims.expires_at,
        "command": to_json(claims.command),
    }


def read_command_claims(payload: dict[str, Any]) -> CommandClaims:
    """Return the claims of a verified payload. Raises ContractError on a claim that is absent or does not fit."""
    command = from_json(Command, payload.get("command"), "/command")
    if not command.name:
        raise ContractError("/command", "must hold exactly one command")
    return CommandClaims(
        node_id=NodeId(_read(payload, "sub", str)),
        app_id=AppId(_read(payload, "app", str)),
        meeting_id=MeetingId(_read(payload, "mtg", str)),
        session_id=SessionId(_read(payload, "ses", str)),
        epoch=_read(payload, "epoch", int),
        jti=_read(payload, "jti", str),
        issued_at=_read(payload, "iat", int),
        expires_at=_read(payload, "exp", int),
        command=command,
    )


def _read(payload: dict[str, Any], name: str, kind: type) -> Any:
    return from_json(kind, payload.get(name), f"/{name}")
