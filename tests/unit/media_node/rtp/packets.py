"""RTP packets made for tests."""

import struct

from media_node.rtp.packet import extension_block
from media_node.rtp.parameters import (
    AUDIO_LEVEL_EXTENSION,
    MID_EXTENSION,
    RID_EXTENSION,
    VIDEO_ORIENTATION_EXTENSION,
    Codec,
    OfferedSection,
)

VP8 = Codec(96, "VP8", 90_000)
H264 = Codec(103, "H264", 90_000, fmtp="packetization-mode=1;profile-level-id=42e01f")
OPUS = Codec(111, "opus", 48_000, channels=2, fmtp="minptime=10;useinbandfec=1")
IDS = {MID_EXTENSION: 4, RID_EXTENSION: 10, VIDEO_ORIENTATION_EXTENSION: 13, AUDIO_LEVEL_EXTENSION: 1}
KEYFRAME = b"\x10\x00payload"
DELTA = b"\x10\x01payload"


def rtp(
    seq: int,
    timestamp: int = 0,
    ssrc: int = 1,
    payload_type: int = 96,
    payload: bytes = DELTA,
    extensions: dict[int, bytes] | None = None,
    marker: bool = False,
) -> bytes:
    block = extension_block(extensions or {})
    header = struct.pack(
        "!BBHII", 0x90 if block else 0x80, (0x80 if marker else 0) | payload_type, seq & 0xFFFF, timestamp, ssrc
    )
    return header + block + payload


def video_section(
    mid: str = "3", rids: tuple[str, ...] = (), ssrcs: tuple[int, ...] = (), **ids: int
) -> OfferedSection:
    return OfferedSection(mid, "video", "sendonly", "cid", (VP8, H264), {**IDS, **ids}, rids, ssrcs)


def audio_section(mid: str = "0", ssrcs: tuple[int, ...] = ()) -> OfferedSection:
    return OfferedSection(mid, "audio", "sendonly", "cid", (OPUS,), IDS, (), ssrcs)


def fields(packet: bytes) -> tuple[int, int, int, int]:
    """Return (payload type, seq, timestamp, ssrc)."""
    _, second, seq, timestamp, ssrc = struct.unpack_from("!BBHII", packet)
    return second & 0x7F, seq, timestamp, ssrc
