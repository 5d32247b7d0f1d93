"""Where the parts of an RTP packet are, whatever its bytes say."""

from media_node.rtp.packet import extension_block, header_extensions, payload_offset
from tests.unit.media_node.rtp.packets import rtp


def test_extensions_are_found_in_both_forms() -> None:
    packet = rtp(1, extensions={4: b"mid", 10: b"f"}, payload=b"x")
    assert header_extensions(packet) == {4: b"mid", 10: b"f"}
    assert packet[payload_offset(packet) :] == b"x"
    two_byte = b"\x90" + rtp(1)[1:12] + bytes.fromhex("10000003 04036d6964 000a0166 000000".replace(" ", ""))
    assert header_extensions(two_byte) == {4: b"mid", 10: b"f"}


def test_lengths_that_do_not_add_up_are_refused() -> None:
    assert payload_offset(b"\x90" + rtp(1, payload=b"")[1:]) == -1
    assert payload_offset(b"\x8f" + rtp(1, payload=b"")[1:]) == -1
    lying = bytearray(rtp(1, extensions={4: b"m"}, payload=b""))
    lying[15] = 200
    assert payload_offset(bytes(lying)) == -1


def test_what_does_not_fit_the_one_byte_form_is_left_out() -> None:
    assert extension_block({15: b"x", 3: b"", 4: b"y" * 17}) == b""
    assert header_extensions(b"\x90" + bytes(11) + extension_block({5: b"ab"})) == {5: b"ab"}
