"""One client on this node: its socket, its transport and its two halves of media, wired to its signalling session.

Composition only: what is decided is decided in room/, signalling/ and rtp/.
"""

from collections.abc import Callable
from typing import Protocol

from livekit.protocol import rtc

from chalicelib.contract.ids import PeerId, TrackSid
from media_node.room.data_packets import RELIABLE_LABEL
from media_node.room.effects import ForwardingChanged
from media_node.rtp.downlink import Downlink
from media_node.rtp.parameters import OfferedSection
from media_node.rtp.up_track import UpTrack
from media_node.rtp.uplink import Uplink
from media_node.signalling.negotiation import StartSending, WriteAnswer
from media_node.signalling.sdp_answer import LocalTransport, Placement, Receive, Send, write_answer
from media_node.signalling.session import ClientSession, Effect
from media_node.transport.endpoint import MediaEndpoint

NORMAL_CLOSURE, POLICY_VIOLATION = 1000, 1008  # RFC 6455 section 7.4.1
MAX_EARLY_BYTES = 1024 * 1024  # a client connects in well under a second; this is 16 of the longest messages
_POLICY_REASONS = {"bad_message", "bad_offer", "text_not_supported", "too_many_messages"}


class FrameSink(Protocol):
    """The client's socket, as far as it is written to."""

    def send(self, frame: bytes) -> None:
        """Queue a frame."""

    def close(self, code: int, reason: str) -> None:
        """Close after what is queued."""


class PeerOwner(Protocol):
    """The hosted session that a peer is in."""

    def apply(self, effects: list[Effect]) -> None:
        """Carry out what was decided."""

    def relay_data(self, sender: PeerId, label: str, message: bytes) -> None:
        """Send a data message on."""


class ConnectedPeer:
    """The listener of a peer's transport and the connection behind its socket."""

    def __init__(
        self,
        peer_id: PeerId,
        owner: PeerOwner,
        session: ClientSession,
        socket: FrameSink,
        endpoint: MediaEndpoint,
        now: Callable[[], float],
    ) -> None:
        self.peer_id = peer_id
        self.session = session
        self._owner = owner
        self._socket = socket
        self._now = now
        self._transport = endpoint.open_peer(self, now())
        self.uplink = Uplink(self._transport.send_rtcp)
        self.downlink = Downlink(self._transport.send_rtp, self._transport.send_rtcp)
        self.up_tracks: dict[TrackSid, UpTrack] = {}
        self._paused: dict[TrackSid, bool] = {}  # of every track this peer is sent: what the room wants
        self._reliable_open = False
        self._early: list[bytes] = []  # reliable messages from before the client's data channel was open
        self._early_bytes = 0
        self._remote_ufrag: str | None = None
        self._answers = 0
        self._closed = False

    # From the socket

    def on_frame(self, frame: bytes) -> None:
        """Take one signalling message."""
        self._owner.apply(self.session.on_frame(frame, self._now()))

    def on_text(self) -> None:
        """Refuse a text frame."""
        self._owner.apply(self.session.on_text())

    def on_socket_closed(self) -> None:
        """Take the peer out of the call."""
        self._owner.apply(self.session.on_socket_closed())

    # From the transport

    def on_connected(self) -> None:
        """Begin to send what was agreed on before anything could be sent."""
        for sid in self._paused:
            self._set_paused(sid)
        self._owner.apply(self.session.on_media_connected())

    def on_rtp(self, packet: bytes, now: float) -> None:
        """Forward a packet."""
        self.uplink.handle_rtp(packet, now)

    def on_rtcp(self, packet: bytes, now: float) -> None:
        """A compound packet may speak of both directions."""
        self.uplink.handle_rtcp(packet, now)
        self.downlink.handle_rtcp(packet, now)

    def on_data_open(self, label: str) -> None:
        """Send what came for this peer while it was still connecting."""
        if label == RELIABLE_LABEL:
            early, self._early = self._early, []
            self._early_bytes = 0
            for payload in early:
                self._transport.send_data(label, payload)
            self._reliable_open = True

    def on_data(self, label: str, payload: bytes) -> None:
        """Relay a data packet."""
        self._owner.relay_data(self.peer_id, label, payload)

    def on_closed(self, reason: str) -> None:
        """Without media there is no call."""
        self._owner.apply(self.session.on_media_closed(by_client=reason == "remote_closed"))

    # Effects

    def send(self, response: rtc.SignalResponse) -> None:
        """Send a signalling message."""
        self._socket.send(response.SerializeToString())

    def send_data(self, label: str, payload: bytes) -> bool:
        """Send a data message; False when it is lost. Reliable ones wait while the client is still connecting."""
        if label != RELIABLE_LABEL or self._reliable_open:
            return self._transport.send_data(label, payload)
        if self._early_bytes + len(payload) > MAX_EARLY_BYTES:
            return False
        self._early.append(payload)
        self._early_bytes += len(payload)
        return True

    def start_receiving(self, sid: TrackSid, section: OfferedSection) -> None:
        """Take RTP of a section as a track."""
        self.up_tracks[sid] = self.uplink.add_track(sid, section)

    def stop_receiving(self, sid: TrackSid) -> None:
        """Forget a track that nobody is sent any more."""
        if self.up_tracks.pop(sid, None) is not None:
            self.uplink.remove_track(sid)

    def start_sending(self, plan: StartSending, up: UpTrack) -> bool:
        """Send a track to this peer; False when it has no codec for it."""
        down = self.downlink.add_track(up, plan.section, plan.ssrc, self._now())
        if not down.codecs:
            self.downlink.remove_track(plan.track_sid)
            return False
        self._paused[plan.track_sid] = False
        self._set_paused(plan.track_sid)
        return True

    def stop_sending(self, sid: TrackSid) -> None:
        """Send a track no more."""
        self._paused.pop(sid, None)
        self.downlink.remove_track(sid)

    def set_forwarding(self, change: ForwardingChanged) -> None:
        """Pause, go on, or change the quality of a track that this peer is sent."""
        down = self.downlink.track(change.track_sid)
        if down is not None:
            down.set_max_quality(change.max_quality, self._now())
            self._paused[change.track_sid] = change.paused
            self._set_paused(change.track_sid)

    def write_answer(self, plan: WriteAnswer) -> None:
        """Send the answer to an offer. Raises ValueError when the transport can't work with the offer."""
        self._take_remote(plan)
        placements: dict[str, Placement] = {mid: Receive() for mid in plan.receiving}
        track_ids: dict[str, str] = {}
        for mid, sending in plan.sending.items():
            down = self.downlink.track(sending.track_sid)
            if down is not None:
                track_ids[mid] = sending.track_sid
                placements[mid] = Send(sending.stream_id, sending.track_sid, sending.ssrc, sending.cname, down.codecs)
        transport = self._transport
        local = LocalTransport(
            transport.local_ufrag, transport.local_pwd, transport.fingerprint, tuple(transport.candidates)
        )
        self._answers += 1
        sdp = write_answer(plan.offer, local, placements, int(self.peer_id.replace("-", "")[:12], 16), self._answers)
        answer = rtc.SessionDescription(type="answer", sdp=sdp, id=plan.offer_id, mid_to_track_id=track_ids)
        self.send(rtc.SignalResponse(answer=answer))

    def feedback(self, now: float) -> None:
        """Send the RTCP that is due to this peer as a publisher."""
        for packet in self.uplink.feedback(now):
            self._transport.send_rtcp(packet)

    def close(self, why: str) -> None:
        """End transport and socket."""
        if self._closed:
            return
        self._closed = True
        for sid in list(self._paused):
            self.stop_sending(sid)
        code = POLICY_VIOLATION if why in _POLICY_REASONS else NORMAL_CLOSURE
        self._socket.close(code, why)
        self._transport.close(why)

    def _take_remote(self, plan: WriteAnswer) -> None:
        offer = plan.offer
        if self._remote_ufrag is None:
            self._transport.set_remote(offer.ice_ufrag, offer.ice_pwd, offer.fingerprints, offer.setup)
        elif self._remote_ufrag != offer.ice_ufrag:
            self._transport.restart_ice(offer.ice_ufrag, offer.ice_pwd)
        self._remote_ufrag = offer.ice_ufrag

    def _set_paused(self, sid: TrackSid) -> None:
        down = self.downlink.track(sid)
        if down is None:
            return
        # Nothing goes out before the handshake is done: the key frame would be lost.
        paused = self._paused[sid] or not self._transport.connected
        down.set_paused(paused, self._now())
        if not paused:
            down.on_keyframe_request(self._now())
