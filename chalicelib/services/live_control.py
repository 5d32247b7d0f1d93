"""Control that reaches a call: what REST, Twirp and the adapters do to the peers of a meeting's active session.

Each function signs one command for the node that owns the session and returns what the node answered. Every one raises
ParleyError MEETING_NOT_FOUND, NO_ACTIVE_SESSION, NODE_UNREACHABLE (the node did not answer in 2 s), and where it names
peers, PARTICIPANT_NOT_FOUND when not one of them is there (those that are not are passed over).

A command is carried out by its node as a whole or not at all, and may be repeated: a caller that got NODE_UNREACHABLE
does not know whether it was carried out, and calls again. Nothing is written before the node has answered; what the
node changed (who left, which tracks ended) comes back as its events.
"""

from dataclasses import dataclass, replace

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.grants import Source
from chalicelib.contract.ids import AppId, MeetingId, is_uuid
from chalicelib.contract.node_commands import (
    MAX_ROOM_METADATA_BYTES,
    MAX_RPC_PAYLOAD_BYTES,
    MAX_RPC_SECONDS,
    MAX_SELECTED,
    ChangeSubscriptions,
    Command,
    CommandAnswer,
    EndSession,
    GrantsPatch,
    ListPeers,
    LivePeer,
    MovePeers,
    MuteTracks,
    PeerMove,
    PeerSelector,
    PerformRpc,
    RemovePeers,
    RpcAnswer,
    SendData,
    TrackSelector,
    UpdatePeers,
    UpdateRoom,
)
from chalicelib.domain.node import Node
from chalicelib.domain.session import EndReason, Session, ending_of
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.meetings import get_meeting
from chalicelib.services.moving import tokens_elsewhere
from chalicelib.services.node_commands import ANSWER_WITHIN_S, send_command
from chalicelib.services.ports import ConditionFailed
from chalicelib.services.session_end import end_now

EVERYBODY = PeerSelector(everybody=True)


@dataclass(frozen=True, slots=True)
class LiveCall:
    """An active session, and those in it as its node sees them now, oldest first; `metadata` is the room's."""

    session: Session
    peers: tuple[LivePeer, ...]
    metadata: str


def live_peers(deps: Dependencies, app_id: AppId, meeting_id: str, who: PeerSelector = EVERYBODY) -> LiveCall:
    """Return who is in the call, with their tracks, hidden ones too; nobody during the grace."""
    call = _call(deps, app_id, meeting_id)
    answer = call.send(Command(list_peers=ListPeers(checked(who))))
    return LiveCall(call.session, answer.peers, _metadata(call.session, answer))


def kick(deps: Dependencies, app_id: AppId, meeting_id: str, who: PeerSelector) -> tuple[LivePeer, ...]:
    """Send peers away and return them as they were. They may come back while their tokens are good."""
    return _call(deps, app_id, meeting_id).send(Command(remove_peers=RemovePeers(checked(who)))).peers


def kick_all(deps: Dependencies, app_id: AppId, meeting_id: str) -> tuple[LivePeer, ...]:
    """Send everybody away and end the session at once; return who was there.

    First the node empties the session, then ENDED is written. A failure between the two leaves a session that is empty
    and ends after its grace; calling again ends it at once. Raises BUSY besides.
    """
    call = _call(deps, app_id, meeting_id)
    peers = call.send(Command(end_session=EndSession())).peers
    end_now(deps, app_id, call.session.session_id, EndReason.HOST_ENDED)
    return peers


def mute(
    deps: Dependencies, app_id: AppId, meeting_id: str, who: PeerSelector, tracks: TrackSelector
) -> tuple[LivePeer, ...]:
    """Mute tracks by sid or source and return their publishers. Forwarding stops at once; clients are told, and may
    unmute. Raises TRACK_NOT_FOUND when sids are given and none is a live track of these peers.

    Nobody is ever unmuted from here: whether a microphone is on is for its owner to say.
    """
    order = MuteTracks(checked(who), tracks)
    return _call(deps, app_id, meeting_id).send(Command(mute_tracks=order)).peers


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
    order = MuteTracks(EVERYBODY, TrackSelector(sources=sources), () if allow_unmute else sources)
    return _call(deps, app_id, meeting_id).send(Command(mute_tracks=order)).peers


def patch_permissions(
    deps: Dependencies, app_id: AppId, meeting_id: str, who: PeerSelector, patch: GrantsPatch
) -> tuple[LivePeer, ...]:
    """Change what peers may do, until the session ends and whether or not they reconnect; presets stay as they are.

    What is not allowed any more ends at once: tracks are unpublished, subscriptions stop. Returns the peers afterwards.
    """
    return update_participant(deps, app_id, meeting_id, UpdatePeers(who, patch))


def update_participant(deps: Dependencies, app_id: AppId, meeting_id: str, update: UpdatePeers) -> tuple[LivePeer, ...]:
    """Change name, metadata, attributes and permissions of live peers and return them afterwards.

    Raises INVALID_FIELD for what is too long. The participant that is stored keeps its name.
    """
    checked(update.who)
    return _call(deps, app_id, meeting_id).send(Command(update_peers=update)).peers


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
    order = ChangeSubscriptions(checked(who), track_sids, subscribe)
    _call(deps, app_id, meeting_id).send(Command(change_subscriptions=order))


def send_data(deps: Dependencies, app_id: AppId, meeting_id: str, message: SendData) -> int:
    """Send bytes to peers and return to how many. Addressing somebody who is not there is no error.

    Raises INVALID_FIELD when the payload has more than MAX_DATA_BYTES or the topic more than MAX_TOPIC_CHARS.
    """
    checked(message.who)
    return len(_call(deps, app_id, meeting_id).send(Command(send_data=message)).peers)


def update_room_metadata(deps: Dependencies, app_id: AppId, meeting_id: str, metadata: str) -> Session:
    """Change the metadata of the room, tell everybody, and return the session, which keeps it (room_metadata).

    First the node, then the session's item: a failure between the two is repaired by calling again.
    """
    if len(metadata.encode()) > MAX_ROOM_METADATA_BYTES:
        raise ParleyError(ErrorId.INVALID_FIELD, f"may have {MAX_ROOM_METADATA_BYTES} bytes", "/metadata")
    call = _call(deps, app_id, meeting_id)
    call.send(Command(update_room=UpdateRoom(metadata)))
    try:
        deps.sessions.describe(call.session, metadata, deps.now_ms())
    except ConditionFailed:
        raise ParleyError(ErrorId.NO_ACTIVE_SESSION, "the session has just ended") from None
    return replace(call.session, room_metadata=metadata)


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
    repetition finds them there. Raises UNKNOWN_PRESET, MEETING_INACTIVE, or INVALID_FIELD for more than MAX_MOVED.
    """
    call = _call(deps, app_id, meeting_id)
    peers = call.send(Command(list_peers=ListPeers(checked(who)))).peers
    tokens = tokens_elsewhere(deps, call.session, peers, to_meeting_id, preset_name)
    moves = tuple(PeerMove(peer.peer_id, token) for peer, token in zip(peers, tokens, strict=True))
    return call.send(Command(move_peers=MovePeers(moves))).peers if moves else ()


def perform_rpc(
    deps: Dependencies, app_id: AppId, meeting_id: str, identity: str, method: str, payload: str, timeout_ms: int
) -> RpcAnswer:
    """Call a method that the client of `identity` registered (LiveKit's RPC) and return what it answered.

    An error of the client, or its silence for `timeout_ms` (at most 20 s), is in the answer. Raises INVALID_FIELD.
    """
    if not 1 <= timeout_ms <= MAX_RPC_SECONDS * 1000 or len(payload.encode()) > MAX_RPC_PAYLOAD_BYTES:
        raise ParleyError(ErrorId.INVALID_FIELD, f"at most {MAX_RPC_SECONDS} s, and {MAX_RPC_PAYLOAD_BYTES} bytes")
    call = _call(deps, app_id, meeting_id)
    order = PerformRpc(identity, method, payload, timeout_ms)
    answer = call.send(Command(perform_rpc=order), ANSWER_WITHIN_S + timeout_ms / 1000)
    assert answer.rpc is not None, "a node answers a call with what it returned"
    return answer.rpc


def checked(who: PeerSelector) -> PeerSelector:
    """Return a selection that names somebody, and not too many. Raises ParleyError INVALID_FIELD."""
    named = len(who.participant_ids) + len(who.identities) + len(who.peer_ids)
    if named > MAX_SELECTED:
        raise ParleyError(ErrorId.INVALID_FIELD, f"at most {MAX_SELECTED} at a time", "/participant_ids")
    if not named and not who.everybody:
        raise ParleyError(ErrorId.INVALID_FIELD, "name at least one participant", "/participant_ids")
    return who


@dataclass(frozen=True, slots=True)
class _Call:
    """An active session and the node that owns it."""

    deps: Dependencies
    session: Session
    node: Node

    def send(self, command: Command, within_s: float = ANSWER_WITHIN_S) -> CommandAnswer:
        return send_command(self.deps, self.session, self.node, command, within_s)


def _call(deps: Dependencies, app_id: AppId, meeting_id: str) -> _Call:
    """Return the call in three reads; which error it is when there is none takes one more."""
    pointer = deps.sessions.pointer(app_id, MeetingId(meeting_id)) if is_uuid(meeting_id) else None
    session = deps.sessions.get(app_id, pointer.session_id) if pointer and pointer.session_id else None
    node = deps.nodes.get(session.owner_node_id) if session else None
    if session is not None and node is not None and ending_of(session, node, deps.now_ms()) is None:
        return _Call(deps, session, node)
    get_meeting(deps, app_id, meeting_id)
    raise ParleyError(ErrorId.NO_ACTIVE_SESSION, "the meeting has no active session")


def _metadata(session: Session, answer: CommandAnswer) -> str:
    return answer.room_metadata if session.room_metadata is None else session.room_metadata
