"""RTCP as bytes."""

import struct

from media_node.rtp import rtcp


def test_parts_of_a_compound_packet_are_found() -> None:
    fir = struct.pack("!BBHIIIBBBB", 0x84, 206, 4, 1, 0, 77, 3, 0, 0, 0)
    compound = rtcp.receiver_report([]) + rtcp.sender_report(5, 1 << 32, 90, 2, 3) + fir
    compound += rtcp.picture_loss_indication(6)
    assert list(rtcp.parse(compound)) == [
        rtcp.SenderReport(5, 1 << 32, 90),
        rtcp.KeyframeRequest(77),
        rtcp.KeyframeRequest(6),
    ]


def test_a_broken_tail_ends_the_parsing_quietly() -> None:
    good = rtcp.picture_loss_indication(6)
    assert list(rtcp.parse(good + b"\x81\xc8\xff\xff\x00\x00\x00\x00")) == [rtcp.KeyframeRequest(6)]
    assert list(rtcp.parse(b"\x00" * 40)) == []
    assert list(rtcp.parse(b"")) == []


def test_remb_carries_the_bitrate_and_the_ssrcs() -> None:
    packet = rtcp.receiver_estimated_max_bitrate(8_000_000, [3, 4])
    value = int.from_bytes(packet[16:20], "big")
    assert value >> 24 == 2
    assert (value & 0x3FFFF) << (value >> 18 & 0x3F) == 8_000_000
    assert struct.unpack("!II", packet[20:]) == (3, 4)
