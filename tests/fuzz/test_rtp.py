"""Invariant: no bytes of a client, as RTP or RTCP, raise an error or reach a subscriber under a foreign SSRC."""

from hypothesis import given, settings
from hypothesis import strategies as st

from media_node.rtp import rtcp
from media_node.rtp.downlink import Downlink
from media_node.rtp.packet import header_extensions, payload_offset
from media_node.rtp.uplink import Uplink
from tests.unit.media_node.rtp.packets import rtp, video_section

packets = st.one_of(
    st.binary(max_size=200),
    st.builds(
        lambda seq, ssrc, payload, mid, rid, cut: rtp(
            seq, 0, ssrc, payload=payload, extensions={4: mid or b"3", 10: rid or b"q"}
        )[: len(payload) + 40 - cut],
        st.integers(0, 65535),
        st.integers(0, 3),
        st.binary(max_size=40),
        st.binary(max_size=3),
        st.sampled_from([b"q", b"h", b"f", b"\xff"]),
        st.integers(0, 60),
    ),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(packets, max_size=30))
def test_no_packet_breaks_forwarding(stream: list[bytes]) -> None:
    sent: list[bytes] = []
    uplink, downlink = Uplink(lambda packet: None), Downlink(sent.append, lambda packet: None)
    track = uplink.add_track("TR_v", video_section(rids=("q", "h", "f")))
    downlink.add_track(track, video_section("5"), 77, 0.0)
    for at, packet in enumerate(stream):
        uplink.handle_rtp(packet, at / 50)
        uplink.handle_rtcp(packet, at / 50)
        downlink.handle_rtcp(packet, at / 50)
        uplink.feedback(at / 50)
    assert all(int.from_bytes(packet[8:12], "big") == 77 for packet in sent)


@settings(max_examples=300, deadline=None)
@given(st.binary(min_size=12, max_size=300))
def test_no_header_breaks_the_parser(packet: bytes) -> None:
    assert -1 <= payload_offset(packet) <= len(packet)
    assert all(isinstance(value, bytes) for value in header_extensions(packet).values())
    list(rtcp.parse(packet))
