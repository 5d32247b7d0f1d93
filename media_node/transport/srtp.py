"""SRTP on preallocated memory: pylibsrtp's own library called in place, without its two copies per packet.

The only place that touches the private names of pylibsrtp; tests/unit pins them. Keys are derived in dtls.py.
"""

from collections.abc import Sequence
from typing import Any

import pylibsrtp
from pylibsrtp._binding import ffi, lib

MAX_RTP_BYTES = 1452  # with the 16-byte tag it still fits an IPv4 packet of 1,500 with room for the IPv6 header
MAX_SSRCS = 1024  # libsrtp keeps state for each and searches it linearly
SLOTS = 64  # what one UDP_SEGMENT call can carry
_DATAGRAM_BYTES = 2048
AUTH_FAILED, REPLAYED, REPLAY_OLD = 7, 9, 10  # srtp_err_status_t


class DatagramBuffer:
    """Aligned memory that the kernel writes a datagram into and libsrtp decrypts in place."""

    def __init__(self, size: int = _DATAGRAM_BYTES) -> None:
        self.memory = ffi.new("char[]", size)
        self.view = memoryview(ffi.buffer(self.memory))


class InboundSrtp:
    """Receiving side of one peer."""

    def __init__(self, session: pylibsrtp.Session) -> None:
        self._session = session  # owns the context below
        self._context = session._srtp[0]
        self._length = ffi.new("int *")
        self._ssrcs: set[bytes] = set()

    def unprotect(self, buffer: DatagramBuffer, size: int, rtcp: bool) -> tuple[int, bytes]:
        """Return (0, packet), or libsrtp's error number and nothing; -1 when the peer has used up its SSRCs."""
        if size < 12:
            return AUTH_FAILED, b""
        ssrc = bytes(buffer.view[4:8] if rtcp else buffer.view[8:12])
        if ssrc not in self._ssrcs and len(self._ssrcs) >= MAX_SSRCS:
            return -1, b""
        self._length[0] = size
        call = lib.srtp_unprotect_rtcp if rtcp else lib.srtp_unprotect
        status: int = call(self._context, buffer.memory, self._length)
        if status:
            return status, b""
        self._ssrcs.add(ssrc)
        return 0, bytes(buffer.view[: self._length[0]])


class SendSlots:
    """SLOTS aligned buffers that packets are protected in; shared by every peer of one socket."""

    def __init__(self) -> None:
        self._memories: list[Any] = [ffi.new("char[]", _DATAGRAM_BYTES) for _ in range(SLOTS)]
        self._slots = [(memory, memoryview(ffi.buffer(memory))) for memory in self._memories]
        self._length = ffi.new("int *")

    def protect(self, session: pylibsrtp.Session, packets: Sequence[bytes], rtcp: bool = False) -> list[memoryview]:
        """Return the protected packets, valid until the next call; those libsrtp refuses or too long are missing."""
        assert len(packets) <= SLOTS
        call = lib.srtp_protect_rtcp if rtcp else lib.srtp_protect
        context, length = session._srtp[0], self._length
        protected = []
        for packet, (memory, view) in zip(packets, self._slots, strict=False):
            size = len(packet)
            if size > MAX_RTP_BYTES:
                continue
            view[:size] = packet
            length[0] = size
            if call(context, memory, length) == 0:
                protected.append(view[: length[0]])
        return protected
