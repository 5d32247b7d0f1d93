"""Does a packet begin a key frame? Looks only at the bytes every codec leaves in clear, with E2EE too."""

from collections.abc import Callable


def _vp8(payload: bytes) -> bool:
    """RFC 7741 section 4.2: start of partition 0, and the P bit of the frame header (section 4.3) is 0."""
    if not payload or not payload[0] & 0x10 or payload[0] & 0x07:
        return False
    at = 1
    if payload[0] & 0x80:
        if len(payload) < 2:
            return False
        flags = payload[1]
        at = 2
        if flags & 0x80:
            at += 2 if len(payload) > at and payload[at] & 0x80 else 1
        at += bool(flags & 0x40) + bool(flags & 0x30)
    return len(payload) > at and not payload[at] & 0x01


def _vp9(payload: bytes) -> bool:
    """RFC 9628 section 4.2: no inter-picture prediction (P=0), begin of a frame (B=1), lowest spatial layer."""
    if not payload or payload[0] & 0x40 or not payload[0] & 0x08:
        return False
    if not payload[0] & 0x20:
        return True
    at = 1
    if payload[0] & 0x80:
        at += 2 if len(payload) > 1 and payload[1] & 0x80 else 1
    return len(payload) > at and payload[at] >> 1 & 0x07 == 0


def _h264(payload: bytes) -> bool:
    """RFC 6184 section 5: an IDR slice or SPS, alone, first in a STAP-A, or starting in an FU-A."""
    if not payload:
        return False
    nal_type = payload[0] & 0x1F
    if nal_type == 24:
        return len(payload) > 3 and payload[3] & 0x1F in (5, 7)
    if nal_type == 28:
        return len(payload) > 1 and bool(payload[1] & 0x80) and payload[1] & 0x1F in (5, 7)
    return nal_type in (5, 7)


def _h265(payload: bytes) -> bool:
    """RFC 7798 section 4.4: an IRAP slice (16-21) or VPS/SPS (32, 33), alone, first in an AP (48), or in an FU (49)."""
    if len(payload) < 3:
        return False
    nal_type = payload[0] >> 1 & 0x3F
    if nal_type == 48:
        nal_type = payload[4] >> 1 & 0x3F if len(payload) > 4 else 0
    elif nal_type == 49:
        nal_type = payload[2] & 0x3F if payload[2] & 0x80 else 0
    return 16 <= nal_type <= 21 or nal_type in (32, 33)


def _av1(payload: bytes) -> bool:
    """AV1 RTP specification section 4.4: the N bit, first packet of a coded video sequence."""
    return bool(payload) and bool(payload[0] & 0x08)


_BY_CODEC: dict[str, Callable[[bytes], bool]] = {
    "vp8": _vp8,
    "vp9": _vp9,
    "h264": _h264,
    "h265": _h265,
    "av1": _av1,
}


def keyframe_test(codec_name: str) -> Callable[[bytes], bool]:
    """Return the test for a codec; of one that is not known every packet counts, as for audio."""
    return _BY_CODEC.get(codec_name.lower(), lambda payload: True)
