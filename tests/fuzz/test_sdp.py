"""Invariant: any text is either parsed or refused with SdpError, and what is parsed can be answered line by line."""

from hypothesis import given, settings
from hypothesis import strategies as st

from media_node.signalling.sdp_answer import LocalTransport, Receive, write_answer
from media_node.signalling.sdp_offer import SdpError, parse_offer
from tests.unit.media_node.signalling.test_sdp import JOIN_OFFER, SIMULCAST

lines = st.lists(st.sampled_from((JOIN_OFFER + SIMULCAST).splitlines()) | st.text(max_size=60), max_size=80)
mangled = st.builds(
    lambda text, at, size, piece: text[:at] + piece + text[at + size :],
    st.sampled_from([JOIN_OFFER, SIMULCAST]),
    st.integers(0, 8000),
    st.integers(0, 40),
    st.text(max_size=20),
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(lines.map("\r\n".join), mangled, st.text(max_size=300)))
def test_no_offer_breaks_the_parser(text: str) -> None:
    try:
        offer = parse_offer(text)
    except SdpError:
        return
    local = LocalTransport("ufrag", "p" * 24, "AA", ())
    answer = write_answer(offer, local, {section.mid: Receive() for section in offer.sections}, 1, 1)
    assert all(line[1:2] == "=" for line in answer.removesuffix("\r\n").split("\r\n"))
