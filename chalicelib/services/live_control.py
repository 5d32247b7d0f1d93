"""Control that reaches a call: what REST, Twirp and the adapters do to the peers of a meeting's active session.

Each function signs one command for the node that owns the session and returns what the node answered. Every one raises
ParleyError MEETING_NOT_FOUND, NO_ACTIVE_SESSION, NODE_UNREACHABLE (the node did not answer in 2 s), and where it names
peers, PARTICIPANT_NOT_FOUND when not one of them is there (those that are not are passed over).

A command is carried out by its node as a whole or not at all, and may be repeated: a caller that got NODE_UNREACHABLE
does not know whether it was carried out, and calls again. Nothing is written before the node has answered; what the
node changed (who left, which tracks ended) comes back as its events.
"""

from dataclasses import dataclass

from chalicelib.contract.grants import Source
from chalicelib.contract.ids import AppId
from chalicelib.contract.node_commands import (
    GrantsPatch,
    LivePeer,
    PeerSelector,
    RpcAnswer,
    SendData,
    TrackSelector,
    UpdatePeers,
)
from chalicelib.domain.session import Session
from chalicelib.services.dependencies import Dependencies

EVERYBODY = PeerSelector(everybody=True)


@dataclass(frozen=True, slots=True)
class LiveCall:
    """An active session, and those in it as its node sees them now, oldest first; `metadata` is the room's."""

    session: Session
    peers: tuple[LivePeer, ...]
    metadata: str


def live_peers(deps: Dependencies, app_id: AppId, meeting_id: str, who: PeerSelector = EVERYBODY) -> LiveCall:
    """Return who is in the call, with their tracks, hidden ones too; nobody during the grace."""
    raise NotImplementedError


def kick(deps: Dependencies, app_id: AppId, meeting_id: str, who: PeerSelector) -> tuple[LivePeer, ...]:
    """Send peers away and return them as they were. They may come back while their tokens are good."""
    raise NotImplementedError


def kick_all(deps: Dependencies, app_id: AppId, meeting_id: str) -> tuple[LivePeer, ...]:
    """Send everybody away and end the session at once; return who was there.

    First the node empties the session, then ENDED is written. A failure between the two leaves a session that is empty
    and ends after its grace; calling again ends it at once. Raises BUSY besides.
    """
    raise NotImplementedError


def mute(
    deps: Dependencies, app_id: AppId, meeting_id: str, who: PeerSelector, tracks: TrackSelector
) -> tuple[LivePeer, ...]:
    """Mute tracks by sid or source and return their publishers. Forwarding stops at once; clients are told, and may
    unmute. Raises TRACK_NOT_FOUND when sids are given and none is a live track of these peers.

    Nobody is ever unmuted from here: whether a microphone is on is for its owner to say.
    """
    raise NotImplementedError


def mute_all(
    deps: Dependencies,
    app_id: AppId,
    meeting_id: str,
    *,
    sources: tuple[Source, ...] = (Source.MICROPHONE,),
    allow_unmute: bool = True,
) -> tuple[LivePeer, ...]:
    """Mute these sources of everybody and return everybody. Without `allow_unmute` those who are there may not publish
    these sources any more until patch_permissions() says otherwise or the session ends: their tracks end."""
    raise NotImplementedError


def patch_permissions(
    deps: Dependencies, app_id: AppId, meeting_id: str, who: PeerSelector, patch: GrantsPatch
) -> tuple[LivePeer, ...]:
    """Change what peers may do, until the session ends and whether or not they reconnect; presets stay as they are.

    What is not allowed any more ends at once: tracks are unpublished, subscriptions stop. Returns the peers afterwards.
    """
    raise NotImplementedError


def update_participant(deps: Dependencies, app_id: AppId, meeting_id: str, update: UpdatePeers) -> tuple[LivePeer, ...]:
    """Change name, metadata, attributes and permissions of live peers and return them afterwards.

    Raises INVALID_FIELD for what is too long. The participant that is stored keeps its name.
    """
    raise NotImplementedError


def update_subscriptions(
    deps: Dependencies,
    app_id: AppId,
    meeting_id: str,
    who: PeerSelector,
    track_sids: tuple[str, ...],
    *,
    subscribe: bool,
) -> None:
    """Make peers get, or not get, tracks of others."""
    raise NotImplementedError


def send_data(deps: Dependencies, app_id: AppId, meeting_id: str, message: SendData) -> int:
    """Send bytes to peers and return to how many. Addressing somebody who is not there is no error.

    Raises INVALID_FIELD when the payload has more than MAX_DATA_BYTES or the topic more than MAX_TOPIC_CHARS.
    """
    raise NotImplementedError


def update_room_metadata(deps: Dependencies, app_id: AppId, meeting_id: str, metadata: str) -> LiveCall:
    """Change the metadata of the room, tell everybody, and keep it with the session (Session.room_metadata).

    First the node, then the session's item: a failure between the two is repaired by calling again.
    """
    raise NotImplementedError


def move(
    deps: Dependencies,
    app_id: AppId,
    meeting_id: str,
    who: PeerSelector,
    to_meeting_id: str,
    *,
    preset_name: str | None = None,
) -> tuple[LivePeer, ...]:
    """Send peers to another meeting of the app: their clients reconnect there by themselves. Returns them as they were.

    They become participants of that meeting (same custom id, name, preset or `preset_name`) before the node is told; a
    repetition finds them there. Raises UNKNOWN_PRESET or MEETING_INACTIVE besides.
    """
    raise NotImplementedError


def perform_rpc(
    deps: Dependencies, app_id: AppId, meeting_id: str, identity: str, method: str, payload: str, timeout_ms: int
) -> RpcAnswer:
    """Call a method that the client of `identity` registered (LiveKit's RPC) and return what it answered.

    An error of the client, or its silence for `timeout_ms` (at most 20 s), is in the answer. Raises INVALID_FIELD.
    """
    raise NotImplementedError
