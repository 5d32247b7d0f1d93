"""A track that a peer publishes: its simulcast layers, and the loop that forwards each packet to every subscriber.

`UpTrack.forward` is the per-packet path: what is the same for all subscribers is worked out once per incoming packet,
what differs is one struct.pack and one concatenation each (`bench/forward.py` prints what that costs).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from media_node.rtp import rtcp
from media_node.rtp.keyframe import keyframe_test
from media_node.rtp.packet import HEADER, extension_block, header_extensions, payload_offset
from media_node.rtp.parameters import FORWARDED_EXTENSIONS, Codec, OfferedSection
from media_node.rtp.sequence import ReceptionStats, seq_is_newer

if TYPE_CHECKING:
    from media_node.rtp.down_track import DownTrack

KEYFRAME_REQUEST_INTERVAL_S = 0.5  # LiveKit throttles PLI to 500 ms for the lowest layer
LAYER_SILENCE_S = 2.0  # a layer that sent nothing for this long is taken as switched off by its publisher
_RANKS = {"q": 0, "h": 1, "f": 2}  # the rids of every LiveKit client, low to high


class UpLayer:
    """One encoding of a track: a single stream, or one simulcast layer. `rank` orders layers by quality."""

    __slots__ = (
        "highest_seq", "highest_timestamp", "keyframe_requested_at", "last_at", "packets", "rank", "rid", "sr", "sr_at",
        "ssrc", "stats", "track", "wants_keyframe",
    )  # fmt: skip

    def __init__(self, track: "UpTrack", rid: str, rank: int) -> None:
        self.track = track
        self.rid = rid
        self.rank = rank
        self.ssrc = 0
        self.stats: ReceptionStats | None = None
        self.sr: rtcp.SenderReport | None = None
        self.sr_at = 0.0
        self.packets = 0
        self.highest_seq = self.highest_timestamp = 0
        self.last_at = float("-inf")
        self.keyframe_requested_at = float("-inf")
        self.wants_keyframe = False

    def is_live(self, now: float) -> bool:
        """Tell whether packets came lately."""
        return now - self.last_at < LAYER_SILENCE_S

    def begin(self, ssrc: int) -> None:
        """Start over with a new SSRC: the client restarted this encoding."""
        self.ssrc = ssrc
        self.stats = None
        self.sr = None
        self.keyframe_requested_at = float("-inf")


class UpTrack:
    """A published track on its node. `send_pli(layer)` sends the publisher a PLI for a layer at once."""

    def __init__(self, sid: str, section: OfferedSection, send_pli: Callable[[UpLayer], None]) -> None:
        self.sid = sid
        self.kind = section.kind
        self.section = section
        self.paused = False
        self.layers = {rid: UpLayer(self, rid, _RANKS.get(rid, at)) for at, rid in enumerate(section.rids or ("",))}
        self.downs: list[DownTrack] = []
        self.codec: Codec | None = section.codecs[0] if section.codecs else None
        self._send_pli = send_pli
        self._keyframe_tests = {codec.payload_type: keyframe_test(codec.name) for codec in section.codecs}
        # (id at the publisher, URI) of the extensions that subscribers get
        self._forwarded = [(section.extensions[uri], uri) for uri in FORWARDED_EXTENSIONS if uri in section.extensions]

    def forward(self, layer: UpLayer, packet: bytes, now: float) -> None:
        """Forward one RTP packet of `layer` to every subscriber that watches it. Malformed packets go nowhere."""
        first, second, seq, timestamp, _ = HEADER.unpack_from(packet)
        payload_type = second & 0x7F
        is_keyframe = self._keyframe_tests.get(payload_type)
        start = payload_offset(packet)
        if is_keyframe is None or start < 0 or self.paused:
            return
        late = self._count(layer, seq, timestamp, now)
        if not self.downs:
            return
        payload = packet[start:]
        extensions = self._extensions_of(packet) if first & 0x10 and self._forwarded else None
        begins: bool | None = None
        for down in self.downs:
            if down.layer is not layer:
                if down.target is not layer:
                    continue
                if begins is None:
                    begins = is_keyframe(payload)
                if not begins:
                    continue
                down.switch_to(layer, seq, timestamp, now)
            elif late and not seq_is_newer(seq, down.first_seq - 1 & 0xFFFF):
                continue  # from before the switch: its number now belongs to a packet of the old layer
            own_type = down.payload_types.get(payload_type)
            if own_type is None:
                continue
            block = down.extension_block(extensions) if extensions else b""
            down.send_rtp(
                HEADER.pack(
                    0x80 | first & 0x20 | (0x10 if block else 0),
                    second & 0x80 | own_type,
                    seq + down.seq_offset & 0xFFFF,
                    timestamp + down.timestamp_offset & 0xFFFFFFFF,
                    down.ssrc,
                )
                + block
                + payload
            )

    def _count(self, layer: UpLayer, seq: int, timestamp: int, now: float) -> bool:
        """Take a packet into the layer's statistics; tell whether it is older than one seen before."""
        stats = layer.stats
        if stats is None:
            clock_rate = self.codec.clock_rate if self.codec else 90_000
            stats = layer.stats = ReceptionStats(clock_rate, seq)
            layer.highest_seq, layer.highest_timestamp = seq - 1 & 0xFFFF, timestamp
        stats.on_packet(seq, timestamp, now)
        layer.packets += 1
        woke = now - layer.last_at >= LAYER_SILENCE_S
        layer.last_at = now
        if woke:  # a layer that starts or comes back may be the one subscribers want
            for down in self.downs:
                down.retarget(now)
        if not 0 < (seq - layer.highest_seq & 0xFFFF) < 0x8000:
            return True
        layer.highest_seq, layer.highest_timestamp = seq, timestamp
        return False

    def _extensions_of(self, packet: bytes) -> dict[str, bytes]:
        values = header_extensions(packet)
        return {uri: values[own_id] for own_id, uri in self._forwarded if own_id in values}

    def request_keyframe(self, layer: UpLayer, now: float) -> None:
        """Ask the publisher for a key frame of `layer`, at most every KEYFRAME_REQUEST_INTERVAL_S."""
        if self.kind != "video" or not layer.ssrc:
            return
        if now - layer.keyframe_requested_at < KEYFRAME_REQUEST_INTERVAL_S:
            layer.wants_keyframe = True
            return
        layer.keyframe_requested_at = now
        layer.wants_keyframe = False
        self._send_pli(layer)

    def tick(self, now: float) -> None:
        """Do what is due: choose layers again, and ask for the key frames that somebody waits for."""
        for down in self.downs:
            down.retarget(now)
            if down.target is not None and down.target is not down.layer:
                self.request_keyframe(down.target, now)
        for layer in self.layers.values():
            if layer.wants_keyframe:
                self.request_keyframe(layer, now)

    def on_sender_report(self, layer: UpLayer, report: rtcp.SenderReport, now: float) -> None:
        """Keep a sender report and pass it on, so that subscribers keep audio and video in step."""
        layer.sr = report
        layer.sr_at = now
        for down in self.downs:
            if down.layer is layer:
                down.send_sender_report()


def block_for(extensions: dict[str, bytes], ids: dict[str, int]) -> bytes:
    """Return the extension block with a subscriber's own ids."""
    return extension_block({ids[uri]: value for uri, value in extensions.items() if uri in ids})
