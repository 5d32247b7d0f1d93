"""A WebRTC client below SDP for tests: aioice and aiortc's own DTLS and SCTP, speaking to one PeerTransport."""

import asyncio
import time
from collections.abc import Callable
from struct import pack

from aioice import Candidate, Connection
from aiortc.rtcdatachannel import RTCDataChannel, RTCDataChannelParameters
from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
)
from aiortc.rtcsctptransport import RTCSctpCapabilities, RTCSctpTransport

from media_node.transport.endpoint import EndpointConfig, MediaEndpoint
from media_node.transport.peer_transport import PeerTransport

LOOPBACK = EndpointConfig(bind_address="127.0.0.1", port=0)


def rtp_packet(sequence: int, payload: bytes = b"p" * 100, ssrc: int = 7) -> bytes:
    """Return an RTP packet of payload type 96."""
    return pack("!BBHII", 0x80, 96, sequence & 0xFFFF, sequence * 960, ssrc) + payload


def receiver_report(ssrc: int = 7) -> bytes:
    """Return an empty RTCP receiver report."""
    return pack("!BBHI", 0x80, 201, 1, ssrc)


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait for `condition`, at most `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        await asyncio.sleep(0.005)


class Recorder:
    """A TransportListener that keeps what it hears."""

    def __init__(self) -> None:
        self.connected = False
        self.closed: list[str] = []
        self.rtp: list[bytes] = []
        self.rtcp: list[bytes] = []
        self.opened: list[str] = []
        self.data: list[tuple[str, bytes]] = []
        self.raise_on_rtp: Exception | None = None
        self.raise_on_data: Exception | None = None

    def on_connected(self) -> None:
        self.connected = True

    def on_rtp(self, packet: bytes, now: float) -> None:
        self.rtp.append(packet)
        if self.raise_on_rtp is not None:
            raise self.raise_on_rtp

    def on_rtcp(self, packet: bytes, now: float) -> None:
        self.rtcp.append(packet)

    def on_data_open(self, label: str) -> None:
        self.opened.append(label)

    def on_data(self, label: str, payload: bytes) -> None:
        self.data.append((label, payload))
        if self.raise_on_data is not None:
            raise self.raise_on_data

    def on_closed(self, reason: str) -> None:
        self.closed.append(reason)


class _IcePort:
    """What RTCDtlsTransport needs of ICE; the connection below it can be exchanged, as an ICE restart does."""

    role = "controlling"

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.sent: list[bytes] = []
        self.reading = asyncio.Event()
        self.reading.set()

    async def _recv(self) -> bytes:
        while True:
            await self.reading.wait()
            connection = self.connection
            try:
                return await asyncio.wait_for(connection.recv(), 0.2)
            except TimeoutError:
                continue
            except ConnectionError:
                if connection is self.connection:
                    raise

    async def _send(self, data: bytes) -> None:
        self.sent.append(data)
        await self.connection.send(data)


class _RecordingDtls(RTCDtlsTransport):
    """aiortc's DTLS that keeps decrypted RTP and RTCP instead of routing it."""

    rtp: list[bytes]
    rtcp: list[bytes]

    async def _handle_rtp_data(self, data: bytes, arrival_time_ms: int) -> None:
        self.rtp.append(data)

    async def _handle_rtcp_data(self, data: bytes) -> None:
        self.rtcp.append(data)


class TransportClient:
    """One client. `connect` does ICE and DTLS; `open_channel` SCTP."""

    def __init__(self, peer: PeerTransport, role: str = "client") -> None:
        self.peer = peer
        self.certificate = RTCCertificate.generateCertificate()
        self.ice = self._new_ice(peer.local_ufrag, peer.local_pwd)
        self.port = _IcePort(self.ice)
        self.dtls = _RecordingDtls(self.port, [self.certificate])  # type: ignore[arg-type]
        self.dtls.rtp, self.dtls.rtcp = [], []
        self.dtls._set_role(role)
        self.sctp: RTCSctpTransport | None = None
        self.received: list[tuple[str, bytes | str]] = []

    @staticmethod
    def _new_ice(ufrag: str, pwd: str) -> Connection:
        ice = Connection(ice_controlling=True, components=1)
        ice.remote_username, ice.remote_password, ice.remote_is_lite = ufrag, pwd, True
        return ice

    @property
    def fingerprints(self) -> list[tuple[str, str]]:
        """As an offer states them."""
        return [(f.algorithm, f.value) for f in self.certificate.getFingerprints()]

    async def start_ice(self) -> None:
        """Gather, and pass the checks."""
        await self.ice.gather_candidates()
        await self.ice.add_remote_candidate(Candidate.from_sdp(self.peer.candidates[0]))
        await self.ice.add_remote_candidate(None)
        await self.ice.connect()

    async def start_dtls(self) -> None:
        """Run the handshake."""
        fingerprint = RTCDtlsFingerprint("sha-256", self.peer.fingerprint)
        await self.dtls.start(RTCDtlsParameters([fingerprint]))

    async def connect(self, setup: str = "actpass") -> None:
        """Do it all, in the order of a call: offer, answer, checks, handshake."""
        self.peer.set_remote(self.ice.local_username, self.ice.local_password, self.fingerprints, setup)
        await self.start_ice()
        await self.start_dtls()
        await until(lambda: self.peer.connected)

    async def restart_ice(self) -> None:
        """Restart ICE on a new socket, as a client does that changed network; DTLS goes on above it."""
        old = self.ice
        self.ice = Connection(ice_controlling=True, components=1)
        self.ice.remote_is_lite = True
        credentials = self.peer.restart_ice(self.ice.local_username, self.ice.local_password)
        self.ice.remote_username, self.ice.remote_password = credentials
        await self.start_ice()
        self.port.connection = self.ice
        await old.close()

    async def open_channel(self, label: str, *, lossy: bool = False) -> RTCDataChannel:
        """Open a data channel and wait for it."""
        if self.sctp is None:
            self.sctp = RTCSctpTransport(self.dtls)
            await self.sctp.start(RTCSctpCapabilities(maxMessageSize=65_535), 5000)
        parameters = RTCDataChannelParameters(label=label, ordered=not lossy, maxRetransmits=0 if lossy else None)
        channel = RTCDataChannel(self.sctp, parameters)
        channel.on("message", lambda message: self.received.append((label, message)))
        await until(lambda: channel.readyState == "open")
        return channel

    async def send_rtp(self, packet: bytes) -> None:
        """Protect and send an RTP or RTCP packet."""
        await self.dtls._send_rtp(packet)

    async def close(self) -> None:
        """Leave in an orderly way."""
        if self.sctp is not None:
            await self.sctp.stop()
        await self.dtls.stop()
        await self.ice.close()


async def connected_pair(endpoint: MediaEndpoint) -> tuple[Recorder, TransportClient]:
    """Return a connected client and what its transport's owner hears."""
    listener = Recorder()
    client = TransportClient(endpoint.open_peer(listener, time.monotonic()))
    await client.connect()
    return listener, client
