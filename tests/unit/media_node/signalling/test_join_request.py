"""The join request is read in every form that clients send, and nothing else gets through."""

import base64
import gzip
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from livekit.protocol import rtc

from chalicelib.contract.errors import ErrorId, ParleyError
from media_node.signalling.join_request import MAX_DECODED_BYTES, read_join_request

REQUEST = rtc.JoinRequest(participant_sid="PA_x", metadata="é" * 50)


def encoded(inner: bytes, compression: int = 0) -> str:
    wrapped = rtc.WrappedJoinRequest(compression=compression, join_request=inner)  # type: ignore[arg-type]
    return base64.urlsafe_b64encode(wrapped.SerializeToString()).decode()


@pytest.mark.parametrize("padding", [True, False])
@pytest.mark.parametrize("compressed", [True, False])
def test_it_is_read_with_and_without_gzip_and_padding(padding: bool, compressed: bool) -> None:
    plain = REQUEST.SerializeToString()
    value = encoded(gzip.compress(plain), rtc.WrappedJoinRequest.GZIP) if compressed else encoded(plain)
    assert read_join_request(value if padding else value.rstrip("=")) == REQUEST


@pytest.mark.parametrize(
    "value",
    [
        "",
        "%%%",
        "é",
        "A",
        encoded(b"\xff\xff\xff"),
        encoded(b"not gzip", rtc.WrappedJoinRequest.GZIP),
        encoded(gzip.compress(bytes(MAX_DECODED_BYTES + 1)), rtc.WrappedJoinRequest.GZIP),
        encoded(gzip.compress(os.urandom(1000))[:-20], rtc.WrappedJoinRequest.GZIP),
        "A" * 300_000,
    ],
    ids=["empty", "alphabet", "unicode", "length", "protobuf", "gzip", "bomb", "cut short", "long"],
)
def test_anything_else_is_refused(value: str) -> None:
    with pytest.raises(ParleyError) as raised:
        read_join_request(value)
    assert raised.value.error is ErrorId.INVALID_FIELD


@given(st.one_of(st.text(max_size=200), st.binary(max_size=200).map(lambda b: base64.urlsafe_b64encode(b).decode())))
def test_no_value_raises_anything_else(value: str) -> None:
    try:
        read_join_request(value)
    except ParleyError as error:
        assert error.error is ErrorId.INVALID_FIELD
