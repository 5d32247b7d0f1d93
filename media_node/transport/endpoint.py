"""The one UDP socket of a node: reads datagrams, guards their source, and hands them to the peer they belong to.

Not here: what a peer does with them (peer_transport.py), how packets leave (fanout.py). Nothing that arrives can stop
the pump: whatever a handler raises is counted, and the next datagram is read.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from media_node.transport.counters import TransportCounters
from media_node.transport.dtls import Identity
from media_node.transport.fanout import Fanout
from media_node.transport.ice_lite import (
    IceCredentials,
    StunError,
    StunFault,
    generate_credentials,
    read_username,
)
from media_node.transport.listener import TransportListener
from media_node.transport.peer_transport import PeerTransport
from media_node.transport.srtp import DatagramBuffer
from media_node.transport.udp_socket import Address, UdpSocket

_HOST_PRIORITY = 126 << 24 | 65535 << 8 | 255  # RFC 8445 section 5.1.2.1, component 1
_LIVE_ADDRESS_S = 5.0  # libwebrtc checks a used pair every 2.5 s

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EndpointConfig:
    """Where the socket is, what clients are told, and how long silence is borne (seconds)."""

    bind_address: str = "0.0.0.0"
    port: int = 7882  # 0: the system chooses
    public_addresses: tuple[str, ...] = ("127.0.0.1",)
    ice_timeout_s: float = 15.0
    dtls_timeout_s: float = 15.0
    consent_timeout_s: float = 30.0
    tick_s: float = 0.25
    drain_budget: int = 64  # datagrams per loop turn: about 1 ms, so that a flood leaves room for timers and signalling
    socket_buffer_bytes: int = 4 * 1024 * 1024
    gso: bool = True


class MediaEndpoint:
    """Owner of the socket. Make it inside a running event loop. Raises OSError when the port is taken."""

    def __init__(
        self,
        config: EndpointConfig,
        now: Callable[[], float] = time.monotonic,
        entropy: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.config = config
        self.counters = TransportCounters()
        self.identity = Identity()
        self.loop = asyncio.get_running_loop()
        self._now = now
        self._entropy = entropy
        self._by_ufrag: dict[str, PeerTransport] = {}
        self._by_address: dict[Address, PeerTransport] = {}
        self._peers: set[PeerTransport] = set()
        self._buffer = DatagramBuffer()
        self._socket = UdpSocket(config.bind_address, config.port, config.socket_buffer_bytes)
        gso = config.gso and self._socket.supports_runs
        self.fanout = Fanout(self._socket, self.counters, self._wait_writable, gso)
        self._flush_scheduled = False
        self._closed = False
        self.loop.add_reader(self._socket.fileno(), self._on_readable)
        self._tick_handle = self.loop.call_later(config.tick_s, self._tick)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that the socket is bound to."""
        return self._socket.address

    @property
    def candidates(self) -> tuple[str, ...]:
        """Host candidates for the SDP: each the value of an ``a=candidate`` line."""
        port = self.address[1]
        return tuple(
            f"{index} 1 udp {_HOST_PRIORITY - index} {host} {port} typ host"
            for index, host in enumerate(self.config.public_addresses, start=1)
        )

    @property
    def table_sizes(self) -> tuple[int, int, int]:
        """How many peers, user names and addresses are known; all return to 0 when everybody has left."""
        return len(self._peers), len(self._by_ufrag), len(self._by_address)

    def open_peer(self, listener: TransportListener, now: float) -> PeerTransport:
        """Return a transport that waits for a client until its ICE deadline, counted from `now` (monotonic s)."""
        assert not self._closed, "the endpoint is closed"
        peer = PeerTransport(self, listener, self.candidates, now)
        self._peers.add(peer)
        self.counters.peers_opened += 1
        self.counters.peers_open = len(self._peers)
        return peer

    def close(self) -> None:
        """Close every peer with ``node_shutdown``, then the socket. May be called again."""
        if self._closed:
            return
        for peer in list(self._peers):
            peer.close("node_shutdown")
        self._closed = True
        self._tick_handle.cancel()
        self.loop.remove_reader(self._socket.fileno())
        self.loop.remove_writer(self._socket.fileno())
        self._socket.close()

    # The pump.

    def _on_readable(self) -> None:
        receive, view = self._socket.receive, self._buffer.view
        now = self._now()
        for _ in range(self.config.drain_budget):
            try:
                size, source = receive(view)
            except BlockingIOError:
                break
            except OSError:
                self.counters.receive_errors += 1
                continue
            try:
                self.datagram_received(size, source, now)
            except Exception as error:
                self._survive(source, error)
            if self._closed:
                return
        self.fanout.flush()

    def datagram_received(self, size: int, source: Address, now: float) -> None:
        """Take the datagram of `size` bytes that lies in the buffer (RFC 7983 tells the protocols apart)."""
        self.counters.datagrams_in += 1
        self.counters.bytes_in += size
        if size == 0:
            self.counters.empty_dropped += 1
            return
        first = self._buffer.view[0]
        if first < 4:
            self._receive_stun(bytes(self._buffer.view[:size]), source, now)
            return
        peer = self._by_address.get(source)
        if peer is None:
            self.counters.unvalidated_dropped += 1
        elif 127 < first < 192:
            peer.receive_media(self._buffer, size, now)
        elif 19 < first < 64:
            peer.receive_dtls(bytes(self._buffer.view[:size]))
        else:
            self.counters.unclassified_dropped += 1

    def _survive(self, source: Address, error: Exception) -> None:
        peer = self._by_address.get(source)
        if peer is not None:
            peer.handler_failed(error)
        else:
            self.counters.handler_errors += 1

    def _receive_stun(self, datagram: bytes, source: Address, now: float) -> None:
        """Answer an authenticated check. Anything else is dropped in silence: an error answer helps only a stranger."""
        try:
            username = read_username(datagram)
            peer = self._by_ufrag.get(username.partition(":")[0])
            if peer is None:
                self.counters.stun_unknown += 1
                return
            if self._held_by_another(peer, source, now):
                self.counters.address_conflicts += 1
                return
            passed = peer.ice.check(datagram, username, source, now)
        except StunError as error:
            if error.fault is StunFault.UNAUTHENTICATED:
                self.counters.stun_unauthenticated += 1
            else:
                self.counters.stun_malformed += 1
            return
        self._bind(peer, source)
        if passed.evicted is not None:
            self._by_address.pop(passed.evicted, None)
        if passed.retired_ufrag is not None:
            self.retire_ufrag(passed.retired_ufrag)
        self.counters.stun_answered += 1
        self.send_control(passed.response, source)
        peer.address_validated()

    def _held_by_another(self, peer: PeerTransport, source: Address, now: float) -> bool:
        """A participant who forges the source of a live peer must not take its address away."""
        holder = self._by_address.get(source)
        return holder is not None and holder is not peer and now - holder.ice.addresses[source] < _LIVE_ADDRESS_S

    def _bind(self, peer: PeerTransport, source: Address) -> None:
        holder = self._by_address.get(source)
        if holder is not None and holder is not peer:
            holder.ice.forget(source)
            holder.address_validated()
        self._by_address[source] = peer

    def _tick(self) -> None:
        self._tick_handle = self.loop.call_later(self.config.tick_s, self._tick)
        now = self._now()
        for peer in list(self._peers):
            for address in peer.tick(now, self.config):
                if self._by_address.get(address) is peer:
                    del self._by_address[address]
        self.fanout.flush()

    # What peers ask for (PeerHost).

    def send_control(self, datagram: bytes, destination: Address) -> None:
        """Send a STUN or DTLS datagram now; what the socket does not take is dropped, both protocols repeat."""
        try:
            self._socket.send(datagram, destination)
        except OSError:
            self.counters.control_dropped += 1

    def schedule_flush(self) -> None:
        """Have the fan-out flushed before the loop turn ends."""
        if not self._flush_scheduled:
            self._flush_scheduled = True
            self.loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_scheduled = False
        if not self._closed:
            self.fanout.flush()

    def issue_credentials(self, peer: PeerTransport) -> IceCredentials:
        """Return fresh local credentials that reach `peer`."""
        while True:
            credentials = generate_credentials(self._entropy)
            if credentials.ufrag not in self._by_ufrag:
                self._by_ufrag[credentials.ufrag] = peer
                return credentials

    def retire_ufrag(self, ufrag: str) -> None:
        """Let a local user name reach nobody."""
        self._by_ufrag.pop(ufrag, None)

    def release(self, peer: PeerTransport) -> None:
        """Forget `peer` everywhere."""
        self._peers.discard(peer)
        self.counters.peers_open = len(self._peers)
        for ufrag in peer.ice.ufrags():
            self._by_ufrag.pop(ufrag, None)
        for address in peer.ice.addresses:
            if self._by_address.get(address) is peer:
                del self._by_address[address]

    def _wait_writable(self, callback: Callable[[], None] | None) -> None:
        if callback is None:
            self.loop.remove_writer(self._socket.fileno())
        else:
            self.loop.add_writer(self._socket.fileno(), callback)
