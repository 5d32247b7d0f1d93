"""One client's signalling: a message and the time in, effects out. Pure; the socket is in ws_server.py.

What a message means for others is the room's business; here are the order of the exchange, the client's own
m-sections (negotiation.py), the deadlines and the limits on what a client may send.
"""

from collections.abc import Callable
from dataclasses import dataclass

from google.protobuf.message import DecodeError
from livekit.protocol import models, rtc

from chalicelib.contract.ids import PeerId, TrackSid
from chalicelib.contract.node_messages import LeaveReason
from media_node.room import rendering
from media_node.room.effects import ClosePeer, RoomEffect, SendTo
from media_node.room.members import Peer, Track
from media_node.room.room import Room
from media_node.room.subscriptions import metadata_refusal
from media_node.signalling.join_response import join_response
from media_node.signalling.negotiation import Negotiation, StartReceiving, StartSending, StopSending, WriteAnswer
from media_node.signalling.sdp_offer import SdpError, parse_offer

Effect = RoomEffect | StartReceiving | StartSending | StopSending | WriteAnswer
Effects = list[Effect]

JOIN_DEADLINE_S = 15.0  # ICE and DTLS need well under a second; the SDKs give up on their own after 15 to 20 s
REQUIREMENT_RETRY_S = 3.0  # how long a client may take to offer the m-sections it was asked for
MESSAGES_PER_SECOND = 100  # adaptive stream in a call of 50 sends bursts, hence the larger bucket
MESSAGE_BURST = 500
PUBLISH_CODECS = ("audio/opus", "video/VP8", "video/H264", "video/VP9", "video/AV1")


@dataclass(slots=True)
class SignalCounters:
    """Totals of one node."""

    messages: int = 0
    ignored: int = 0
    malformed: int = 0
    refused_offers: int = 0
    rate_limited: int = 0


class ClientSession:
    """The state of one client's exchange with the node. `new_track_sid` draws an unused TR_ sid."""

    def __init__(
        self,
        room: Room,
        peer_id: PeerId,
        node_id: str,
        first_ssrc: int,
        new_track_sid: Callable[[], TrackSid],
        counters: SignalCounters,
    ) -> None:
        self._room = room
        self._peer_id = peer_id
        self._node_id = node_id
        self._new_track_sid = new_track_sid
        self._counters = counters
        self._negotiation = Negotiation(first_ssrc)
        self._asked_at: float | None = None  # since when a re-offer is awaited
        self._connect_by: float | None = None
        self._allowance = float(MESSAGE_BURST)
        self._allowance_at = 0.0
        self._handlers: dict[str, Callable[[rtc.SignalRequest, float], Effects]] = {
            "offer": self._on_offer,
            "add_track": self._on_add_track,
            "mute": lambda m, _: [*room.mute(peer_id, m.mute.sid, m.mute.muted)],
            "subscription": lambda m, _: [*room.subscribe(peer_id, m.subscription)],
            "track_setting": lambda m, _: [*room.configure(peer_id, m.track_setting)],
            "subscription_permission": lambda m, _: [*room.allow_subscribers(peer_id, m.subscription_permission)],
            "update_metadata": lambda m, _: [*room.describe_self(peer_id, m.update_metadata)],
            "update_audio_track": lambda m, _: [*room.describe_track(peer_id, m.update_audio_track)],
            "update_video_track": lambda m, _: [*room.describe_track(peer_id, m.update_video_track)],
            "leave": lambda m, _: [*room.leave(peer_id, LeaveReason.CLIENT_LEFT)],
            "ping": self._on_ping,
            "ping_req": self._on_ping_req,
            "trickle": lambda m, _: [],  # ICE-lite: addresses are learned from authenticated checks alone
            "sync_state": lambda m, _: [],  # only for a resume, which is answered with a full reconnect
        }

    # From the shell

    def start(self, peer: Peer, request: rtc.JoinRequest, now: float) -> Effects:
        """Join the room; what came inside the join request is handled as if it had been sent after it."""
        self._connect_by = now + JOIN_DEADLINE_S
        self._allowance_at = now
        if request.HasField("connection_settings"):
            peer.auto_subscribe = request.connection_settings.auto_subscribe
        peer.client_protocol = request.client_info.client_protocol
        peer.capabilities = tuple(request.client_info.capabilities[:16])
        if peer.grants.update_own_metadata:
            own = rtc.UpdateParticipantMetadata(metadata=request.metadata, attributes=request.participant_attributes)
            if metadata_refusal(peer, own) is None:
                peer.metadata = own.metadata or peer.metadata
                peer.attributes = {**peer.attributes, **own.attributes}
        to_others = self._room.join(peer)
        join = SendTo(peer.id, join_response(self._room, peer.id, self._node_id, PUBLISH_CODECS))
        effects: Effects = [join, *to_others]
        for add_track in request.add_track_requests:
            effects += self._on_add_track(rtc.SignalRequest(add_track=add_track), now)
        if request.publisher_offer.sdp:
            effects += self._on_offer(rtc.SignalRequest(offer=request.publisher_offer), now)
        return effects

    def on_frame(self, frame: bytes, now: float) -> Effects:
        """Take one binary WebSocket frame. Bytes that are no message, and floods, end the connection."""
        if not self._here:
            return []
        self._counters.messages += 1
        if not self._within_rate(now):
            self._counters.rate_limited += 1
            return self._end("too_many_messages")
        try:
            message = rtc.SignalRequest.FromString(frame)
        except DecodeError:
            self._counters.malformed += 1
            return self._end("bad_message")
        handler = self._handlers.get(message.WhichOneof("message") or "")
        if handler is None:
            self._counters.ignored += 1
            return []
        return handler(message, now)

    def on_text(self) -> Effects:
        """Refuse a text frame: the JSON form of the protocol is for clients older than this server."""
        self._counters.malformed += 1
        return self._end("text_not_supported") if self._here else []

    def on_media_connected(self) -> Effects:
        """Note that ICE and DTLS are done."""
        self._connect_by = None
        return [*self._room.connected(self._peer_id)] if self._here else []

    def on_media_closed(self, by_client: bool) -> Effects:
        """The transport is gone: closed by the client, which is a goodbye, or lost: then the client starts over."""
        if not self._here:
            return []
        if by_client:  # its `leave` is on the way, or it was a browser tab
            return [*self._room.leave(self._peer_id, LeaveReason.CLIENT_LEFT)]
        again = rendering.leave(models.DisconnectReason.CONNECTION_TIMEOUT, rtc.LeaveRequest.RECONNECT)
        lost = self._room.leave(self._peer_id, LeaveReason.CONNECTION_LOST)
        return [SendTo(self._peer_id, again), *lost]

    def on_socket_closed(self) -> Effects:
        """The signalling socket is gone: without a resume that is the end of this peer."""
        return [*self._room.leave(self._peer_id, LeaveReason.CONNECTION_LOST)]

    def on_subscriptions_changed(self, now: float) -> Effects:
        """Stop what is not wanted any more, and ask the client for m-sections if something new is."""
        if not self._here:
            return []
        stopped = self._negotiation.stop_unwanted(self._room.wanted(self._peer_id))
        effects: Effects = [StopSending(self._peer_id, sid) for sid in stopped]
        return effects + self._ask_for_sections(now)

    def on_track_ended(self, track_sid: TrackSid) -> None:
        """One of the client's own tracks is gone, by its own doing or not: the section that carried it is free."""
        self._negotiation.forget_received(track_sid)

    def on_codec_missing(self, track_sid: TrackSid) -> Effects:
        """The client and the publisher of a track it was to get have no codec in common."""
        self._negotiation.give_up(track_sid)
        answer = rtc.SubscriptionResponse(track_sid=track_sid, err=models.SubscriptionError.SE_CODEC_UNSUPPORTED)
        return [SendTo(self._peer_id, rtc.SignalResponse(subscription_response=answer))]

    def on_offer_unusable(self) -> Effects:
        """The transport can't work with what the offer says of DTLS."""
        self._counters.refused_offers += 1
        return self._end("bad_offer") if self._here else []

    def on_tick(self, now: float) -> Effects:
        """Act on deadlines; called a few times a second."""
        if not self._here:
            return []
        if self._connect_by is not None and now >= self._connect_by:
            timeout = rendering.leave(models.DisconnectReason.CONNECTION_TIMEOUT, rtc.LeaveRequest.DISCONNECT)
            aborted = self._room.leave(self._peer_id, LeaveReason.JOIN_ABORTED)
            return [SendTo(self._peer_id, timeout), *aborted]
        if self._asked_at is not None and now - self._asked_at >= REQUIREMENT_RETRY_S:
            self._asked_at = None
            return self._ask_for_sections(now)
        return []

    # Messages

    def _on_offer(self, message: rtc.SignalRequest, now: float) -> Effects:
        peer_id = self._peer_id
        try:
            offer = parse_offer(message.offer.sdp)
        except SdpError:
            self._counters.refused_offers += 1
            return self._end("bad_offer")
        self._asked_at = None
        changes = self._negotiation.take_offer(offer, self._room.announced(peer_id))
        effects: Effects = []
        for sid in changes.ended:
            effects += self._room.unpublish(peer_id, sid)
        for track, reason in changes.refused:
            effects += self._refuse_track(track, reason)
        for published in changes.begun:
            effects.append(StartReceiving(peer_id, published.track.sid, published.section))
        effects += self._place_wanted()
        effects.append(self._negotiation.answer(peer_id, message.offer.id))
        for published in changes.begun:
            mime = f"{published.section.kind}/{published.section.codecs[0].name}"
            effects += self._room.publish(peer_id, published.track.sid, published.section.mid, mime)
        return effects + self._ask_for_sections(now)

    def _place_wanted(self) -> Effects:
        wanted = self._room.wanted(self._peer_id)
        effects: Effects = [StopSending(self._peer_id, sid) for sid in self._negotiation.stop_unwanted(wanted)]
        named = []
        for track in wanted:
            publisher = self._room.peers[track.peer_id]
            named.append((track, rendering.stream_id(publisher, track), publisher.sid))
        for track, section, ssrc in self._negotiation.place(named):
            effects.append(StartSending(self._peer_id, track.sid, section, ssrc))
            effects.append(self._room.forwarding(self._peer_id, track))
        return effects

    def _refuse_track(self, track: Track, reason: str) -> Effects:
        answer = rendering.refusal(rtc.RequestResponse.UNSUPPORTED_TYPE, reason)
        answer.add_track.cid = track.cid
        answer.add_track.type = track.info.type
        refusal = SendTo(self._peer_id, rtc.SignalResponse(request_response=answer))
        return [refusal, *self._room.unpublish(self._peer_id, track.sid)]

    def _on_add_track(self, message: rtc.SignalRequest, now: float) -> Effects:
        request = message.add_track
        effects: Effects = [*self._room.announce(self._peer_id, request, self._new_track_sid())]
        announced = any(track.cid == request.cid for track in self._room.announced(self._peer_id))
        if announced and self._negotiation.has_unannounced(request.cid):
            # The offer overtook the announcement and was answered without it: another offer is needed.
            effects += self._require(0, 0, now)
        return effects

    def _on_ping(self, message: rtc.SignalRequest, now: float) -> Effects:
        return [SendTo(self._peer_id, rtc.SignalResponse(pong=int(now * 1000)))]

    def _on_ping_req(self, message: rtc.SignalRequest, now: float) -> Effects:
        # The clients measure with their own timestamp; ours only has to grow.
        pong = rtc.Pong(last_ping_timestamp=message.ping_req.timestamp, timestamp=int(now * 1000))
        return [SendTo(self._peer_id, rtc.SignalResponse(pong_resp=pong))]

    # Inner parts

    @property
    def _here(self) -> bool:
        return self._peer_id in self._room

    def _ask_for_sections(self, now: float) -> Effects:
        missing = self._negotiation.missing(self._room.wanted(self._peer_id))
        return [] if missing is None else self._require(*missing, now)

    def _require(self, audios: int, videos: int, now: float) -> Effects:
        if self._asked_at is not None:
            return []  # the offer that is on its way brings the rest to light
        self._asked_at = now
        requirement = rtc.MediaSectionsRequirement(num_audios=audios, num_videos=videos)
        return [SendTo(self._peer_id, rtc.SignalResponse(media_sections_requirement=requirement))]

    def _end(self, why: str) -> Effects:
        return [ClosePeer(self._peer_id, why), *self._room.leave(self._peer_id, LeaveReason.CONNECTION_LOST)]

    def _within_rate(self, now: float) -> bool:
        refilled = self._allowance + (now - self._allowance_at) * MESSAGES_PER_SECOND
        self._allowance = min(float(MESSAGE_BURST), refilled) - 1.0
        self._allowance_at = now
        return self._allowance >= 0.0
