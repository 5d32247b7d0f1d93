"""Reading the `join_request` of a client's first request: base64url of a WrappedJoinRequest, maybe gzip inside."""

import base64
import binascii
import zlib

from google.protobuf.message import DecodeError
from livekit.protocol import rtc

from chalicelib.contract.errors import ErrorId, ParleyError

MAX_ENCODED_CHARS = 256 * 1024
MAX_DECODED_BYTES = 1024 * 1024  # as LiveKit's server; real ones are about 10 kB
_GZIP_WINDOW = 16 + zlib.MAX_WBITS  # RFC 1952 framing


def read_join_request(value: str) -> rtc.JoinRequest:
    """Return the JoinRequest in a query value. Raises ParleyError(INVALID_FIELD) on anything else."""
    try:
        wrapped = rtc.WrappedJoinRequest.FromString(_from_base64url(value))
        plain = wrapped.join_request
        if wrapped.compression == rtc.WrappedJoinRequest.GZIP:
            plain = _gunzip(plain)
        return rtc.JoinRequest.FromString(plain)
    except (DecodeError, binascii.Error, zlib.error, ValueError) as error:
        raise ParleyError(ErrorId.INVALID_FIELD, f"join_request cannot be read: {type(error).__name__}") from None


def _from_base64url(value: str) -> bytes:
    if not value or len(value) > MAX_ENCODED_CHARS:
        raise ValueError("join_request is missing or too long")
    # Browsers keep the padding, other clients leave it out.
    return base64.b64decode(value.rstrip("=") + "=" * (-len(value.rstrip("=")) % 4), altchars=b"-_", validate=True)


def _gunzip(compressed: bytes) -> bytes:
    inflater = zlib.decompressobj(_GZIP_WINDOW)
    plain = inflater.decompress(compressed, MAX_DECODED_BYTES)
    if inflater.unconsumed_tail or not inflater.eof:
        raise ValueError("join_request is cut short or larger than 1 MiB")
    return plain
