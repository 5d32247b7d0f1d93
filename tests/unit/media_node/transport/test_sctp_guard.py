"""Which SCTP packets reach aiortc."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_node.transport.sctp_guard import MAX_CHUNKS, MAX_GAP_SPAN, is_acceptable

HEADER = bytes(12)
INIT_FIELDS = bytes(16)


def chunk(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("!BBH", kind, 0, len(body) + 4) + body + bytes(-len(body) % 4)


def sack(*gaps: tuple[int, int], duplicates: int = 0) -> bytes:
    blocks = b"".join(struct.pack("!HH", *gap) for gap in gaps)
    return chunk(3, struct.pack("!LLHH", 0, 0, len(gaps), duplicates) + blocks + bytes(4 * duplicates))


def param(kind: int, value: bytes = b"") -> bytes:
    return struct.pack("!HH", kind, len(value) + 4) + value + bytes(-len(value) % 4)


@pytest.mark.parametrize(
    "chunks",
    [
        chunk(0, bytes(12) + b"x"),
        chunk(0, bytes(12) + b"x") + sack(),
        chunk(1, INIT_FIELDS + param(0xC000) + param(0x8008, b"\xc0\x82")),
        chunk(2, INIT_FIELDS + param(7, bytes(24))),
        sack((2, 3), (5, 5), duplicates=1),
        chunk(4, param(1, bytes(8))),
        chunk(6),
        chunk(7, bytes(4)),
        chunk(10, bytes(24)),
        chunk(130, param(13, bytes(12)) + param(16, bytes(8))),
        chunk(192, bytes(4)),
        chunk(192, bytes(12)),
        chunk(63, b"unknown kinds are skipped"),
    ],
)
def test_ordinary_packets_pass(chunks: bytes) -> None:
    assert is_acceptable(HEADER + chunks)


@pytest.mark.parametrize(
    "chunks",
    [
        b"",
        b"\x00\x00",
        struct.pack("!BBH", 0, 0, 3),
        struct.pack("!BBH", 0, 0, 400),
        chunk(0, bytes(12)),
        chunk(1, INIT_FIELDS) + chunk(10),
        chunk(10) + chunk(1, INIT_FIELDS),
        chunk(1, bytes(15)),
        chunk(1, INIT_FIELDS + struct.pack("!HH", 1, 0)),
        chunk(4, struct.pack("!HH", 1, 0)),
        chunk(4, struct.pack("!HH", 1, 40)),
        chunk(6, struct.pack("!HH", 1, 3)),
        sack((1, MAX_GAP_SPAN + 1)),
        sack((5, 4)),
        sack((0, 4)),
        chunk(3, struct.pack("!LLHH", 0, 0, 3, 0)),
        chunk(3, bytes(8)),
        chunk(7, bytes(3)),
        chunk(192, bytes(6)),
        chunk(192),
        chunk(130, param(13, bytes(13))),
        chunk(130, param(16, bytes(12))),
        chunk(130, struct.pack("!HH", 13, 0)),
        chunk(63) * (MAX_CHUNKS + 1),
    ],
)
def test_packets_that_break_or_exhaust_aiortc_do_not(chunks: bytes) -> None:
    assert not is_acceptable(HEADER + chunks)


@given(st.binary(max_size=300))
def test_any_bytes_are_judged_without_an_exception(noise: bytes) -> None:
    is_acceptable(noise)
    is_acceptable(HEADER + chunk(3, noise))
    is_acceptable(HEADER + chunk(130, noise))
