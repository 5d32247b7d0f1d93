"""Whether a peer may publish what it announces, and the track that comes of it."""

import re

from livekit.protocol import models, rtc

from chalicelib.contract.grants import Source
from chalicelib.contract.ids import PeerId, TrackSid
from chalicelib.contract.limits import MAX_NAME_CHARS
from media_node.room.members import Peer, Track

MAX_TRACKS_PER_PEER = 32  # a camera, a microphone, a screen with sound, and room for robots
MAX_CID_CHARS = 256
MAX_LAYERS = 8
_STREAM = re.compile(r"[A-Za-z0-9_-]{1,64}")  # it is written into the SDP of others
_SOURCES_OF = {
    models.TrackType.AUDIO: {
        models.TrackSource.MICROPHONE: Source.MICROPHONE,
        models.TrackSource.SCREEN_SHARE_AUDIO: Source.SCREEN_SHARE_AUDIO,
        # A client that does not name a source is held to the permission that its kind of media needs anyway.
        models.TrackSource.UNKNOWN: Source.MICROPHONE,
    },
    models.TrackType.VIDEO: {
        models.TrackSource.CAMERA: Source.CAMERA,
        models.TrackSource.SCREEN_SHARE: Source.SCREEN_SHARE,
        models.TrackSource.UNKNOWN: Source.CAMERA,
    },
}

Refusal = tuple["rtc.RequestResponse.Reason", str]


def source_of(request: rtc.AddTrackRequest) -> Source | None:
    """Return the permission that the announced track needs; None where source and kind of media do not go together."""
    return _SOURCES_OF.get(request.type, {}).get(request.source)


def refusal_of(peer: Peer, request: rtc.AddTrackRequest) -> Refusal | None:
    """Return why this peer may not publish this track, or None."""
    source = source_of(request)
    if source is None:
        return rtc.RequestResponse.INVALID_REQUEST, "this source does not carry this kind of media"
    if source not in peer.grants.publish_sources:
        return rtc.RequestResponse.NOT_ALLOWED, f"may not publish {source.value}"
    if request.sid:
        return rtc.RequestResponse.UNSUPPORTED_TYPE, "a second codec for a track is not supported"
    if not request.cid or len(request.cid) > MAX_CID_CHARS or len(request.name) > MAX_NAME_CHARS:
        return rtc.RequestResponse.INVALID_REQUEST, "cid or name is missing or too long"
    if len(request.layers) > MAX_LAYERS or len(request.simulcast_codecs) > MAX_LAYERS:
        return rtc.RequestResponse.LIMIT_EXCEEDED, "too many layers"
    if len(peer.tracks) >= MAX_TRACKS_PER_PEER:
        return rtc.RequestResponse.LIMIT_EXCEEDED, f"more than {MAX_TRACKS_PER_PEER} tracks"
    return None


def announced_track(peer_id: PeerId, sid: TrackSid, request: rtc.AddTrackRequest) -> Track:
    """Return the track of an announcement that was not refused."""
    source = source_of(request)
    assert source is not None, "announcements are checked first"
    others = frozenset(codec.cid for codec in request.simulcast_codecs if codec.cid)
    return Track(sid, request.cid, others, peer_id, source, _info(sid, request))


def _info(sid: TrackSid, request: rtc.AddTrackRequest) -> models.TrackInfo:
    kind = "audio" if request.type == models.TrackType.AUDIO else "video"
    info = models.TrackInfo(
        sid=sid,
        type=request.type,
        source=request.source,
        name=request.name,
        muted=request.muted,
        width=request.width,
        height=request.height,
        simulcast=len(request.layers) > 1,
        disable_dtx=request.disable_dtx,
        layers=request.layers,
        stereo=request.stereo,
        disable_red=request.disable_red,
        encryption=request.encryption,
        stream=request.stream if _STREAM.fullmatch(request.stream) else "",
        audio_features=request.audio_features,
        backup_codec_policy=request.backup_codec_policy,
    )
    for codec in request.simulcast_codecs[:1]:
        mime = codec.codec if "/" in codec.codec else f"{kind}/{codec.codec}"
        info.codecs.add(mime_type=mime, cid=codec.cid, layers=codec.layers or request.layers)
        info.mime_type = mime
    return info
