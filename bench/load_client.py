"""A light LiveKit client for load: real signalling, ICE, DTLS and SRTP keys, but packets are only counted.

aiortc does the DTLS handshake; afterwards the socket belongs to whoever measures. One per subscriber costs a few
milliseconds of CPU to set up, so that hundreds fit into one process.
"""

import asyncio
import base64
import contextlib
import secrets
import socket
from typing import Any

import aiohttp
from aioice import stun
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from livekit.protocol import models, rtc

SSRC = 0x51515151
_TRANSPORT_LINES = "a=ice-ufrag:{ufrag}\r\na=ice-pwd:{pwd}\r\na=fingerprint:sha-256 {fingerprint}\r\na=setup:active\r\n"
_SECTION = (
    "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na={direction}\r\na=rtcp-mux\r\n"
    "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack pli\r\n{published}"
)


class _Datagrams:
    """What RTCDtlsTransport takes for an ICE transport: one connected UDP socket."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.role = "controlling"
        self.state = "completed"

    async def _recv(self) -> bytes:
        while True:
            data = await asyncio.get_running_loop().sock_recv(self.sock, 2048)
            if data and 20 <= data[0] <= 63:
                return data

    async def _send(self, data: bytes) -> None:
        self.sock.send(data)


class LoadClient:
    """One client; after `connect` its `sock` receives SRTP, and `unprotect` opens a packet."""

    def __init__(self, url: str, token: str, certificate: RTCCertificate) -> None:
        self._url, self._token, self._certificate = url, token, certificate
        self.received = 0  # counted by whoever reads the socket
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        self._ufrag, self._pwd = secrets.token_hex(4), secrets.token_hex(16)
        self._ws: aiohttp.ClientWebSocketResponse | None = None
        self._remote: tuple[str, str] = ("", "")
        self._dtls: Any = None
        self._tasks: list[asyncio.Task[None]] = []

    async def connect(self, session: aiohttp.ClientSession, publishes: bool) -> None:
        """Join, and finish ICE and DTLS. A publisher has its one video track accepted."""
        request = rtc.JoinRequest()
        request.client_info.protocol = 16
        request.connection_settings.auto_subscribe = not publishes
        if publishes:
            track = request.add_track_requests.add(cid="cam", name="load", type=models.VIDEO, width=1280, height=720)
            track.source = models.CAMERA
        request.publisher_offer.type = "offer"
        request.publisher_offer.sdp = self._offer(publishes)
        wrapped = rtc.WrappedJoinRequest(join_request=request.SerializeToString())
        query = base64.urlsafe_b64encode(wrapped.SerializeToString()).decode()
        self._ws = await session.ws_connect(
            f"{self._url}/rtc/v1",
            params={"join_request": query},
            headers={"Authorization": f"Bearer {self._token}"},
        )
        answer = await asyncio.wait_for(self._answer(), 10)
        self._tasks.append(asyncio.ensure_future(self._drain()))
        await self._check_path(answer)
        await self._handshake(answer)
        self._tasks.append(asyncio.ensure_future(self._keep_consent()))

    def _offer(self, publishes: bool) -> str:
        published = f"a=msid:load cam\r\na=ssrc:{SSRC} cname:load\r\n" if publishes else ""
        section = _SECTION.format(direction="sendonly" if publishes else "recvonly", published=published)
        fingerprint = next(f.value for f in self._certificate.getFingerprints() if f.algorithm == "sha-256")
        transport = _TRANSPORT_LINES.format(ufrag=self._ufrag, pwd=self._pwd, fingerprint=fingerprint)
        return f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n{section}{transport}"

    async def _answer(self) -> dict[str, str]:
        assert self._ws is not None
        while True:
            message = await self._ws.receive()
            response = rtc.SignalResponse.FromString(message.data)
            if response.WhichOneof("message") == "answer":
                pairs = (line[2:].partition(":") for line in response.answer.sdp.splitlines() if line.startswith("a="))
                return {name: value for name, _, value in pairs}

    async def _drain(self) -> None:
        assert self._ws is not None
        async for _ in self._ws:
            pass

    def _binding(self) -> stun.Message:
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{self._remote[0]}:{self._ufrag}"
        request.attributes["PRIORITY"] = 1
        request.attributes["ICE-CONTROLLING"] = 1
        request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity(self._remote[1].encode())
        return request

    async def _check_path(self, answer: dict[str, str]) -> None:
        self._remote = (answer["ice-ufrag"], answer["ice-pwd"])
        parts = answer["candidate"].split()
        self.sock.connect((parts[4], int(parts[5])))
        for _ in range(20):
            self.sock.send(bytes(self._binding()))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.get_running_loop().sock_recv(self.sock, 2048), 0.5)
                return
        raise TimeoutError("no answer to connectivity checks")

    async def _handshake(self, answer: dict[str, str]) -> None:
        dtls: Any = RTCDtlsTransport(_Datagrams(self.sock), [self._certificate])  # type: ignore[arg-type]
        dtls._set_role("client")
        fingerprint = RTCDtlsFingerprint("sha-256", answer["fingerprint"].partition(" ")[2])
        await asyncio.wait_for(dtls.start(RTCDtlsParameters([fingerprint])), 20)
        assert dtls.state == "connected", dtls.state
        dtls._task.cancel()
        self._dtls = dtls

    async def _keep_consent(self) -> None:
        while True:
            await asyncio.sleep(4)
            self.sock.send(bytes(self._binding()))

    def protect(self, packet: bytes) -> bytes:
        """Return the packet as SRTP."""
        return bytes(self._dtls._tx_srtp.protect(packet))

    def unprotect(self, packet: bytes) -> bytes:
        """Return the RTP packet. Raises pylibsrtp.Error if it is not authentic."""
        return bytes(self._dtls._rx_srtp.unprotect(packet))

    async def close(self) -> None:
        """Leave."""
        for task in self._tasks:
            task.cancel()
        if self._ws is not None:
            await self._ws.close()
        self.sock.close()
