"""``livekit.RoomService``: rooms, and those who are in them."""

import base64

from google.protobuf.message import Message
from livekit.protocol import agent_dispatch, models, room

from chalicelib.api.twirp.errors import TwirpError
from chalicelib.api.twirp.messages import Method
from chalicelib.api.twirp.room_view import SOURCES, participant_view, room_view, track_view
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.grants import Source
from chalicelib.contract.ids import AppId
from chalicelib.contract.node_commands import (
    MAX_RPC_SECONDS,
    GrantsPatch,
    LivePeer,
    PeerSelector,
    SendData,
    TrackSelector,
    UpdatePeers,
)
from chalicelib.domain.livekit_claims import AgentOrder, RoomConfig, VideoGrant
from chalicelib.services import live_control, rooms
from chalicelib.services.dependencies import Dependencies

_DEFAULT_RPC_MS = 10_000  # LiveKit's SDKs: response_timeout 10 s
# LiveKit's RPC error codes that say the recipient was not reached in time, or is not there.
_RPC_TIMEOUTS = {1400: "unimplemented", 1401: "not_found", 1501: "deadline_exceeded", 1502: "deadline_exceeded"}


def create_room(deps: Dependencies, app_id: AppId, asked: room.CreateRoomRequest) -> models.Room:
    """Make a room, or set what is said of the one that is there."""
    if asked.HasField("egress"):
        raise TwirpError("unimplemented", "egress is not available in Parley", argument="egress")
    config = RoomConfig(
        empty_timeout_s=asked.empty_timeout,
        departure_timeout_s=asked.departure_timeout,
        max_participants=asked.max_participants,
        metadata=asked.metadata,
        agents=tuple(agent_order(agent) for agent in asked.agents),
    )
    return room_view(rooms.create_room(deps, app_id, asked.name, config))


def list_rooms(deps: Dependencies, app_id: AppId, asked: room.ListRoomsRequest) -> room.ListRoomsResponse:
    """Return the rooms that are there."""
    found = rooms.list_rooms(deps, app_id, list(asked.names))
    return room.ListRoomsResponse(rooms=[room_view(state) for state in found])


def delete_room(deps: Dependencies, app_id: AppId, asked: room.DeleteRoomRequest) -> room.DeleteRoomResponse:
    """Send everybody away and end the session."""
    rooms.delete_room(deps, app_id, asked.room)
    return room.DeleteRoomResponse()


def update_room_metadata(deps: Dependencies, app_id: AppId, asked: room.UpdateRoomMetadataRequest) -> models.Room:
    """Set the metadata of a room."""
    return room_view(rooms.update_metadata(deps, app_id, asked.room, asked.metadata))


def list_participants(
    deps: Dependencies, app_id: AppId, asked: room.ListParticipantsRequest
) -> room.ListParticipantsResponse:
    """Return who is in the room; nobody in a room that is not there, as LiveKit answers."""
    try:
        meeting = rooms.get_room(deps, app_id, asked.room)
        peers = live_control.live_peers(deps, app_id, meeting.id).peers
    except ParleyError as error:
        if error.error not in (ErrorId.MEETING_NOT_FOUND, ErrorId.NO_ACTIVE_SESSION):
            raise
        peers = ()
    return room.ListParticipantsResponse(participants=[participant_view(peer) for peer in peers])


def get_participant(deps: Dependencies, app_id: AppId, asked: room.RoomParticipantIdentity) -> models.ParticipantInfo:
    """Return one who is in the room."""
    meeting = rooms.get_room(deps, app_id, asked.room)
    return participant_view(_one(live_control.live_peers(deps, app_id, meeting.id, _who(asked.identity)).peers))


def remove_participant(
    deps: Dependencies, app_id: AppId, asked: room.RoomParticipantIdentity
) -> room.RemoveParticipantResponse:
    """Send one away."""
    meeting = rooms.get_room(deps, app_id, asked.room)
    _one(live_control.kick(deps, app_id, meeting.id, _who(asked.identity)))
    return room.RemoveParticipantResponse()


def mute_published_track(
    deps: Dependencies, app_id: AppId, asked: room.MuteRoomTrackRequest
) -> room.MuteRoomTrackResponse:
    """Mute a track. Nobody is unmuted from here, as with LiveKit unless it is configured to."""
    if not asked.muted:
        raise TwirpError("failed_precondition", "remote unmute not enabled")
    meeting = rooms.get_room(deps, app_id, asked.room)
    tracks = TrackSelector(sids=(asked.track_sid,))
    peer = _one(live_control.mute(deps, app_id, meeting.id, _who(asked.identity), tracks))
    found = next((track for track in peer.tracks if track.sid == asked.track_sid), None)
    return room.MuteRoomTrackResponse(track=track_view(found) if found else None)


def update_participant(
    deps: Dependencies, app_id: AppId, asked: room.UpdateParticipantRequest
) -> models.ParticipantInfo:
    """Change what is said of one, or what one may do. What is empty stays as it is."""
    meeting = rooms.get_room(deps, app_id, asked.room)
    order = UpdatePeers(
        who=_who(asked.identity),
        grants=_grants(asked.permission) if asked.HasField("permission") else None,
        name=asked.name or None,
        metadata=asked.metadata or None,
        attributes=dict(asked.attributes),
    )
    return participant_view(_one(live_control.update_participant(deps, app_id, meeting.id, order)))


def update_subscriptions(
    deps: Dependencies, app_id: AppId, asked: room.UpdateSubscriptionsRequest
) -> room.UpdateSubscriptionsResponse:
    """Make one get, or not get, tracks of others."""
    meeting = rooms.get_room(deps, app_id, asked.room)
    sids = (*asked.track_sids, *(sid for each in asked.participant_tracks for sid in each.track_sids))
    live_control.update_subscriptions(deps, app_id, meeting.id, _who(asked.identity), sids, subscribe=asked.subscribe)
    return room.UpdateSubscriptionsResponse()


def send_data(deps: Dependencies, app_id: AppId, asked: room.SendDataRequest) -> room.SendDataResponse:
    """Send bytes to those named, or to everybody."""
    meeting = rooms.get_room(deps, app_id, asked.room)
    everybody = not (asked.destination_identities or asked.destination_sids)
    who = PeerSelector(
        identities=tuple(asked.destination_identities),
        peer_ids=tuple(asked.destination_sids),
        everybody=everybody,
    )
    message = SendData(
        who=who,
        payload=base64.b64encode(asked.data).decode(),
        reliable=asked.kind == models.DataPacket.Kind.RELIABLE,
        topic=asked.topic if asked.HasField("topic") else None,
        nonce=base64.b64encode(asked.nonce).decode(),
    )
    live_control.send_data(deps, app_id, meeting.id, message)
    return room.SendDataResponse()


def forward_participant(deps: Dependencies, app_id: AppId, asked: room.ForwardParticipantRequest) -> Message:
    """Refuse: a session lives on one node, and tracks are not forwarded from one session to another."""
    raise TwirpError("unimplemented", "ForwardParticipant is not available: a participant is in one room at a time")


def move_participant(
    deps: Dependencies, app_id: AppId, asked: room.MoveParticipantRequest
) -> room.MoveParticipantResponse:
    """Send one to another room; the client connects there by itself."""
    meeting = rooms.get_room(deps, app_id, asked.room)
    target = rooms.get_room(deps, app_id, asked.destination_room)
    _one(live_control.move(deps, app_id, meeting.id, _who(asked.identity), target.id))
    return room.MoveParticipantResponse()


def perform_rpc(deps: Dependencies, app_id: AppId, asked: room.PerformRpcRequest) -> room.PerformRpcResponse:
    """Call a method of a client. Its error is in the answer's meta: ``rpc_code``, ``rpc_message``, ``rpc_data``."""
    meeting = rooms.get_room(deps, app_id, asked.room)
    wait_ms = min(asked.response_timeout_ms or _DEFAULT_RPC_MS, MAX_RPC_SECONDS * 1000)
    answer = live_control.perform_rpc(
        deps, app_id, meeting.id, asked.destination_identity, asked.method, asked.payload, wait_ms
    )
    if answer.error_code:
        meta = {"rpc_code": str(answer.error_code), "rpc_message": answer.error_message, "rpc_data": answer.error_data}
        raise TwirpError(_RPC_TIMEOUTS.get(answer.error_code, "aborted"), answer.error_message or "RPC failed", **meta)
    return room.PerformRpcResponse(payload=answer.payload)


def agent_order(asked: agent_dispatch.RoomAgentDispatch | agent_dispatch.CreateAgentDispatchRequest) -> AgentOrder:
    """Return the order that a message asks for."""
    return AgentOrder(
        agent_name=asked.agent_name,
        metadata=asked.metadata,
        attributes=dict(asked.attributes),
        deployment=asked.deployment,
        restart_policy=int(asked.restart_policy),
    )


def _who(identity: str) -> PeerSelector:
    if not identity:
        raise ParleyError(ErrorId.INVALID_FIELD, "identity cannot be empty", "/identity")
    return PeerSelector(identities=(identity,))


def _one(peers: tuple[LivePeer, ...]) -> LivePeer:
    if not peers:
        raise ParleyError(ErrorId.PARTICIPANT_NOT_FOUND, "participant does not exist")
    return peers[-1]


def _grants(asked: models.ParticipantPermission) -> GrantsPatch:
    names = {number: source for source, number in SOURCES.items()}
    sources = tuple(Source) if asked.can_publish else ()
    if asked.can_publish_sources:
        sources = tuple(names[number] for number in asked.can_publish_sources if number in names)
    return GrantsPatch(
        publish_sources=sources,
        subscribe=asked.can_subscribe,
        publish_data=asked.can_publish_data,
        update_own_metadata=asked.can_update_metadata,
        hidden=asked.hidden,
    )


def _creates(grant: VideoGrant, _: Message) -> bool:
    return grant.room_create


def _lists(grant: VideoGrant, _: Message) -> bool:
    return grant.room_list


def administers(grant: VideoGrant, asked: room.ListParticipantsRequest) -> bool:
    """Tell whether the token is for the very room of the request."""
    return grant.room_admin and bool(asked.room) and grant.room == asked.room


def _moves(grant: VideoGrant, asked: room.MoveParticipantRequest) -> bool:
    goal = asked.destination_room
    return grant.room_admin and bool(asked.room) and grant.room == asked.room and grant.destination_room == goal != ""


METHODS = {
    "CreateRoom": Method(room.CreateRoomRequest, _creates, create_room),
    "ListRooms": Method(room.ListRoomsRequest, _lists, list_rooms, reads=True),
    "DeleteRoom": Method(room.DeleteRoomRequest, _creates, delete_room),
    "ListParticipants": Method(room.ListParticipantsRequest, administers, list_participants, reads=True),
    "GetParticipant": Method(room.RoomParticipantIdentity, administers, get_participant, reads=True),
    "RemoveParticipant": Method(room.RoomParticipantIdentity, administers, remove_participant),
    "MutePublishedTrack": Method(room.MuteRoomTrackRequest, administers, mute_published_track),
    "UpdateParticipant": Method(room.UpdateParticipantRequest, administers, update_participant),
    "UpdateSubscriptions": Method(room.UpdateSubscriptionsRequest, administers, update_subscriptions),
    "SendData": Method(room.SendDataRequest, administers, send_data),
    "UpdateRoomMetadata": Method(room.UpdateRoomMetadataRequest, administers, update_room_metadata),
    "ForwardParticipant": Method(room.ForwardParticipantRequest, _moves, forward_participant),
    "MoveParticipant": Method(room.MoveParticipantRequest, _moves, move_participant),
    "PerformRpc": Method(room.PerformRpcRequest, administers, perform_rpc),
}
