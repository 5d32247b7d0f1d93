"""DTLS of one peer on aiortc's RTCDtlsTransport, driven synchronously by the datagrams that come in.

The only place that touches the private names of RTCDtlsTransport; tests/unit pins them. Not here: sockets, SRTP
packets (they never enter), SCTP (it gets decrypted messages through `events`).

aiortc's own pump is not used: it dies on an empty datagram, reads one record per datagram, and loses its handshake to
a plaintext alert. Nothing below ever waits, so `_send_data` may be driven without a task.
"""

import asyncio
import contextlib
import struct
from collections import deque
from collections.abc import Sequence
from typing import Any, Protocol

import pylibsrtp
from aiortc import rtcdtlstransport as aiortc_dtls
from OpenSSL import SSL

MAX_DATAGRAM_BYTES = 1240  # an SCTP packet of aiortc (1,189) with DTLS overhead; fits IPv6's minimum MTU with UDP
MAX_QUEUED_DATAGRAMS = 256
DATAGRAMS_PER_TURN = 16  # media of other peers goes first when one peer floods its data channel
MAX_HANDSHAKE_RESTARTS = 4
FINGERPRINT_ALGORITHMS = frozenset(aiortc_dtls.X509_DIGEST_ALGORITHMS)
_ALERT, _HANDSHAKE_EPOCH = 21, 0
# AES-128-GCM first: 0.7 us per packet where CM with SHA-1 takes 1.4 (measured), and 256 bits buy nothing here.
_PROFILES = [
    profile
    for profile in (
        aiortc_dtls.SRTP_AEAD_AES_128_GCM,
        aiortc_dtls.SRTP_AEAD_AES_256_GCM,
        aiortc_dtls.SRTP_AES128_CM_SHA1_80,
    )
    if profile in aiortc_dtls.SRTP_PROFILES
]


class DtlsEvents(Protocol):
    """What the link tells its peer."""

    def send_dtls(self, datagram: bytes) -> None:
        """Send one datagram to the selected address."""

    def dtls_connected(self) -> None:
        """Learn that keys exist and the fingerprint matched."""

    def dtls_closed(self, reason: str) -> None:
        """Learn that the link failed, or that the far end closed it."""

    def dtls_restarted(self) -> None:
        """Learn that a broken handshake begins again."""

    def dtls_dropped(self) -> None:
        """Learn that a datagram was thrown away unread."""

    def dtls_data(self, data: bytes) -> None:
        """Take one decrypted SCTP packet."""

    def dtls_broke(self, error: Exception) -> None:
        """Learn that a datagram broke an invariant on its way through."""


class Identity:
    """Certificate of one endpoint, its fingerprint, and the OpenSSL context that all its links share."""

    def __init__(self) -> None:
        self.certificate = aiortc_dtls.RTCCertificate.generateCertificate()
        self.context = self.certificate._create_ssl_context(srtp_profiles=_PROFILES)
        # One context serves many peers: nobody may resume the session, and with it the keys, of another.
        self.context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        sha256 = next(f for f in self.certificate.getFingerprints() if f.algorithm == "sha-256")
        self.fingerprint: str = sha256.value


class _NoIce:
    """What RTCDtlsTransport wants of an ICE transport: the role. Datagrams never pass through it."""

    role = "controlled"


class DtlsLink(aiortc_dtls.RTCDtlsTransport):
    """One DTLS association. `receive` takes datagrams, `events` gets everything that follows from them."""

    def __init__(
        self,
        identity: Identity,
        role: str,
        fingerprints: Sequence[tuple[str, str]],
        events: DtlsEvents,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(_NoIce(), [identity.certificate])  # type: ignore[arg-type]
        self._set_role(role)
        self._srtp_profiles = _PROFILES
        self._identity = identity
        self._sink = events
        self._event_loop = loop
        self._remote = aiortc_dtls.RTCDtlsParameters(
            fingerprints=[aiortc_dtls.RTCDtlsFingerprint(algorithm, value) for algorithm, value in fingerprints]
        )
        self._queue: deque[bytes] = deque()
        self._drain_scheduled = False
        self._timer: asyncio.TimerHandle | None = None
        self._restarts = 0
        self._set_state(aiortc_dtls.State.CONNECTING)
        self._ssl = self._new_connection()

    def _new_connection(self) -> SSL.Connection:
        connection = SSL.Connection(self._identity.context)
        connection.set_ciphertext_mtu(MAX_DATAGRAM_BYTES)
        if self._role == "server":
            connection.set_accept_state()
        else:
            connection.set_connect_state()
        return connection

    @property
    def connected(self) -> bool:
        """Tell whether the handshake is done and the peer is who its fingerprint says."""
        return self._state is aiortc_dtls.State.CONNECTED

    @property
    def inbound_session(self) -> pylibsrtp.Session:
        """Return the SRTP session that decrypts; only once connected."""
        return self._rx_srtp

    @property
    def outbound_session(self) -> pylibsrtp.Session:
        """Return the SRTP session that encrypts; only once connected."""
        return self._tx_srtp

    def begin(self) -> None:
        """As client, send the first flight; a server waits."""
        if self._role == "client":
            self._step_handshake()

    def receive(self, datagram: bytes) -> None:
        """Queue a DTLS datagram; it is read in this or the next loop turn, in order."""
        if len(self._queue) >= MAX_QUEUED_DATAGRAMS or self._is_forgeable_alert(datagram):
            self._sink.dtls_dropped()
            return
        self._queue.append(datagram)
        self._schedule_drain()

    def _is_forgeable_alert(self, datagram: bytes) -> bool:
        """Before keys exist an alert proves nothing; whoever knows the address could end the handshake with one."""
        epoch_bytes = datagram[3:5]
        return not self.encrypted and datagram[0] == _ALERT and epoch_bytes == bytes([0, _HANDSHAKE_EPOCH])

    def _schedule_drain(self) -> None:
        if not self._drain_scheduled:
            self._drain_scheduled = True
            self._event_loop.call_soon(self._drain)

    def _drain(self) -> None:
        self._drain_scheduled = False
        for _ in range(min(DATAGRAMS_PER_TURN, len(self._queue))):
            if self._state not in (aiortc_dtls.State.CONNECTING, aiortc_dtls.State.CONNECTED):
                self._queue.clear()
                return
            try:
                self._read(self._queue.popleft())
            except Exception as error:
                self._sink.dtls_broke(error)
        if self._queue:
            self._schedule_drain()

    def _read(self, datagram: bytes) -> None:
        assert self._ssl is not None
        self._ssl.bio_write(datagram)
        if not self.encrypted:
            self._step_handshake()
        if self.connected:
            self._read_messages()

    def _step_handshake(self) -> None:
        assert self._ssl is not None
        try:
            self._ssl.do_handshake()
        except SSL.WantReadError:
            self._flush()
            self._arm_timer()
            return
        except SSL.Error:
            self._handshake_broken()
            return
        self.encrypted = True
        self._flush()
        self._arm_timer()  # the last flight may have to be sent again
        self._finish_handshake()

    def _handshake_broken(self) -> None:
        """Begin again: the datagram may have been forged, and the true client repeats its ClientHello."""
        self._cancel_timer()
        self._restarts += 1
        if self._role != "server" or self._restarts > MAX_HANDSHAKE_RESTARTS:
            self._fail("dtls_failed")
            return
        self._sink.dtls_restarted()
        self._ssl = self._new_connection()

    def _finish_handshake(self) -> None:
        self._validate_peer_identity(self._remote)
        if self._state is aiortc_dtls.State.FAILED:
            self._fail("dtls_fingerprint")
            return
        self._setup_srtp()
        if self.state == "failed":
            self._fail("dtls_no_srtp_profile")
            return
        self._set_state(aiortc_dtls.State.CONNECTED)
        self._sink.dtls_connected()

    def _fail(self, reason: str) -> None:
        self._cancel_timer()
        self._set_state(aiortc_dtls.State.FAILED)
        self._sink.dtls_closed(reason)

    def _read_messages(self) -> None:
        """Hand out every message of the datagram just written; a datagram may hold several records."""
        assert self._ssl is not None
        while self.connected:
            try:
                data = self._ssl.recv(MAX_DATAGRAM_BYTES * 2)
            except SSL.ZeroReturnError:
                self._sink.dtls_closed("remote_closed")
                return
            except SSL.Error:  # nothing (more) to read, or a record that is not authentic
                break
            self._sink.dtls_data(data)
        self._flush()
        if self._ssl.get_shutdown() & SSL.RECEIVED_SHUTDOWN:
            self._sink.dtls_closed("remote_closed")

    async def _send_data(self, data: bytes) -> None:
        """Encrypt and send one SCTP packet: what RTCSctpTransport calls. It never waits; after the end it drops."""
        if not self.connected:
            return
        assert self._ssl is not None
        self._ssl.send(data)
        self._flush()

    def _flush(self) -> None:
        """Send what OpenSSL has put into its BIO, whole records to a datagram."""
        assert self._ssl is not None
        try:
            pending = self._ssl.bio_read(65536)
        except SSL.Error:
            return
        for datagram in pack_records(pending, MAX_DATAGRAM_BYTES):
            self._sink.send_dtls(datagram)

    def _arm_timer(self) -> None:
        self._cancel_timer()
        assert self._ssl is not None
        delay = self._ssl.DTLSv1_get_timeout()
        if delay is not None:
            self._timer = self._event_loop.call_later(max(delay, 0.02), self._on_timer)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_timer(self) -> None:
        self._timer = None
        assert self._ssl is not None
        try:
            self._ssl.DTLSv1_handle_timeout()
        except SSL.Error:
            return  # OpenSSL has given up repeating; the peer's handshake deadline ends it
        self._flush()
        self._arm_timer()

    def shut_down(self) -> None:
        """Send close_notify if there is a far end, stop the timer, read nothing more. May be called again."""
        self._cancel_timer()
        self._queue.clear()
        if self.connected:
            assert self._ssl is not None
            with contextlib.suppress(SSL.Error):  # the far end may be gone, and the connection with it
                self._ssl.shutdown()
            self._flush()
        self._set_state(aiortc_dtls.State.CLOSED)
        self.remove_all_listeners()


def run_without_waiting(coroutine: Any) -> None:
    """Run a coroutine of aiortc that never waits, because `_send_data` does not, to its end without a task."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise AssertionError("a coroutine of aiortc waited")


def pack_records(stream: bytes, limit: int) -> list[bytes]:
    """Cut OpenSSL's output into datagrams of whole DTLS records, at most `limit` bytes unless one record is longer."""
    datagrams: list[bytes] = []
    start = position = 0
    while position < len(stream):
        end = min(position + _record_length(stream, position), len(stream))
        if end - start > limit and position > start:
            datagrams.append(stream[start:position])
            start = position
        position = end
    if start < len(stream):
        datagrams.append(stream[start:])
    return datagrams


def _record_length(stream: bytes, position: int) -> int:
    """Return the length of the record at `position`, of DTLS 1.2 (13-byte header) or 1.3 (RFC 9147 figure 3)."""
    rest = len(stream) - position
    first = stream[position]
    if first & 0xE0 != 0x20:
        return 13 + struct.unpack_from("!H", stream, position + 11)[0] if rest >= 13 else rest
    header = 1 + (2 if first & 0x08 else 1)
    if not first & 0x04 or rest < header + 2:
        return rest
    return header + 2 + int(struct.unpack_from("!H", stream, position + header)[0])
