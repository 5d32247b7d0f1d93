"""From a publisher's packets to a subscriber's: uplink, up track, down track and downlink together."""

import struct
from dataclasses import replace

from media_node.rtp import rtcp
from media_node.rtp.downlink import Downlink
from media_node.rtp.packet import header_extensions, payload_offset
from media_node.rtp.parameters import MID_EXTENSION, Codec
from media_node.rtp.up_track import UpTrack
from media_node.rtp.uplink import Uplink
from tests.unit.media_node.rtp.packets import (
    DELTA,
    H264,
    KEYFRAME,
    VP8,
    audio_section,
    fields,
    rtp,
    video_section,
)


class Call:
    """One publisher and one subscriber, with everything they are sent."""

    def __init__(self) -> None:
        self.to_publisher: list[bytes] = []
        self.rtp: list[bytes] = []
        self.rtcp: list[bytes] = []
        self.up = Uplink(self.to_publisher.append)
        self.down = Downlink(self.rtp.append, self.rtcp.append)

    def simulcast(self) -> UpTrack:
        track = self.up.add_track("TR_v", video_section(rids=("q", "h", "f")))
        self.down.add_track(track, video_section("5"), 77, 0.0)
        return track

    def layer_packet(self, rid: str, seq: int, timestamp: int, now: float, payload: bytes = DELTA) -> None:
        ssrc = {"q": 100, "h": 200, "f": 300}[rid]
        ids = {4: b"3", 10: rid.encode()}
        self.up.handle_rtp(rtp(seq, timestamp, ssrc, payload=payload, extensions=ids), now)

    def plis(self) -> list[int]:
        parts = [part for packet in self.to_publisher for part in rtcp.parse(packet)]
        return [part.media_ssrc for part in parts if isinstance(part, rtcp.KeyframeRequest)]


def test_audio_goes_on_at_once_with_the_subscribers_own_numbers() -> None:
    call = Call()
    track = call.up.add_track("TR_a", audio_section(ssrcs=(9,)))
    own = replace(audio_section("1"), codecs=(Codec(100, "OPUS", 48_000, 2),))
    call.down.add_track(track, own, 77, 0.0)
    call.up.handle_rtp(rtp(65535, 1000, 9, 111, b"opus"), 1.0)
    call.up.handle_rtp(rtp(0, 1960, 9, 111, b"opus"), 1.02)
    assert [fields(packet) for packet in call.rtp] == [(100, 65535, 1000, 77), (100, 0, 1960, 77)]
    assert call.rtp[0].endswith(b"opus")


def test_video_starts_with_a_key_frame_and_asks_for_one() -> None:
    call = Call()
    track = call.up.add_track("TR_v", video_section(ssrcs=(9,)))
    call.up.handle_rtp(rtp(1, ssrc=9, payload=KEYFRAME), 1.0)
    call.down.add_track(track, video_section("5"), 77, 1.1)
    assert call.plis() == [9]
    call.up.handle_rtp(rtp(2, ssrc=9, payload=DELTA), 1.2)
    assert call.rtp == []
    call.up.handle_rtp(rtp(3, ssrc=9, payload=KEYFRAME), 1.3)
    assert [fields(packet)[1] for packet in call.rtp] == [3]


def test_key_frame_requests_of_many_subscribers_become_one() -> None:
    call = Call()
    track = call.up.add_track("TR_v", video_section(ssrcs=(9,)))
    call.up.handle_rtp(rtp(1, ssrc=9, payload=KEYFRAME), 1.0)
    for ssrc in range(50, 60):
        Downlink(lambda packet: None, lambda packet: None).add_track(track, video_section("5"), ssrc, 1.1)
    assert call.plis() == [9]
    call.up.feedback(1.2)
    assert call.plis() == [9]
    call.up.feedback(1.7)
    assert call.plis() == [9, 9]


def test_a_lost_picture_is_asked_for_at_the_publisher() -> None:
    call = Call()
    track = call.up.add_track("TR_v", video_section(ssrcs=(9,)))
    call.down.add_track(track, video_section("5"), 77, 1.0)
    call.up.handle_rtp(rtp(1, ssrc=9, payload=KEYFRAME), 1.0)
    call.down.handle_rtcp(rtcp.picture_loss_indication(77), 3.0)
    assert call.plis() == [9]
    call.down.handle_rtcp(rtcp.picture_loss_indication(12345), 9.0)
    assert call.plis() == [9]


def test_the_best_simulcast_layer_is_chosen_and_the_switch_leaves_no_gap() -> None:
    call = Call()
    call.simulcast()
    call.layer_packet("q", 1000, 90_000, 1.0, KEYFRAME)
    call.layer_packet("q", 1001, 93_000, 1.033)
    call.layer_packet("f", 5, 4_000_000, 1.05)  # a delta of a better layer: not before its key frame
    assert [fields(packet)[1] for packet in call.rtp] == [1000, 1001]
    call.up.feedback(1.06)
    assert 300 in call.plis()
    call.layer_packet("f", 6, 4_003_000, 1.133, KEYFRAME)
    call.layer_packet("q", 1002, 96_000, 1.14)
    call.layer_packet("f", 7, 4_006_000, 1.166)
    numbers = [fields(packet) for packet in call.rtp]
    assert [seq for _, seq, _, _ in numbers] == [1000, 1001, 1002, 1003]
    timestamps = [timestamp for _, _, timestamp, _ in numbers]
    assert timestamps == [90_000, 93_000, 102_000, 105_000]
    assert {ssrc for *_, ssrc in numbers} == {77}


def test_a_layer_switch_follows_sender_reports_where_there_are_some() -> None:
    call = Call()
    call.simulcast()
    call.layer_packet("q", 1, 90_000, 1.0, KEYFRAME)
    call.up.handle_rtcp(rtcp.sender_report(100, 10 << 32, 90_000, 0, 0), 1.0)
    call.layer_packet("f", 1, 5_000, 1.0)
    call.up.handle_rtcp(rtcp.sender_report(300, 10 << 32, 5_000, 0, 0), 1.0)
    call.layer_packet("f", 2, 5_000 + 9_000, 1.4, KEYFRAME)
    assert fields(call.rtp[-1])[2] == 99_000  # 0.1 s later by the publisher's clock, though it arrived 0.4 s later


def test_a_subscriber_that_wants_less_gets_a_lower_layer() -> None:
    call = Call()
    call.simulcast()
    down = call.down.track("TR_v")
    assert down is not None
    for rid in ("q", "h", "f"):
        call.layer_packet(rid, 1, 0, 1.0, KEYFRAME)
    down.set_max_quality(0, 1.1)
    call.layer_packet("f", 2, 3_000, 1.1)
    call.layer_packet("q", 2, 3_000, 1.1, KEYFRAME)
    assert down.layer is not None
    assert down.layer.rid == "q"


def test_a_layer_that_stops_is_left_for_the_next_best() -> None:
    call = Call()
    call.simulcast()
    call.layer_packet("f", 1, 0, 1.0, KEYFRAME)
    call.layer_packet("q", 1, 0, 1.0, KEYFRAME)
    call.layer_packet("q", 2, 0, 4.0)
    call.up.feedback(4.1)
    assert 100 in call.plis()
    call.layer_packet("q", 3, 0, 4.2, KEYFRAME)
    down = call.down.track("TR_v")
    assert down is not None
    assert down.layer is not None
    assert down.layer.rid == "q"


def test_pausing_sends_nothing_and_resuming_leaves_no_gap() -> None:
    call = Call()
    track = call.up.add_track("TR_a", audio_section(ssrcs=(9,)))
    down = call.down.add_track(track, audio_section("1"), 77, 0.0)
    call.up.handle_rtp(rtp(10, 0, 9, 111), 1.0)
    down.set_paused(True, 1.01)
    call.up.handle_rtp(rtp(11, 960, 9, 111), 1.02)
    down.set_paused(False, 1.5)
    call.up.handle_rtp(rtp(40, 28_800, 9, 111), 1.6)
    assert [fields(packet)[1] for packet in call.rtp] == [10, 11]


def test_a_paused_track_goes_nowhere() -> None:
    call = Call()
    track = call.up.add_track("TR_a", audio_section(ssrcs=(9,)))
    call.down.add_track(track, audio_section("1"), 77, 0.0)
    track.paused = True
    call.up.handle_rtp(rtp(10, 0, 9, 111), 1.0)
    assert call.rtp == []


def test_a_packet_from_before_the_switch_is_not_sent_under_an_old_number() -> None:
    call = Call()
    call.simulcast()
    call.layer_packet("f", 8, 0, 1.0, KEYFRAME)
    call.layer_packet("f", 7, 0, 1.01)
    call.layer_packet("f", 9, 0, 1.02)
    assert [fields(packet)[1] for packet in call.rtp] == [8, 9]


def test_reordered_packets_keep_their_place() -> None:
    call = Call()
    track = call.up.add_track("TR_a", audio_section(ssrcs=(9,)))
    call.down.add_track(track, audio_section("1"), 77, 0.0)
    for seq in (10, 12, 11, 13):
        call.up.handle_rtp(rtp(seq, 0, 9, 111), 1.0)
    assert [fields(packet)[1] for packet in call.rtp] == [10, 12, 11, 13]


def test_only_meaningful_extensions_reach_the_subscriber_under_its_own_ids() -> None:
    call = Call()
    track = call.up.add_track("TR_v", video_section())
    own = replace(video_section("5"), extensions={"urn:3gpp:video-orientation": 7})
    call.down.add_track(track, own, 77, 0.0)
    call.up.handle_rtp(rtp(1, payload=KEYFRAME, extensions={4: b"3", 13: b"\x01", 2: b"abc"}), 1.0)
    assert header_extensions(call.rtp[0]) == {7: b"\x01"}
    assert call.rtp[0][payload_offset(call.rtp[0]) :] == KEYFRAME
    call.up.handle_rtp(rtp(2, payload=DELTA, extensions={4: b"3"}), 1.0)
    assert call.rtp[1][0] & 0x10 == 0
    assert call.rtp[1][12:] == DELTA


def test_a_codec_the_subscriber_lacks_is_not_sent() -> None:
    call = Call()
    track = call.up.add_track("TR_v", video_section(ssrcs=(9,)))
    down = call.down.add_track(track, replace(video_section("5"), codecs=(VP8,)), 77, 0.0)
    assert down.codecs == (VP8,)
    call.up.handle_rtp(rtp(1, ssrc=9, payload_type=H264.payload_type, payload=b"\x67sps"), 1.0)
    assert call.rtp == []


def test_a_later_section_without_rids_does_not_hide_the_layers_of_an_earlier_one() -> None:
    call = Call()
    call.simulcast()
    call.up.add_track("TR_a", replace(audio_section("0"), extensions={MID_EXTENSION: 4}))
    call.layer_packet("q", 1, 0, 1.0, KEYFRAME)
    assert len(call.rtp) == 1


def test_packets_of_no_accepted_track_are_counted_and_dropped() -> None:
    call = Call()
    call.simulcast()
    call.up.handle_rtp(b"\x80", 1.0)
    call.up.handle_rtp(rtp(1, ssrc=4711), 1.0)
    call.up.handle_rtp(rtp(1, ssrc=4711, extensions={4: b"9", 10: b"q"}), 1.0)
    call.up.handle_rtp(rtp(1, ssrc=4711, extensions={4: b"3", 10: b"zz"}), 1.0)
    assert call.up.unroutable == 4
    assert call.rtp == []


def test_a_payload_type_that_was_not_negotiated_is_dropped() -> None:
    call = Call()
    track = call.up.add_track("TR_a", audio_section(ssrcs=(9,)))
    call.down.add_track(track, audio_section("1"), 77, 0.0)
    call.up.handle_rtp(rtp(1, ssrc=9, payload_type=8), 1.0)
    assert call.rtp == []


def test_changing_ssrcs_do_not_grow_the_table() -> None:
    call = Call()
    call.simulcast()
    for ssrc in range(1000, 3000):
        call.up.handle_rtp(rtp(1, ssrc=ssrc, payload=KEYFRAME, extensions={4: b"3", 10: b"q"}), 1.0)
    assert len(call.up._by_ssrc) == 1


def test_sender_reports_are_passed_on_in_the_subscribers_timestamps() -> None:
    call = Call()
    track = call.up.add_track("TR_a", audio_section(ssrcs=(9,)))
    call.down.add_track(track, audio_section("1"), 77, 0.0)
    call.up.handle_rtp(rtp(1, 500, 9, 111), 1.0)
    call.up.handle_rtcp(rtcp.sender_report(9, 123 << 32, 480, 1, 1), 1.1)
    assert list(rtcp.parse(call.rtcp[0])) == [rtcp.SenderReport(77, 123 << 32, 480)]


def test_feedback_reports_loss_and_an_estimate_to_the_publisher() -> None:
    call = Call()
    call.up.add_track("TR_a", audio_section(ssrcs=(9,)))
    for seq in (1, 2, 4):
        call.up.handle_rtp(rtp(seq, 0, 9, 111), 1.0)
    report, estimate = call.up.feedback(1.1)
    assert report[1] == rtcp.RECEIVER_REPORT
    ssrc, lost, highest = struct.unpack_from("!III", report, 8)
    assert (ssrc, lost >> 24, lost & 0xFFFFFF, highest) == (9, 64, 1, 4)
    assert estimate[12:16] == b"REMB"
    assert call.up.feedback(1.2) == []


def test_a_removed_track_is_gone_on_both_sides() -> None:
    call = Call()
    track = call.up.add_track("TR_a", audio_section(ssrcs=(9,)))
    call.down.add_track(track, audio_section("1"), 77, 0.0)
    call.down.remove_track("TR_a")
    call.down.remove_track("TR_a")
    call.up.remove_track("TR_a")
    call.up.handle_rtp(rtp(1, 0, 9, 111), 1.0)
    assert (call.rtp, track.downs, call.up.unroutable) == ([], [], 1)
