"""Offers in, answers out."""

from pathlib import Path

import pytest

from media_node.rtp.parameters import MID_EXTENSION, RID_EXTENSION
from media_node.signalling.sdp_answer import LocalTransport, Receive, Send, write_answer
from media_node.signalling.sdp_offer import MAX_SDP_CHARS, SdpError, parse_offer

LOCAL = LocalTransport("ufragufrag", "p" * 24, "AA:BB", ("1 1 udp 2130706431 127.0.0.1 7882 typ host",))
TRANSPORT = "a=ice-ufrag:abcd\r\na=ice-pwd:" + "p" * 24 + "\r\na=fingerprint:sha-256 AA:BB\r\na=setup:actpass\r\n"
# An offer as livekit's Python SDK 1.2.0 sends it when it joins: three places to receive of each kind, and data.
JOIN_OFFER = (Path(__file__).parent / "python_sdk_join_offer.sdp").read_text()


def offer_with(section: str) -> str:
    return "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=extmap-allow-mixed\r\n" + TRANSPORT + section


SIMULCAST = offer_with(
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97 103\r\na=mid:7\r\na=sendonly\r\na=msid:stream track-1\r\n"
    "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n"
    "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"
    "a=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=rtpmap:103 H264/90000\r\n"
    "a=fmtp:103 packetization-mode=1;profile-level-id=42e01f\r\n"
    "a=rid:q send\r\na=rid:h send\r\na=rid:f send\r\na=simulcast:send q;h;f\r\n"
)


def test_a_real_join_offer_is_understood() -> None:
    offer = parse_offer(JOIN_OFFER)
    assert [(section.mid, section.kind, section.direction) for section in offer.sections] == [
        ("0", "audio", "recvonly"),
        ("1", "audio", "recvonly"),
        ("2", "audio", "recvonly"),
        ("3", "video", "recvonly"),
        ("4", "video", "recvonly"),
        ("5", "video", "recvonly"),
        ("6", "application", "sendrecv"),
    ]
    assert [codec.name for codec in offer.sections[0].codecs] == ["opus"]
    assert {codec.name for codec in offer.sections[3].codecs} == {"VP8", "VP9", "H264", "AV1"}
    assert (offer.setup, offer.fingerprints[0][0], offer.extmap_allow_mixed) == ("actpass", "sha-256", True)


def test_a_simulcast_section_keeps_its_layers_and_loses_what_is_not_supported() -> None:
    (section,) = parse_offer(SIMULCAST).sections
    assert section.rids == ("q", "h", "f")
    assert section.track_id == "track-1"
    assert [codec.name for codec in section.codecs] == ["VP8", "H264"]
    assert section.extensions == {MID_EXTENSION: 4, RID_EXTENSION: 10}


def test_the_answer_receives_where_a_track_was_accepted_and_nowhere_else() -> None:
    offer = parse_offer(SIMULCAST)
    accepted = write_answer(offer, LOCAL, {"7": Receive()}, 5, 1)
    assert "a=recvonly\r\n" in accepted
    assert "a=simulcast:recv q;h;f\r\n" in accepted
    assert "a=rid:h recv\r\n" in accepted
    assert "transport-wide" not in accepted
    refused = write_answer(offer, LOCAL, {}, 5, 2)
    assert "a=inactive\r\n" in refused
    assert "simulcast" not in refused
    assert "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n" in refused


def test_the_answer_is_one_ice_lite_bundle_with_the_node_as_dtls_server() -> None:
    answer = write_answer(parse_offer(JOIN_OFFER), LOCAL, {}, 5, 3)
    assert "o=- 5 3 IN IP4 127.0.0.1\r\n" in answer
    assert "a=group:BUNDLE 0 1 2 3 4 5 6\r\n" in answer
    assert answer.index("a=ice-lite") < answer.index("m=audio")
    assert answer.count("a=setup:passive") == answer.count("a=fingerprint:sha-256 AA:BB") == 7
    assert "a=candidate:1 1 udp 2130706431 127.0.0.1 7882 typ host\r\n" in answer
    assert "a=sctp-port:5000" in answer


def test_a_track_is_sent_under_its_own_name_and_ssrc() -> None:
    offer = parse_offer(JOIN_OFFER)
    codec = offer.sections[3].codecs[0]
    answer = write_answer(offer, LOCAL, {"3": Send("PA_x|TR_y", "TR_y", 77, "PA_x", (codec,))}, 5, 1)
    section = answer.split("m=video")[1]
    assert section.startswith(" 9 UDP/TLS/RTP/SAVPF 96\r\n")
    assert "a=sendonly" in section
    assert "a=msid:PA_x|TR_y TR_y" in section
    assert "a=ssrc:77 cname:PA_x" in section


def test_a_section_without_a_common_codec_is_rejected_and_stays_out_of_the_bundle() -> None:
    offer = parse_offer(offer_with("m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=rtpmap:0 PCMU/8000\r\n"))
    answer = write_answer(offer, LOCAL, {}, 5, 1)
    assert "m=audio 0 " in answer
    assert "a=group:BUNDLE \r\n" in answer


def test_the_node_takes_the_active_role_when_the_client_wants_to_be_passive() -> None:
    offer = parse_offer(SIMULCAST.replace("actpass", "passive"))
    assert "a=setup:active" in write_answer(offer, LOCAL, {}, 5, 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v=0\r\n",
        "x" * (MAX_SDP_CHARS + 1),
        offer_with("m=audio 9 x 111\r\na=mid:0\r\n" * 2),
        offer_with("m=audio 9 x 111\r\n"),
        offer_with("m=text 9 x 111\r\na=mid:0\r\n"),
        offer_with("".join(f"m=audio 9 x 111\r\na=mid:{number}\r\n" for number in range(300))),
        offer_with("m=audio 9 x 111\r\na=mid:0\r\n" + "a=x:y\r\n" * 600),
        SIMULCAST.replace("a=ice-ufrag:abcd\r\n", ""),
        SIMULCAST.replace("a=fingerprint", "a=fingerpaint"),
        SIMULCAST.replace("actpass", "holdconn"),
        SIMULCAST.replace("a=mid:7", "a=mid:7 7"),
    ],
)
def test_an_offer_that_cannot_be_negotiated_is_refused(text: str) -> None:
    with pytest.raises(SdpError):
        parse_offer(text)


def test_hostile_numbers_and_names_are_left_out() -> None:
    text = SIMULCAST.replace("a=extmap:4 ", "a=extmap:4000000000000 ").replace("a=rid:q send", "a=rid:q;x send")
    text = text.replace("a=rtpmap:96 VP8/90000", "a=rtpmap:96 VP8/99999999999999")
    (section,) = parse_offer(text).sections
    assert MID_EXTENSION not in section.extensions
    assert section.rids == ("h", "f")
    assert [codec.name for codec in section.codecs] == ["H264"]
