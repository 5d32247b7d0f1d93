"""HTTP to media nodes with the standard library: one request, one deadline, no redirects, no pool.

A Lambda makes few of these, and http.client is there already: botocore has imported it.
"""

import http.client
import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from chalicelib.services.live_control_ports import NodeReply, NodeSilent

MAX_REPLY_BYTES = 8 * 1024 * 1024  # 1,000 peers with long metadata


class HttpNodePost:
    """NodePost over HTTP or HTTPS."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic

    def post(self, url: str, body: bytes, timeout_s: float) -> NodeReply:
        """See the port."""
        ends = self._monotonic() + timeout_s
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        try:
            connection = kind(parts.hostname or "", parts.port, timeout=timeout_s)
        except ValueError as error:  # a port that is none
            raise NodeSilent(type(error).__name__) from error
        try:
            connection.connect()
            sock = connection.sock
            assert sock is not None
            self._leave_time(sock, ends)
            connection.request("POST", parts.path or "/", body, {"Content-Type": "application/jwt"})
            response = connection.getresponse()
            return NodeReply(response.status, self._read(response, sock, ends))
        except (OSError, http.client.HTTPException) as error:
            raise NodeSilent(type(error).__name__) from error
        finally:
            connection.close()

    def _read(self, response: http.client.HTTPResponse, sock: socket.socket, ends: float) -> bytes:
        read = bytearray()
        while piece := response.read1(65536):
            read += piece
            if len(read) > MAX_REPLY_BYTES:
                raise NodeSilent("the answer is too long")
            if not response.isclosed():
                self._leave_time(sock, ends)
        if response.length:  # what Content-Length promised and did not come
            raise NodeSilent("the answer is cut short")
        return bytes(read)

    def _leave_time(self, sock: socket.socket, ends: float) -> None:
        left = ends - self._monotonic()
        if left <= 0:
            raise TimeoutError
        sock.settimeout(left)
