"""One peer's transport: ICE-lite, DTLS, SRTP and data channels behind one object.

Not here: the socket and the address table (endpoint.py), what packets mean (rtp/, room/). Nothing here waits, and
nothing runs in a task of its own: datagrams, the endpoint's tick and the owner's calls drive it.
"""

import asyncio
import enum
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from media_node.transport.counters import TransportCounters
from media_node.transport.dtls import FINGERPRINT_ALGORITHMS, DtlsLink, Identity
from media_node.transport.fanout import MAX_PENDING_PACKETS, Fanout, Outbox
from media_node.transport.ice_lite import IceCredentials, IceLite
from media_node.transport.listener import TransportListener
from media_node.transport.sctp import DataAssociation, DataViolation, SendResult
from media_node.transport.srtp import AUTH_FAILED, REPLAY_OLD, REPLAYED, DatagramBuffer, InboundSrtp
from media_node.transport.udp_socket import Address

MAX_ASSOCIATIONS = 8  # data associations that one peer may begin anew in its life
ADDRESS_SILENCE_S = 60.0  # an address without a check for so long loses the right to send

_log = logging.getLogger(__name__)


class Deadlines(Protocol):
    """Seconds after which a silent peer goes; EndpointConfig has them."""

    @property
    def ice_timeout_s(self) -> float:
        """From the opening to the first authenticated check."""

    @property
    def dtls_timeout_s(self) -> float:
        """From the first authenticated check to the end of the handshake."""

    @property
    def consent_timeout_s(self) -> float:
        """From the last authenticated check on (RFC 7675 says 30)."""


class PeerHost(Protocol):
    """What a peer needs of its endpoint."""

    counters: TransportCounters
    fanout: Fanout
    identity: Identity
    loop: asyncio.AbstractEventLoop

    def send_control(self, datagram: bytes, destination: Address) -> None:
        """Send a STUN or DTLS datagram now, or drop it."""

    def schedule_flush(self) -> None:
        """Have the fan-out flushed before the loop turn ends."""

    def issue_credentials(self, peer: "PeerTransport") -> IceCredentials:
        """Return fresh local credentials that reach `peer`."""

    def retire_ufrag(self, ufrag: str) -> None:
        """Let a local user name reach nobody."""

    def release(self, peer: "PeerTransport") -> None:
        """Forget `peer` everywhere."""


class Setup(enum.StrEnum):
    """The client's ``a=setup`` (RFC 8842)."""

    ACTIVE = "active"
    ACTPASS = "actpass"
    PASSIVE = "passive"


class PeerTransport:
    """One peer. Made by MediaEndpoint.open_peer; `listener` hears what happens, on_closed exactly once."""

    def __init__(
        self, host: PeerHost, listener: TransportListener, candidates: tuple[str, ...], opened_at: float
    ) -> None:
        self._host = host
        self._listener = listener
        self._opened_at = opened_at
        self._counters = host.counters
        self._loop = host.loop
        self._link: DtlsLink | None = None
        self._inbound: InboundSrtp | None = None
        self._association: DataAssociation | None = None
        self._associations = 0
        self._outbox = Outbox()
        self._errors = 0
        self.closed = False
        self.connected = False
        self.candidates = candidates
        self.fingerprint = host.identity.fingerprint
        self.ice = IceLite(host.issue_credentials(self))

    @property
    def local_ufrag(self) -> str:
        """User name fragment for the SDP."""
        return self.ice.local.ufrag

    @property
    def local_pwd(self) -> str:
        """Password for the SDP. Never logged."""
        return self.ice.local.pwd

    @property
    def remote_address(self) -> tuple[str, int] | None:
        """Where packets go now: the address last nominated, or the first that passed a check; None before that."""
        return self.ice.selected[:2] if self.ice.selected else None

    def set_remote(self, ufrag: str, pwd: str, fingerprints: Sequence[tuple[str, str]], setup: str) -> None:
        """Take what the offer says: `fingerprints` are (algorithm, value). Raises ValueError when it cannot work.

        The remote password is not kept: a lite agent sends no checks. May be called again with the same fingerprints.
        """
        if not any(algorithm.lower() in FINGERPRINT_ALGORITHMS for algorithm, _ in fingerprints):
            raise ValueError("an offer needs a fingerprint by SHA-256 or better")
        role = "client" if Setup(setup) is Setup.PASSIVE else "server"
        self.ice.remote_ufrag = ufrag
        if self._link is None and not self.closed:
            self._link = DtlsLink(self._host.identity, role, fingerprints, self, self._loop)
            if self.ice.selected is not None:
                self._link.begin()

    def restart_ice(self, remote_ufrag: str, remote_pwd: str) -> IceCredentials:
        """Return new local credentials for an ICE restart; DTLS, SRTP and data channels go on.

        The old ones are accepted until the first check with the new.
        """
        dropped = self.ice.restart(self._host.issue_credentials(self), remote_ufrag)
        if dropped is not None:
            self._host.retire_ufrag(dropped)
        self._counters.ice_restarts += 1
        return self.ice.local

    def send_rtp(self, packet: bytes) -> None:
        """Send an RTP packet with the next flush; dropped and counted when too many wait or nobody is there yet."""
        pending = self._outbox.rtp
        if not self.connected or len(pending) >= MAX_PENDING_PACKETS:
            self._counters.peer_queue_dropped += 1
            return
        pending.append(packet)
        if len(pending) == 1 and not self._outbox.rtcp:
            self._host.fanout.mark(self._outbox)
            self._host.schedule_flush()

    def send_rtcp(self, packet: bytes) -> None:
        """Send a compound RTCP packet with the next flush, before the RTP that waits."""
        pending = self._outbox.rtcp
        if not self.connected or len(pending) >= MAX_PENDING_PACKETS:
            self._counters.peer_queue_dropped += 1
            return
        pending.append(packet)
        if len(pending) == 1 and not self._outbox.rtp:
            self._host.fanout.mark(self._outbox)
            self._host.schedule_flush()

    def send_data(self, label: str, payload: bytes) -> bool:
        """Send a message on the open data channel `label`; False when it was not queued.

        A peer whose reliable channel does not keep up is closed with ``data_backlog``.
        """
        if self._association is None or self.closed:
            return False
        result = self._association.send_message(label, payload)
        if result is SendResult.SENT:
            self._counters.data_out += 1
            return True
        self._counters.data_dropped_out += 1
        if result is SendResult.BACKLOG:
            self.close("data_backlog")
        return False

    def close(self, reason: str) -> None:
        """End the transport now and tell the listener; the second call does nothing."""
        if self.closed:
            return
        self.closed = True
        if self.connected:
            self._host.fanout.flush()  # an RTCP BYE, or the last words of a data channel
        self.connected = False
        try:
            if self._association is not None:
                self._association.shut_down()
            if self._link is not None:
                self._link.shut_down()
        except Exception:
            self._counters.handler_errors += 1
            _log.exception("transport did not shut down cleanly")
        self._association = self._link = self._inbound = None
        self._outbox.clear()
        self._host.release(self)
        try:
            self._listener.on_closed(reason)
        except Exception:
            self._counters.handler_errors += 1
            _log.exception("listener failed in on_closed")

    # Called by the endpoint.

    def address_validated(self) -> None:
        """Follow the selected address after a check, and begin the handshake if it is ours to begin."""
        selected = self.ice.selected
        if self._outbox.destination is None and self._link is not None and not self.connected:
            self._outbox.destination = selected
            self._link.begin()
        self._outbox.destination = selected

    def receive_media(self, buffer: DatagramBuffer, size: int, now: float) -> None:
        """Authenticate and hand out an SRTP or SRTCP datagram."""
        inbound = self._inbound
        if inbound is None:
            self._counters.early_dropped += 1
            return
        rtcp = size > 1 and 192 <= buffer.view[1] <= 223  # RFC 5761 section 4
        status, packet = inbound.unprotect(buffer, size, rtcp)
        if status:
            self._count_srtp_failure(status)
        elif rtcp:
            self._counters.rtcp_in += 1
            self._listener.on_rtcp(packet, now)
        else:
            self._counters.rtp_in += 1
            self._listener.on_rtp(packet, now)

    def _count_srtp_failure(self, status: int) -> None:
        if status == AUTH_FAILED:
            self._counters.srtp_auth_failed += 1
        elif status in (REPLAYED, REPLAY_OLD):
            self._counters.srtp_replayed += 1
        elif status < 0:
            self._counters.srtp_ssrc_overflow += 1
        else:
            self._counters.srtp_other_failed += 1

    def receive_dtls(self, datagram: bytes) -> None:
        """Take a DTLS datagram; before set_remote it is dropped, and the client repeats it."""
        self._counters.dtls_in += 1
        if self._link is None:
            self._counters.early_dropped += 1
            return
        self._link.receive(datagram)

    def tick(self, now: float, deadlines: Deadlines) -> list[Address]:
        """Close the peer if a deadline has passed; returns addresses that lost the right to send."""
        ice = self.ice
        if ice.first_check is None or ice.last_check is None:
            if now - self._opened_at > deadlines.ice_timeout_s:
                self.close("ice_timeout")
            return []
        if now - ice.last_check > deadlines.consent_timeout_s:
            self.close("consent_expired")
        elif not self.connected and now - ice.first_check > deadlines.dtls_timeout_s:
            self.close("dtls_timeout")
        silent = ice.forget_silent(now - max(ADDRESS_SILENCE_S, deadlines.consent_timeout_s))
        self._outbox.destination = ice.selected
        return silent

    def handler_failed(self, error: Exception) -> None:
        """Count what a datagram of this peer made go wrong; a broken invariant closes the peer, never the pump."""
        self._counters.handler_errors += 1
        self._errors += 1
        if self._errors & (self._errors - 1) == 0:  # 1, 2, 4, 8 ...: a peer cannot fill the log
            _log.error("datagram of a peer failed in a handler (%d so far)", self._errors, exc_info=error)
        if isinstance(error, AssertionError):
            self.close("internal_error")

    # Called by the DTLS link (DtlsEvents).

    def send_dtls(self, datagram: bytes) -> None:
        """Send one DTLS datagram."""
        if self.ice.selected is not None:
            self._host.send_control(datagram, self.ice.selected)

    def dtls_connected(self) -> None:
        """Open the way for media."""
        assert self._link is not None
        self._inbound = InboundSrtp(self._link.inbound_session)
        self._outbox.session = self._link.outbound_session
        self._outbox.destination = self.ice.selected
        self.connected = True
        self._counters.peers_connected += 1
        self._listener.on_connected()

    def dtls_closed(self, reason: str) -> None:
        """The link is gone, and the peer with it."""
        self.close(reason)

    def dtls_restarted(self) -> None:
        """Count it."""
        self._counters.dtls_restarted += 1

    def dtls_dropped(self) -> None:
        """Count it."""
        self._counters.dtls_dropped += 1

    def dtls_broke(self, error: Exception) -> None:
        """A DTLS or SCTP packet, or the listener on its data, raised: the association's state is not to be trusted."""
        if isinstance(error, DataViolation):
            self._counters.sctp_rejected += 1
            self.close(error.reason)
            return
        self.handler_failed(error)
        self.close("data_error")

    def dtls_data(self, data: bytes) -> None:
        """Give a decrypted packet to the data association, which the first one begins."""
        if self.closed or self._link is None:
            return
        if self._association is None or self._association.ended:
            if self._associations >= MAX_ASSOCIATIONS:
                self._counters.sctp_rejected += 1
                return
            if self._association is not None:
                self._association.shut_down()
            self._associations += 1
            self._association = DataAssociation(self._link, self)
        self._association.deliver(data)

    # Called by the data association (DataEvents).

    def data_opened(self, label: str) -> None:
        """Pass it on."""
        if not self.closed:
            self._tell(lambda: self._listener.on_data_open(label))

    def data_received(self, label: str, payload: bytes) -> None:
        """Pass it on."""
        if not self.closed:
            self._counters.data_in += 1
            self._tell(lambda: self._listener.on_data(label, payload))

    def _tell(self, call: Callable[[], None]) -> None:
        """A listener that raises must not look like an association that broke."""
        try:
            call()
        except Exception as error:
            self.handler_failed(error)

    def data_dropped(self) -> None:
        """Count it."""
        self._counters.data_dropped_in += 1

    def sctp_rejected(self) -> None:
        """Count it."""
        self._counters.sctp_rejected += 1
