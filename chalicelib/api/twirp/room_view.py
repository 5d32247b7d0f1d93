"""Rooms, participants and tracks as LiveKit's messages."""

from livekit.protocol import models

from chalicelib.contract.grants import Grants, Source
from chalicelib.contract.ids import SessionId, participant_sid, room_sid
from chalicelib.contract.node_commands import LivePeer, LiveTrack, PeerState
from chalicelib.domain.room import display_name
from chalicelib.services.rooms import RoomState

CODECS = ("audio/opus", "video/VP8", "video/H264", "video/VP9", "video/AV1", "video/H265")
SOURCES: dict[Source, models.TrackSource] = {
    Source.CAMERA: models.TrackSource.CAMERA,
    Source.MICROPHONE: models.TrackSource.MICROPHONE,
    Source.SCREEN_SHARE: models.TrackSource.SCREEN_SHARE,
    Source.SCREEN_SHARE_AUDIO: models.TrackSource.SCREEN_SHARE_AUDIO,
}
_STATES = {PeerState.JOINED: models.ParticipantInfo.JOINED, PeerState.ACTIVE: models.ParticipantInfo.ACTIVE}


def room_view(state: RoomState) -> models.Room:
    """Render a room. One that waits for its first peer has a sid made of the meeting's id: there is no session yet."""
    meeting, session = state.meeting, state.session
    created_ms = session.started_at_ms if session else state.opened.opened_at_ms if state.opened else 0
    metadata = session.room_metadata if session and session.room_metadata is not None else meeting.room.metadata
    return models.Room(
        sid=room_sid(session.session_id if session else SessionId(meeting.id)),
        name=display_name(meeting.room, meeting.id),
        empty_timeout=meeting.room.empty_timeout_s,
        departure_timeout=round(meeting.options.session_keep_alive_time_in_secs),
        max_participants=meeting.room.max_participants,
        creation_time=created_ms // 1000,
        creation_time_ms=created_ms,
        enabled_codecs=[models.Codec(mime=mime) for mime in CODECS],
        metadata=metadata,
        num_participants=session.live_peers if session else 0,
        num_publishers=state.publishers,
    )


def participant_view(peer: LivePeer) -> models.ParticipantInfo:
    """Render a live peer with its tracks."""
    return models.ParticipantInfo(
        sid=participant_sid(peer.peer_id),
        identity=peer.identity,
        state=models.ParticipantInfo.State.Name(_STATES[peer.state]),
        tracks=[track_view(track) for track in peer.tracks],
        metadata=peer.metadata,
        joined_at=peer.joined_at_ms // 1000,
        joined_at_ms=peer.joined_at_ms,
        name=peer.name,
        version=peer.version,
        permission=permission_view(peer.grants),
        is_publisher=bool(peer.tracks),
        attributes=peer.attributes,
        kind=peer.kind.upper(),
    )


def track_view(track: LiveTrack) -> models.TrackInfo:
    """Render a live track."""
    return models.TrackInfo(
        sid=track.sid,
        type=models.TrackType.AUDIO if track.kind == "audio" else models.TrackType.VIDEO,
        name=track.name,
        muted=track.muted,
        width=track.width,
        height=track.height,
        simulcast=track.simulcast,
        source=SOURCES[track.source],
        mime_type=track.mime_type,
        mid=track.mid,
        stereo=track.stereo,
        encryption=models.Encryption.Type.Name(track.encryption),
        stream=track.stream,
    )


def permission_view(grants: Grants) -> models.ParticipantPermission:
    """Render grants. An empty list of sources means every source there."""
    everything = set(grants.publish_sources) >= set(Source)
    return models.ParticipantPermission(
        can_subscribe=grants.subscribe,
        can_publish=bool(grants.publish_sources),
        can_publish_data=grants.publish_data,
        can_publish_sources=[] if everything else [SOURCES[source] for source in grants.publish_sources],
        can_update_metadata=grants.update_own_metadata,
        hidden=grants.hidden,
        recorder=grants.recorder,
        agent=grants.agent,
    )
