"""The pure parts of the DTLS link: cutting OpenSSL's output, and driving coroutines that never wait."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_node.transport.dtls import pack_records, run_without_waiting


def record(size: int) -> bytes:
    return b"\x16\xfe\xfd" + bytes(8) + size.to_bytes(2, "big") + bytes([size % 251]) * size


def test_records_share_a_datagram_while_they_fit_and_are_never_cut() -> None:
    first, second, third = record(500), record(600), record(700)
    assert pack_records(first + second + third, 1240) == [first + second, third]
    assert pack_records(record(2000) + first, 1240) == [record(2000), first]
    assert pack_records(b"", 1240) == []


def test_a_dtls_1_3_record_is_cut_by_its_own_length() -> None:
    with_length = b"\x2c\x00\x01" + (900).to_bytes(2, "big") + bytes(900)
    assert pack_records(with_length + with_length, 1240) == [with_length, with_length]
    without_length = b"\x28\x00\x01" + bytes(300)
    assert pack_records(with_length + without_length, 1240) == [with_length + without_length]


@given(st.binary(max_size=4000))
def test_nothing_is_lost_of_any_output(stream: bytes) -> None:
    assert b"".join(pack_records(stream, 1240)) == stream


def test_a_coroutine_that_waits_is_a_broken_invariant() -> None:
    async def waits() -> None:
        await asyncio.sleep(0)

    async def does_not() -> None:
        return

    run_without_waiting(does_not())
    with pytest.raises(AssertionError, match="waited"):
        run_without_waiting(waits())
