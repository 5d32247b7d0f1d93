"""One track on its way to one subscriber: which layer it gets, under which numbers (RFC 3550, RFC 7656 section 3.2)."""

from collections.abc import Callable

from media_node.rtp import rtcp
from media_node.rtp.parameters import Codec, OfferedSection
from media_node.rtp.up_track import UpLayer, UpTrack, block_for

BEST_QUALITY = 2


class DownTrack:
    """A subscription being served. The attributes without underscore are read in `UpTrack.forward`, per packet."""

    __slots__ = (
        "_extension_ids", "_last_at", "_max_quality", "_packets_before", "_paused", "_send_rtcp", "_started", "codecs",
        "first_seq", "last_seq", "last_timestamp", "layer", "payload_types", "send_rtp", "seq_offset", "ssrc",
        "target", "timestamp_offset", "up",
    )  # fmt: skip

    def __init__(
        self,
        up: UpTrack,
        section: OfferedSection,
        ssrc: int,
        send_rtp: Callable[[bytes], None],
        send_rtcp: Callable[[bytes], None],
    ) -> None:
        self.up = up
        self.ssrc = ssrc
        self.send_rtp = send_rtp
        self._send_rtcp = send_rtcp
        pairs = [(codec, section.codec_like(codec)) for codec in up.section.codecs]
        self.payload_types = {codec.payload_type: own.payload_type for codec, own in pairs if own}
        self.codecs: tuple[Codec, ...] = tuple(dict.fromkeys(own for _, own in pairs if own))
        self._extension_ids = section.extensions
        self.layer: UpLayer | None = None
        self.target: UpLayer | None = None
        self.seq_offset = self.timestamp_offset = self.first_seq = 0
        self.last_seq = self.last_timestamp = 0
        self._last_at = 0.0
        self._packets_before = 0
        self._started = False
        self._paused = False
        self._max_quality = BEST_QUALITY

    def set_paused(self, paused: bool, now: float) -> None:
        """Stop or go on sending; video goes on with a key frame."""
        self._paused = paused
        if paused:
            self._leave_layer()
        self.retarget(now)

    def set_max_quality(self, quality: int, now: float) -> None:
        """Send no layer above `quality`: 0 low, 1 medium, 2 high (LiveKit's VideoQuality)."""
        self._max_quality = quality
        self.retarget(now)

    def retarget(self, now: float) -> None:
        """Choose the layer this subscriber should get: the best live one that is allowed, else the lowest live one."""
        if self._paused:
            self.target = None
            return
        live = sorted((layer for layer in self.up.layers.values() if layer.is_live(now)), key=lambda each: each.rank)
        allowed = [layer for layer in live if layer.rank <= self._max_quality] or live[:1]
        if allowed:
            self.target = allowed[-1]

    def switch_to(self, layer: UpLayer, seq: int, timestamp: int, now: float) -> None:
        """Go on with `layer` from its packet (`seq`, `timestamp`), so that the subscriber sees one unbroken stream."""
        previous = self.layer
        self._leave_layer()
        if self._started:
            self.seq_offset = self.last_seq + 1 - seq & 0xFFFF
            self.timestamp_offset = self._continued_timestamp(previous, layer, timestamp, now) - timestamp & 0xFFFFFFFF
        self._started = True
        self.layer = self.target = layer
        self.first_seq = seq
        self._packets_before -= layer.packets - 1
        if layer.sr is not None:
            self.send_sender_report()

    def _leave_layer(self) -> None:
        """Remember the last numbers that went out; nothing is kept per packet for this."""
        if self.layer is None:
            return
        self.last_seq = self.layer.highest_seq + self.seq_offset & 0xFFFF
        self.last_timestamp = self.layer.highest_timestamp + self.timestamp_offset & 0xFFFFFFFF
        self._last_at = self.layer.last_at
        self._packets_before += self.layer.packets
        self.layer = None

    def _continued_timestamp(self, previous: UpLayer | None, layer: UpLayer, timestamp: int, now: float) -> int:
        """Return the outgoing timestamp of the first packet of `layer`, after the last one that went out.

        Layers of one track have unrelated timestamps: sender reports relate them (RFC 3550 section 6.4.1), else the
        time that passed does.
        """
        clock_rate = self.up.codec.clock_rate if self.up.codec else 90_000
        if previous is not None and previous is not layer and previous.sr and layer.sr:
            since_report = _signed(timestamp - layer.sr.timestamp)
            between_reports = (layer.sr.ntp - previous.sr.ntp) * clock_rate + (1 << 31) >> 32
            on_previous = previous.sr.timestamp + between_reports + since_report
            continued = on_previous + self.timestamp_offset & 0xFFFFFFFF
            if 0 < _signed(continued - self.last_timestamp) < 10 * clock_rate:
                return continued
        passed = int(min(max(now - self._last_at, 0.0), 3600.0) * clock_rate)
        return self.last_timestamp + max(1, passed) & 0xFFFFFFFF

    def extension_block(self, extensions: dict[str, bytes]) -> bytes:
        """Return the header extension block for this subscriber."""
        return block_for(extensions, self._extension_ids)

    def send_sender_report(self) -> None:
        """Pass the layer's last sender report on, in this stream's timestamps."""
        layer = self.layer
        if layer is None or layer.sr is None:
            return
        packets = self._packets_before + layer.packets
        timestamp = layer.sr.timestamp + self.timestamp_offset & 0xFFFFFFFF
        # Octets are not kept per subscriber: no receiver uses them, and counting costs on every packet.
        self._send_rtcp(rtcp.sender_report(self.ssrc, layer.sr.ntp, timestamp, packets, 0))

    def on_keyframe_request(self, now: float) -> None:
        """The subscriber lost the picture: hand its PLI or FIR to the publisher of the layer it watches."""
        layer = self.layer or self.target
        if layer is not None:
            self.up.request_keyframe(layer, now)


def _signed(value: int) -> int:
    """Read the low 32 bits of `value` as a signed distance."""
    value &= 0xFFFFFFFF
    return value - 0x1_0000_0000 if value & 0x8000_0000 else value
