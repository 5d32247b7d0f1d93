"""Everything one peer publishes: from a packet to its track and layer, and the RTCP that goes back to the publisher."""

from collections.abc import Callable

from media_node.rtp import rtcp
from media_node.rtp.packet import HEADER_SIZE, header_extensions
from media_node.rtp.parameters import MID_EXTENSION, RID_EXTENSION, OfferedSection
from media_node.rtp.up_track import UpLayer, UpTrack

REPORT_INTERVAL_S = 1.0
# Without any estimate libwebrtc never starts the top simulcast layer; every 300 ms is enough (measured).
ESTIMATE_INTERVAL_S = 0.3
DEFAULT_MAX_BITRATE = 8_000_000


class Uplink:
    """Demultiplexes a peer's RTP by SSRC, first seen through MID and RID (RFC 8843 section 9.2, RFC 8852)."""

    def __init__(self, send_rtcp: Callable[[bytes], None], max_bitrate: int = DEFAULT_MAX_BITRATE) -> None:
        self._send_rtcp = send_rtcp
        self._max_bitrate = max_bitrate
        self._tracks: dict[str, UpTrack] = {}
        self._by_mid: dict[str, UpTrack] = {}
        self._by_ssrc: dict[int, UpLayer] = {}
        self._extension_ids: dict[str, int] = {}
        self._reported_at = self._estimated_at = float("-inf")
        self.unroutable = 0

    def add_track(self, sid: str, section: OfferedSection) -> UpTrack:
        """Take RTP of `section` as track `sid` from now on."""
        track = UpTrack(sid, section, lambda layer: self._send_rtcp(rtcp.picture_loss_indication(layer.ssrc)))
        self._tracks[sid] = track
        self._by_mid[section.mid] = track
        # The sections of a bundle agree on ids, but not every section has every extension (RFC 8843 section 9.4).
        self._extension_ids.update(section.extensions)
        if not section.rids and section.ssrcs:
            self._bind(track.layers[""], section.ssrcs[0])
        return track

    def remove_track(self, sid: str) -> None:
        """Forget a track; its subscribers must have been removed before."""
        track = self._tracks.pop(sid, None)
        if track is None:
            return
        self._by_mid = {mid: each for mid, each in self._by_mid.items() if each is not track}
        self._by_ssrc = {ssrc: layer for ssrc, layer in self._by_ssrc.items() if layer.track is not track}

    def handle_rtp(self, packet: bytes, now: float) -> None:
        """Forward one decrypted RTP packet; one that belongs to no accepted track is counted and dropped."""
        if len(packet) < HEADER_SIZE:
            self.unroutable += 1
            return
        ssrc = int.from_bytes(packet[8:12], "big")
        layer = self._by_ssrc.get(ssrc) or self._first_packet(packet, ssrc)
        if layer is None:
            self.unroutable += 1
            return
        layer.track.forward(layer, packet, now)

    def _first_packet(self, packet: bytes, ssrc: int) -> UpLayer | None:
        values = header_extensions(packet)
        mid = values.get(self._extension_ids.get(MID_EXTENSION, 0), b"").decode("ascii", "replace")
        track = self._by_mid.get(mid)
        if track is None:
            return None
        rid = values.get(self._extension_ids.get(RID_EXTENSION, 0), b"").decode("ascii", "replace")
        layer = track.layers.get(rid if track.section.rids else "")
        if layer is not None:
            self._bind(layer, ssrc)
        return layer

    def _bind(self, layer: UpLayer, ssrc: int) -> None:
        # One SSRC per layer: the table can't grow with what a client sends.
        self._by_ssrc.pop(layer.ssrc, None)
        layer.begin(ssrc)
        self._by_ssrc[ssrc] = layer

    def handle_rtcp(self, packet: bytes, now: float) -> None:
        """Take the publisher's sender reports out of a compound packet."""
        for part in rtcp.parse(packet):
            if isinstance(part, rtcp.SenderReport):
                layer = self._by_ssrc.get(part.ssrc)
                if layer is not None:
                    layer.track.on_sender_report(layer, part, now)

    def feedback(self, now: float) -> list[bytes]:
        """Return the RTCP due to the publisher, and let tracks ask for key frames. Call about every 100 ms."""
        for track in self._tracks.values():
            track.tick(now)
        live = [layer for layer in self._by_ssrc.values() if layer.stats is not None]
        if not live:
            return []
        due = []
        if now - self._reported_at >= REPORT_INTERVAL_S:
            self._reported_at = now
            for at in range(0, len(live), 31):
                due.append(rtcp.receiver_report([_block(layer, now) for layer in live[at : at + 31]]))
        if now - self._estimated_at >= ESTIMATE_INTERVAL_S:
            self._estimated_at = now
            due.append(rtcp.receiver_estimated_max_bitrate(self._max_bitrate, [layer.ssrc for layer in live[:255]]))
        return due


def _block(layer: UpLayer, now: float) -> rtcp.ReportBlock:
    assert layer.stats is not None
    last_sr = delay = 0
    if layer.sr is not None:  # middle 32 bits of the NTP time, and the delay in 1/65536 s (RFC 3550 section 6.4.1)
        last_sr = layer.sr.ntp >> 16 & 0xFFFFFFFF
        delay = min(int((now - layer.sr_at) * 65536), 0xFFFFFFFF)
    return rtcp.ReportBlock(layer.ssrc, *layer.stats.report(), last_sr=last_sr, delay_since_last_sr=delay)
