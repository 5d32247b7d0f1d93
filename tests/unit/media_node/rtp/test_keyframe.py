"""Key frames are told apart by the bytes that every codec leaves in clear."""

import pytest

from media_node.rtp.keyframe import keyframe_test

CASES = [
    ("VP8", "1000", True),  # start of partition 0, P=0
    ("VP8", "1001", False),
    ("VP8", "0000", False),  # a later packet of the frame
    ("VP8", "9080812300", True),  # X, I with a 15-bit picture id
    ("VP8", "9080812301", False),
    ("VP8", "90e0812345a000", True),  # picture id, TL0PICIDX, TID/KEYIDX
    ("VP8", "90", False),
    ("VP9", "0800", True),
    ("VP9", "4800", False),  # inter-predicted
    ("VP9", "0000", False),  # not the beginning
    ("VP9", "28 02".replace(" ", ""), False),  # a higher spatial layer
    ("H264", "65", True),
    ("H264", "67", True),
    ("H264", "41", False),
    ("H264", "78000567", True),  # STAP-A with an SPS first
    ("H264", "7c85", True),  # FU-A, start of an IDR slice
    ("H264", "7c05", False),
    ("H265", "2601ff", True),  # IDR_W_RADL
    ("H265", "0201ff", False),
    ("H265", "620193", True),  # FU, start of IDR
    ("AV1", "08", True),
    ("AV1", "10", False),
    ("opus", "", True),
]


@pytest.mark.parametrize(("codec", "payload", "expected"), CASES)
def test_a_key_frame_is_seen(codec: str, payload: str, expected: bool) -> None:
    assert keyframe_test(codec)(bytes.fromhex(payload)) is expected


@pytest.mark.parametrize("codec", ["vp8", "vp9", "h264", "h265", "av1"])
def test_short_payloads_are_no_key_frames_and_no_errors(codec: str) -> None:
    for first in range(256):
        for length in range(4):
            keyframe_test(codec)(bytes([first] * length))
    assert keyframe_test(codec)(b"") is False
