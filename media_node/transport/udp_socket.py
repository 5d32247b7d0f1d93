"""The non-blocking UDP socket of an endpoint: receiving in place, sending one datagram or a run (UDP_SEGMENT, "GSO").

Bound to a wildcard address it also remembers which local address a datagram came to, and answers from there
(IP_PKTINFO): the kernel would choose by route, and a client drops what comes from an address it never tried. That is
so with 127.0.0.1 advertised to a client whose own address is another, and on every host with several addresses.
"""

import contextlib
import socket
import struct
import sys
from collections.abc import Sequence
from typing import Protocol

Address = tuple[str, int, bytes]
"""Remote host and port, and the local address it was reached at: packed, empty when the socket is bound to one."""

_WILDCARDS = ("0.0.0.0", "::", "")
_IP_PKTINFO = 8  # linux/in.h; Python has no name for it before 3.14
_UDP_SEGMENT = 103  # linux/udp.h
_CONTROL_BYTES = 64
_Control = tuple[int, int, bytes]


class DatagramSender(Protocol):
    """What fan-out needs of a socket. Both raise BlockingIOError when the socket buffer is full, else OSError."""

    def send(self, datagram: bytes | memoryview, destination: Address) -> None:
        """Send one datagram."""

    def send_run(self, packets: Sequence[bytes | memoryview], segment: int, destination: Address) -> None:
        """Send datagrams of `segment` bytes, the last of which may be shorter, with one call."""


class UdpSocket:
    """Raises OSError when the address cannot be bound."""

    def __init__(self, bind_address: str, port: int, buffer_bytes: int) -> None:
        self._ipv6 = ":" in bind_address
        self._socket = socket.socket(socket.AF_INET6 if self._ipv6 else socket.AF_INET, socket.SOCK_DGRAM)
        self._learns_local = bind_address in _WILDCARDS and sys.platform == "linux"
        self._pktinfo: dict[bytes, _Control] = {}
        self._segments: dict[int, _Control] = {}
        try:
            self._configure(buffer_bytes)
            self._socket.bind((bind_address, port))
        except OSError:
            self._socket.close()
            raise

    def _configure(self, buffer_bytes: int) -> None:
        self._socket.setblocking(False)
        if self._ipv6:
            self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        if self._learns_local and self._ipv6:
            self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        elif self._learns_local:
            self._socket.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            with contextlib.suppress(OSError):  # the kernel's limit holds then
                self._socket.setsockopt(socket.SOL_SOCKET, option, buffer_bytes)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that the socket is bound to."""
        name = self._socket.getsockname()
        return name[0], name[1]

    def fileno(self) -> int:
        """File descriptor for the event loop."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    @property
    def supports_runs(self) -> bool:
        """Tell whether the kernel knows UDP_SEGMENT (Linux 4.18 and later)."""
        try:
            self._socket.getsockopt(socket.IPPROTO_UDP, _UDP_SEGMENT)
        except OSError:
            return False
        return sys.platform == "linux"

    def receive(self, view: memoryview) -> tuple[int, Address]:
        """Read a datagram into `view`; returns its size and source. Raises BlockingIOError when there is none."""
        if not self._learns_local:
            size, source = self._socket.recvfrom_into(view)
            return size, (source[0], source[1], b"")
        size, controls, _, source = self._socket.recvmsg_into((view,), _CONTROL_BYTES)
        return size, (source[0], source[1], self._local_address(controls))

    def _local_address(self, controls: list[tuple[int, int, bytes]]) -> bytes:
        for level, kind, data in controls:
            if level == socket.IPPROTO_IP and kind == _IP_PKTINFO:
                return data[4:8]
            if level == socket.IPPROTO_IPV6 and kind == socket.IPV6_PKTINFO:
                return data[:16]
        return b""

    def send(self, datagram: bytes | memoryview, destination: Address) -> None:
        """Send one datagram. Raises BlockingIOError when the socket buffer is full, else OSError."""
        local = destination[2]
        if local:
            self._socket.sendmsg((datagram,), (self._source(local),), 0, destination[:2])
        else:
            self._socket.sendto(datagram, destination[:2])

    def send_run(self, packets: Sequence[bytes | memoryview], segment: int, destination: Address) -> None:
        """Send datagrams of `segment` bytes, the last of which may be shorter, with one call. Raises like `send`."""
        control = self._segments.get(segment)
        if control is None:
            control = (socket.IPPROTO_UDP, _UDP_SEGMENT, struct.pack("=H", segment))
            self._segments[segment] = control
        local = destination[2]
        controls = (control, self._source(local)) if local else (control,)
        self._socket.sendmsg(packets, controls, 0, destination[:2])

    def _source(self, local: bytes) -> _Control:
        """Return the control message that makes `local` the source. A host has few addresses, so they are kept."""
        control = self._pktinfo.get(local)
        if control is None:
            if self._ipv6:
                control = (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, local + bytes(4))
            else:
                control = (socket.IPPROTO_IP, _IP_PKTINFO, bytes(4) + local + bytes(4))
            self._pktinfo[local] = control
        return control
