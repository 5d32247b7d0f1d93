"""Peers, tracks and rooms in the words of LiveKit's client protocol. No rules here."""

import json

from livekit.protocol import models, rtc

from chalicelib.contract.grants import Grants, Source
from chalicelib.contract.ids import room_sid
from media_node.room.members import Peer, SessionFacts, Track

SOURCES: dict[Source, models.TrackSource] = {
    Source.CAMERA: models.TrackSource.CAMERA,
    Source.MICROPHONE: models.TrackSource.MICROPHONE,
    Source.SCREEN_SHARE: models.TrackSource.SCREEN_SHARE,
    Source.SCREEN_SHARE_AUDIO: models.TrackSource.SCREEN_SHARE_AUDIO,
}
# Audio and video of one group are played in step by the receiver; LiveKit's names since protocol 10.
_STREAM_GROUPS = {
    Source.CAMERA: "camera",
    Source.MICROPHONE: "camera",
    Source.SCREEN_SHARE: "screen",
    Source.SCREEN_SHARE_AUDIO: "screen",
}
_KINDS = {name.lower(): name for name, _ in models.ParticipantInfo.Kind.items()}


def permission(grants: Grants) -> models.ParticipantPermission:
    """Return the grants as a client sees them. An empty list of sources means every source there."""
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


def participant(peer: Peer) -> models.ParticipantInfo:
    """Return a peer with its live tracks."""
    tracks = [track.info for track in peer.tracks.values() if track.live]
    info = models.ParticipantInfo(
        sid=peer.sid,
        identity=peer.identity,
        state=models.ParticipantInfo.State.Name(peer.state),
        tracks=tracks,
        metadata=peer.metadata,
        joined_at=peer.joined_at_ms // 1000,
        joined_at_ms=peer.joined_at_ms,
        name=peer.name,
        version=peer.version,
        permission=permission(peer.grants),
        is_publisher=bool(tracks),
        attributes=peer.attributes,
        kind=_KINDS.get(peer.kind, "STANDARD"),
        client_protocol=peer.client_protocol,
    )
    info.capabilities.extend(peer.capabilities)  # type: ignore[arg-type]  # an open enum: unknown numbers pass through
    return info


def gone(peer: Peer, reason: models.DisconnectReason) -> models.ParticipantInfo:
    """Return the last words about a peer that left."""
    info = participant(peer)
    del info.tracks[:]
    info.state = models.ParticipantInfo.DISCONNECTED
    info.disconnect_reason = reason
    return info


def room(facts: SessionFacts, metadata: str | None, participants: int, publishers: int) -> models.Room:
    """Return the session as LiveKit's room, named as the meeting is, by its unique name or its id.

    Unless metadata was set, it is the meeting's title.
    """
    return models.Room(
        sid=room_sid(facts.session_id),
        name=facts.room_name or facts.meeting_id,
        metadata=json.dumps({"title": facts.meeting_title}) if metadata is None else metadata,
        max_participants=facts.max_participants,
        creation_time=facts.started_at_ms // 1000,
        creation_time_ms=facts.started_at_ms,
        num_participants=participants,
        num_publishers=publishers,
    )


def stream_id(publisher: Peer, track: Track) -> str:
    """Return the first word of a forwarded track's msid: the publisher's sid, and what it is in step with."""
    return f"{publisher.sid}|{track.info.stream or _STREAM_GROUPS[track.source]}"


def update(*participants: models.ParticipantInfo) -> rtc.SignalResponse:
    """Return the message that tells of changed participants."""
    return rtc.SignalResponse(update=rtc.ParticipantUpdate(participants=participants))


def refusal(reason: "rtc.RequestResponse.Reason", message: str, request_id: int = 0) -> rtc.RequestResponse:
    """Return the answer to a request that is not carried out; the caller adds the request to it."""
    return rtc.RequestResponse(request_id=request_id, reason=reason, message=message)


def leave(reason: models.DisconnectReason, action: "rtc.LeaveRequest.Action") -> rtc.SignalResponse:
    """Return the message that sends a client away; `can_reconnect` says the same to clients older than `action`."""
    again = action != rtc.LeaveRequest.DISCONNECT
    return rtc.SignalResponse(leave=rtc.LeaveRequest(reason=reason, action=action, can_reconnect=again))
