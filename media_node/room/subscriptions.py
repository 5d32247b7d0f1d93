"""Who gets which track and how: the rules, as functions of the room's plain state."""

from collections.abc import Iterable, Mapping

from livekit.protocol import models, rtc

from chalicelib.contract.limits import MAX_NAME_CHARS
from chalicelib.contract.node_commands import MAX_ATTRIBUTES_BYTES, MAX_METADATA_BYTES
from media_node.room.announcement import Refusal
from media_node.room.members import HIGH_QUALITY, Peer, Settings, SubscriberRule, Track

MAX_RULES = 1000
MAX_SIDS_PER_REQUEST = 500


def wanted(subscriber: Peer, peers: Iterable[Peer]) -> list[Track]:
    """Return the live tracks of others that `subscriber` may get and wants, by its own choices or automatically."""
    if not subscriber.grants.subscribe:
        return []
    return [
        track
        for publisher in peers
        if publisher.id != subscriber.id and not publisher.grants.hidden
        for track in publisher.tracks.values()
        if track.live
        and subscriber.choices.get(track.sid, subscriber.auto_subscribe)
        and publisher.lets_subscribe(subscriber, track.sid)
    ]


def forwarding(subscriber: Peer, track: Track) -> tuple[bool, int]:
    """Return whether the track is paused for the subscriber, and the highest quality it wants."""
    settings = subscriber.settings.get(track.sid, Settings())
    return track.info.muted or settings.disabled, settings.max_quality


def settings_of(request: rtc.UpdateTrackSettings, info: models.TrackInfo) -> Settings:
    """Return what a client asked for a track: by size if it gave one, else by quality."""
    if request.width or request.height:
        return Settings(request.disabled, _quality_for(max(request.width, request.height), info))
    if request.quality == models.VideoQuality.OFF:
        return Settings(True, 0)
    return Settings(request.disabled, min(request.quality, HIGH_QUALITY))


def _quality_for(longer_side: int, info: models.TrackInfo) -> int:
    for layer in sorted(info.layers, key=lambda layer: layer.quality):
        if max(layer.width, layer.height) >= longer_side:
            return min(layer.quality, HIGH_QUALITY)
    return HIGH_QUALITY


def sids_of(request: rtc.UpdateSubscription) -> list[str]:
    """Return the track sids of a request, from both of its lists, without repeats."""
    sids = dict.fromkeys(request.track_sids)
    for tracks in request.participant_tracks:
        sids.update(dict.fromkeys(tracks.track_sids))
    return list(sids)[:MAX_SIDS_PER_REQUEST]


def rules_of(permission: rtc.SubscriptionPermission) -> dict[str, SubscriberRule]:
    """Return a publisher's allow-list by sid and by identity of the subscriber."""
    rules: dict[str, SubscriberRule] = {}
    for entry in permission.track_permissions[:MAX_RULES]:
        rule = SubscriberRule(entry.all_tracks, frozenset(entry.track_sids))
        for name in (entry.participant_sid, entry.participant_identity):
            if name:
                rules[name] = rule
    return rules


def metadata_refusal(peer: Peer, request: rtc.UpdateParticipantMetadata) -> Refusal | None:
    """Return why a peer may not change its own metadata in this way, or None."""
    if not peer.grants.update_own_metadata:
        return rtc.RequestResponse.NOT_ALLOWED, "may not change its own metadata"
    if len(request.name) > MAX_NAME_CHARS or len(request.metadata.encode()) > MAX_METADATA_BYTES:
        return rtc.RequestResponse.LIMIT_EXCEEDED, "name or metadata is too long"
    if too_many_attributes({**peer.attributes, **request.attributes}):
        return rtc.RequestResponse.LIMIT_EXCEEDED, "attributes are too long"
    return None


def too_many_attributes(attributes: Mapping[str, str]) -> bool:
    """Tell whether attributes are longer, all together, than a peer may have."""
    return sum(len(key.encode()) + len(value.encode()) for key, value in attributes.items()) > MAX_ATTRIBUTES_BYTES
