"""One session on the node that owns it: who is in it, what they publish and who gets it. Pure: calls in, effects out.

A peer's own negotiation (which m-section carries what) is not here: signalling/session.py does that, one per client.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from livekit.protocol import models, rtc

from chalicelib.contract.grants import Grants
from chalicelib.contract.ids import PeerId, TrackSid
from chalicelib.contract.node_commands import GrantsPatch, UpdatePeers
from chalicelib.contract.node_messages import EventType, LeaveReason
from media_node.room import rendering, subscriptions
from media_node.room.announcement import announced_track, refusal_of
from media_node.room.effects import (
    ClosePeer,
    ForwardingChanged,
    Report,
    RoomEffect,
    SendTo,
    SubscriptionsChanged,
    TrackEnded,
)
from media_node.room.members import Peer, SessionFacts, Track, with_attributes
from media_node.room.permissions import merged, patched

Effects = list[RoomEffect]
JOINED = models.ParticipantInfo.JOINED
ACTIVE = models.ParticipantInfo.ACTIVE

_TOLD_AS: Mapping[LeaveReason, models.DisconnectReason] = {
    LeaveReason.CLIENT_LEFT: models.DisconnectReason.CLIENT_INITIATED,
    LeaveReason.CONNECTION_LOST: models.DisconnectReason.SIGNAL_CLOSE,
    LeaveReason.DUPLICATE_IDENTITY: models.DisconnectReason.DUPLICATE_IDENTITY,
    LeaveReason.KICKED: models.DisconnectReason.PARTICIPANT_REMOVED,
    LeaveReason.MOVED: models.DisconnectReason.MIGRATION,
    LeaveReason.NODE_SHUTDOWN: models.DisconnectReason.SERVER_SHUTDOWN,
    LeaveReason.NODE_LOST: models.DisconnectReason.SERVER_SHUTDOWN,
    LeaveReason.JOIN_ABORTED: models.DisconnectReason.JOIN_FAILURE,
}


class Room:
    """The state of one session. Every method returns what has to happen because of it, in order."""

    def __init__(self, facts: SessionFacts) -> None:
        self.facts = facts
        self.peers: dict[PeerId, Peer] = {}
        self.metadata = facts.room_metadata
        self.patches: dict[str, GrantsPatch] = {}  # by identity: what was changed holds for those who come again

    def __contains__(self, peer_id: object) -> bool:
        return peer_id in self.peers

    # Coming and going

    def join(self, peer: Peer) -> Effects:
        """Let an admitted peer in. An older peer of the same identity is sent away: the newer one is the live one."""
        assert peer.id not in self.peers, "a peer joins once"
        effects: Effects = []
        for old in [other for other in self.peers.values() if other.identity == peer.identity]:
            away = rendering.leave(models.DisconnectReason.DUPLICATE_IDENTITY, rtc.LeaveRequest.DISCONNECT)
            effects.append(SendTo(old.id, away))
            effects += self.leave(old.id, LeaveReason.DUPLICATE_IDENTITY)
        peer.grants = patched(peer.grants, self.patches.get(peer.identity, GrantsPatch()))
        self.peers[peer.id] = peer
        return effects + self._tell_others(peer)

    def connected(self, peer_id: PeerId) -> Effects:
        """Note that a peer's media transport is up: from here on it counts as being in the call."""
        peer = self.peers[peer_id]
        if peer.state == ACTIVE:
            return []
        peer.state = ACTIVE
        return [Report(EventType.PEER_CONNECTED, peer_id), *self._tell_everybody(peer)]

    def leave(self, peer_id: PeerId, reason: LeaveReason) -> Effects:
        """Take a peer out, whatever the reason; nothing happens if it is out already."""
        peer = self.peers.pop(peer_id, None)
        if peer is None:
            return []
        if peer.state != ACTIVE and reason in (LeaveReason.CLIENT_LEFT, LeaveReason.CONNECTION_LOST):
            reason = LeaveReason.JOIN_ABORTED
        effects: Effects = [TrackEnded(peer_id, track.sid) for track in peer.tracks.values()]
        self._forget(peer.tracks)
        effects += [ClosePeer(peer_id, reason.value), Report(EventType.PEER_LEFT, peer_id, reason=reason)]
        if not peer.grants.hidden:
            last = rendering.update(rendering.gone(peer, _TOLD_AS[reason]))
            effects += [SendTo(other, last) for other in self.peers]
        if any(track.live for track in peer.tracks.values()):
            effects += [SubscriptionsChanged(other) for other in self.peers]
        return effects

    # Publishing

    def announce(self, peer_id: PeerId, request: rtc.AddTrackRequest, sid: TrackSid) -> Effects:
        """Take or refuse a track that a peer is about to send. Nothing is forwarded before `publish`."""
        peer = self.peers[peer_id]
        waiting = next((t for t in peer.tracks.values() if not t.live and t.cid == request.cid), None)
        if waiting is None:
            refused = refusal_of(peer, request)
            if refused is not None:
                answer = rendering.refusal(*refused)
                answer.add_track.CopyFrom(request)
                return [SendTo(peer_id, rtc.SignalResponse(request_response=answer))]
            waiting = announced_track(peer_id, sid, request)
            peer.tracks[sid] = waiting
        published = rtc.TrackPublishedResponse(cid=request.cid, track=waiting.info)
        return [SendTo(peer_id, rtc.SignalResponse(track_published=published))]

    def announced(self, peer_id: PeerId) -> list[Track]:
        """Return the tracks that a peer announced and does not send yet, oldest first."""
        return [track for track in self.peers[peer_id].tracks.values() if not track.live]

    def publish(self, peer_id: PeerId, sid: TrackSid, mid: str, mime_type: str) -> Effects:
        """Note that an m-section of the peer now carries an announced track, and offer it to everybody."""
        peer = self.peers[peer_id]
        track = peer.tracks[sid]
        track.live = True
        track.info.mid = mid
        track.info.mime_type = mime_type
        for codec in track.info.codecs:
            codec.mime_type, codec.mid = mime_type, mid
        report = Report(
            EventType.TRACK_PUBLISHED, peer_id, track_sid=sid, source=track.source.value, mime_type=mime_type
        )
        return [report, *self._tell_others(peer), *self._resubscribe(peer)]

    def unpublish(self, peer_id: PeerId, sid: TrackSid) -> Effects:
        """Drop a track, announced or live; nothing happens if it is gone already."""
        peer = self.peers[peer_id]
        track = peer.tracks.pop(sid, None)
        if track is None or not track.live:
            return []
        self._forget([sid])
        gone = rtc.SignalResponse(track_unpublished=rtc.TrackUnpublishedResponse(track_sid=sid))
        effects: Effects = [TrackEnded(peer_id, sid), SendTo(peer_id, gone)]
        effects.append(Report(EventType.TRACK_UNPUBLISHED, peer_id, track_sid=sid, source=track.source.value))
        return effects + self._tell_others(peer) + self._resubscribe(peer)

    def mute(self, peer_id: PeerId, sid: str, muted: bool) -> Effects:
        """Mute or unmute a peer's own track: the others are told, and a muted track is not forwarded."""
        track = self.peers[peer_id].tracks.get(TrackSid(sid))
        if track is None or track.info.muted == muted:
            return []
        track.info.muted = muted
        if not track.live:
            return []
        return self._tell_others(self.peers[peer_id]) + self._forwarding_of(track)

    def describe_track(self, peer_id: PeerId, change: rtc.UpdateLocalAudioTrack | rtc.UpdateLocalVideoTrack) -> Effects:
        """Take the audio features or the size that a peer tells of its own track."""
        peer = self.peers[peer_id]
        track = peer.tracks.get(TrackSid(change.track_sid))
        if track is None:
            return []
        if isinstance(change, rtc.UpdateLocalAudioTrack):
            del track.info.audio_features[:]
            track.info.audio_features.extend(change.features[:16])
        else:
            track.info.width, track.info.height = change.width, change.height
        return self._tell_others(peer) if track.live else []

    def allow_subscribers(self, peer_id: PeerId, permission: rtc.SubscriptionPermission) -> Effects:
        """Take a publisher's own list of who may get its tracks, and tell those for whom it changes something."""
        peer = self.peers[peer_id]
        before = {(other.id, sid) for other, sid in self._allowed_pairs(peer)}
        peer.subscriber_rules = None if permission.all_participants else subscriptions.rules_of(permission)
        after = {(other.id, sid) for other, sid in self._allowed_pairs(peer)}
        effects: Effects = []
        for other_id, sid in sorted(before ^ after):
            change = rtc.SubscriptionPermissionUpdate(
                participant_sid=peer.sid, track_sid=sid, allowed=(other_id, sid) in after
            )
            effects.append(SendTo(other_id, rtc.SignalResponse(subscription_permission_update=change)))
        return effects + self._resubscribe(peer)

    # Subscribing

    def wanted(self, peer_id: PeerId) -> list[Track]:
        """Return the live tracks of others that this peer is to get, oldest publisher first."""
        return subscriptions.wanted(self.peers[peer_id], self.peers.values())

    def find_track(self, sid: str) -> tuple[Peer, Track] | None:
        """Return a live track and its publisher."""
        for peer in self.peers.values():
            track = peer.tracks.get(TrackSid(sid))
            if track is not None and track.live:
                return peer, track
        return None

    def subscribe(self, peer_id: PeerId, request: rtc.UpdateSubscription) -> Effects:
        """Take a peer's explicit choice to get or not to get tracks."""
        peer = self.peers[peer_id]
        sids = subscriptions.sids_of(request)
        if request.subscribe and not peer.grants.subscribe:
            return []
        effects: Effects = []
        for sid in sids:
            known = self.find_track(sid)
            if known is not None and not known[0].grants.hidden:
                peer.choices[sid] = request.subscribe
            elif request.subscribe:
                missing = rtc.SubscriptionResponse(track_sid=sid, err=models.SubscriptionError.SE_TRACK_NOTFOUND)
                effects.append(SendTo(peer_id, rtc.SignalResponse(subscription_response=missing)))
        return [*effects, SubscriptionsChanged(peer_id)]

    def configure(self, peer_id: PeerId, request: rtc.UpdateTrackSettings) -> Effects:
        """Take how a subscriber wants tracks: switched off for now, or no larger than it shows them."""
        peer = self.peers[peer_id]
        effects: Effects = []
        for sid in request.track_sids:
            known = self.find_track(sid)
            if known is not None:
                peer.settings[sid] = subscriptions.settings_of(request, known[1].info)
                effects.append(self.forwarding(peer_id, known[1]))
        return effects

    def forwarding(self, peer_id: PeerId, track: Track) -> ForwardingChanged:
        """Return how this subscriber is to get this track now."""
        paused, quality = subscriptions.forwarding(self.peers[peer_id], track)
        return ForwardingChanged(peer_id, track.sid, paused, quality)

    # Metadata

    def describe_self(self, peer_id: PeerId, request: rtc.UpdateParticipantMetadata) -> Effects:
        """Change a peer's own name, metadata and attributes if it may; an attribute set to "" is removed."""
        peer = self.peers[peer_id]
        refused = subscriptions.metadata_refusal(peer, request)
        answer = rendering.refusal(*refused, request.request_id) if refused else rtc.RequestResponse()
        answer.request_id = request.request_id
        done = SendTo(peer_id, rtc.SignalResponse(request_response=answer))
        if refused is not None:
            answer.update_metadata.CopyFrom(request)
            return [done]
        peer.name = request.name or peer.name
        peer.metadata = request.metadata or peer.metadata
        peer.attributes = with_attributes(peer, request.attributes)
        return [*self._tell_everybody(peer), done]

    # What the control plane asks for: no permission of a peer is in its way

    def dismiss_all(self, told_as: models.DisconnectReason, reason: LeaveReason) -> Effects:
        """Send everybody away for good, without telling each of the leave of all the others."""
        effects: Effects = []
        for peer in self.peers.values():
            effects.append(SendTo(peer.id, rendering.leave(told_as, rtc.LeaveRequest.DISCONNECT)))
            effects += [TrackEnded(peer.id, track.sid) for track in peer.tracks.values()]
            effects += [ClosePeer(peer.id, reason.value), Report(EventType.PEER_LEFT, peer.id, reason=reason)]
        self.peers.clear()
        return effects

    def silence(self, tracks: Sequence[Track]) -> Effects:
        """Mute tracks for their publishers: these are told, and forwarding stops whatever their clients do."""
        changed = [track for track in tracks if not track.info.muted]
        effects: Effects = []
        for track in changed:
            track.info.muted = True
            muted = rtc.MuteTrackRequest(sid=track.sid, muted=True)
            effects.append(SendTo(track.peer_id, rtc.SignalResponse(mute=muted)))
            effects += self._forwarding_of(track) if track.live else []
        return effects + self._tell_of(list(dict.fromkeys(track.peer_id for track in changed)))

    def regrant(self, patches: Mapping[PeerId, GrantsPatch]) -> Effects:
        """Change what peers may do, now and when they come again; what they may not do any more ends."""
        effects: Effects = []
        changed = []
        for peer_id, patch in patches.items():
            peer = self.peers[peer_id]
            self.patches[peer.identity] = merged(self.patches.get(peer.identity, GrantsPatch()), patch)
            before, peer.grants = peer.grants, patched(peer.grants, patch)
            if peer.grants != before:
                changed.append(peer_id)
                effects += self._regranted(peer, before)
        return self._tell_of(changed) + effects

    def _regranted(self, peer: Peer, before: Grants) -> Effects:
        effects: Effects = []
        for track in list(peer.tracks.values()):
            if track.source not in peer.grants.publish_sources:
                effects += self.unpublish(peer.id, track.sid)
        if peer.grants.hidden and not before.hidden:
            vanished = rendering.update(rendering.gone(peer, models.DisconnectReason.CLIENT_INITIATED))
            effects += [SendTo(other.id, vanished) for other in self._others(peer)]
        if peer.grants.hidden != before.hidden:
            effects += self._resubscribe(peer)
        if peer.grants.subscribe != before.subscribe:
            effects.append(SubscriptionsChanged(peer.id))
        return effects

    def describe(self, peer_id: PeerId, change: UpdatePeers) -> Effects:
        """Change what is said of a peer; None leaves something as it is."""
        peer = self.peers[peer_id]
        peer.name = peer.name if change.name is None else change.name
        peer.metadata = peer.metadata if change.metadata is None else change.metadata
        peer.attributes = with_attributes(peer, change.attributes)
        return self._tell_everybody(peer)

    def describe_room(self, metadata: str) -> Effects:
        """Change the metadata of the room, and tell everybody."""
        self.metadata = metadata
        news = rtc.SignalResponse(room_update=rtc.RoomUpdate(room=self.info()))
        return [SendTo(peer_id, news) for peer_id in self.peers]

    # Rendering

    def others_of(self, peer_id: PeerId) -> list[models.ParticipantInfo]:
        """Return the participants that a peer sees."""
        visible = (p for p in self.peers.values() if p.id != peer_id and not p.grants.hidden)
        return [rendering.participant(other) for other in visible]

    def info(self) -> models.Room:
        """Return the session as LiveKit's room."""
        visible = [peer for peer in self.peers.values() if not peer.grants.hidden]
        publishers = sum(any(track.live for track in peer.tracks.values()) for peer in visible)
        return rendering.room(self.facts, self.metadata, len(visible), publishers)

    # Inner parts

    def _others(self, peer: Peer) -> Iterator[Peer]:
        return (other for other in self.peers.values() if other.id != peer.id)

    def _tell_others(self, peer: Peer) -> Effects:
        peer.version += 1
        if peer.grants.hidden:
            return []
        news = rendering.update(rendering.participant(peer))
        return [SendTo(other.id, news) for other in self._others(peer)]

    def _tell_everybody(self, peer: Peer) -> Effects:
        others = self._tell_others(peer)
        return [SendTo(peer.id, rendering.update(rendering.participant(peer))), *others]

    def _tell_of(self, peer_ids: Sequence[PeerId]) -> Effects:
        """Tell everybody of several changed peers at once; a hidden one is told of itself alone."""
        changed = [self.peers[peer_id] for peer_id in peer_ids]
        for peer in changed:
            peer.version += 1
        visible = [rendering.participant(peer) for peer in changed if not peer.grants.hidden]
        news = rendering.update(*visible)
        effects: Effects = [SendTo(peer_id, news) for peer_id in self.peers] if visible else []
        hidden = (peer for peer in changed if peer.grants.hidden)
        return effects + [SendTo(peer.id, rendering.update(rendering.participant(peer))) for peer in hidden]

    def _forget(self, sids: Iterable[TrackSid]) -> None:
        for sid in sids:
            for peer in self.peers.values():
                peer.choices.pop(sid, None)
                peer.settings.pop(sid, None)

    def _resubscribe(self, publisher: Peer) -> Effects:
        return [SubscriptionsChanged(other.id) for other in self._others(publisher)]

    def _forwarding_of(self, track: Track) -> Effects:
        return [self.forwarding(peer_id, track) for peer_id in self.peers if peer_id != track.peer_id]

    def _allowed_pairs(self, publisher: Peer) -> Iterable[tuple[Peer, TrackSid]]:
        for track in publisher.tracks.values():
            for other in self._others(publisher):
                if track.live and publisher.lets_subscribe(other, track.sid):
                    yield other, track.sid
