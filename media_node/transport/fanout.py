"""Sends the packets of a loop turn: protects them and hands the kernel runs of equal size (UDP_SEGMENT, "GSO").

Behind `mark` and `flush`, so that a compiled sender can replace it. Drop policy: a peer keeps at most
MAX_PENDING_PACKETS per turn, later ones are dropped (NACK and key frame requests repair that); while the socket takes
nothing, up to MAX_STALLED_BYTES of protected packets wait in order, and the packets of later turns are dropped.
bench/fanout.py measures it.
"""

import errno
from collections import deque
from collections.abc import Callable, Iterator, Sequence

import pylibsrtp

from media_node.transport.counters import TransportCounters
from media_node.transport.srtp import SLOTS, SendSlots
from media_node.transport.udp_socket import Address, DatagramSender

MAX_PENDING_PACKETS = 2048  # 100 ms of 20 video layers at 2.5 Mbit/s, and a retransmission burst
MAX_STALLED_BYTES = 4 * 1024 * 1024
MAX_RUN_BYTES = 65_000  # a UDP datagram is at most 65,507 bytes, and the kernel counts the whole run as one
_REFUSALS_BEFORE_OFF = 4
_UNSUPPORTED = (errno.EIO, errno.EINVAL, errno.ENOPROTOOPT, errno.EOPNOTSUPP)

Run = tuple[Sequence[bytes | memoryview], int, Address]


class Outbox:
    """Packets of one peer that wait for the end of the loop turn. `session` and `destination` say how they leave."""

    __slots__ = ("destination", "rtcp", "rtp", "session")

    def __init__(self) -> None:
        self.session: pylibsrtp.Session | None = None
        self.destination: Address | None = None
        self.rtp: list[bytes] = []
        self.rtcp: list[bytes] = []

    def clear(self) -> None:
        """Forget what waits, and how it would leave."""
        self.session, self.destination, self.rtp, self.rtcp = None, None, [], []


def runs(sizes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of the runs that one UDP_SEGMENT call takes: equal sizes, the last may be shorter."""
    start = 0
    while start < len(sizes):
        first, total, end = sizes[start], sizes[start], start + 1
        while end < len(sizes) and end - start < SLOTS and sizes[end] <= first and total + sizes[end] <= MAX_RUN_BYTES:
            total += sizes[end]
            end += 1
            if sizes[end - 1] < first:
                break
        yield start, end
        start = end


class Fanout:
    """Sender of one UDP socket. `wait_writable(callback or None)` asks the loop for one more chance to send."""

    def __init__(
        self,
        sender: DatagramSender,
        counters: TransportCounters,
        wait_writable: Callable[[Callable[[], None] | None], None],
        gso: bool,
    ) -> None:
        self._sender = sender
        self._counters = counters
        self._wait_writable = wait_writable
        self._slots = SendSlots()
        self._dirty: list[Outbox] = []
        self._stalled: deque[tuple[tuple[bytes, ...], int, Address]] = deque()
        self._stalled_bytes = 0
        self._refusals = 0
        self.gso = gso

    def mark(self, outbox: Outbox) -> None:
        """Have `outbox` sent by the next flush; call it once, when its first packet arrives."""
        self._dirty.append(outbox)

    def flush(self) -> None:
        """Protect and send everything that is marked."""
        if not self._dirty:
            return
        dirty, self._dirty = self._dirty, []
        for outbox in dirty:
            rtp, outbox.rtp = outbox.rtp, []
            rtcp, outbox.rtcp = outbox.rtcp, []
            session, destination = outbox.session, outbox.destination
            if session is None or destination is None:
                continue
            if self._stalled_bytes >= MAX_STALLED_BYTES:
                self._counters.stalled_dropped += len(rtp) + len(rtcp)
                continue
            if rtcp:
                self._send_rtcp(session, destination, rtcp)
            for start in range(0, len(rtp), SLOTS):
                self._send_rtp(session, destination, rtp[start : start + SLOTS])

    def _send_rtcp(self, session: pylibsrtp.Session, destination: Address, packets: list[bytes]) -> None:
        for start in range(0, len(packets), SLOTS):
            protected = self._slots.protect(session, packets[start : start + SLOTS], rtcp=True)
            self._counters.protect_failed += len(packets[start : start + SLOTS]) - len(protected)
            self._counters.rtcp_out += len(protected)
            for packet in protected:
                self._send(((packet,), len(packet), destination))

    def _send_rtp(self, session: pylibsrtp.Session, destination: Address, packets: list[bytes]) -> None:
        protected = self._slots.protect(session, packets)
        self._counters.protect_failed += len(packets) - len(protected)
        self._counters.rtp_out += len(protected)
        if not self.gso or len(protected) == 1:
            for packet in protected:
                self._send(((packet,), len(packet), destination))
            return
        for start, end in runs([len(packet) for packet in protected]):
            self._send((protected[start:end], len(protected[start]), destination))

    def _send(self, run: Run) -> None:
        packets, segment, destination = run
        if self._stalled:
            self._stall(packets, segment, destination)
            return
        sent = self._transmit(packets, segment, destination)
        if sent < len(packets):
            self._counters.send_stalls += 1
            self._stall(packets[sent:], segment, destination)
            self._wait_writable(self._resume)

    def _stall(self, packets: Sequence[bytes | memoryview], segment: int, destination: Address) -> None:
        if self._stalled_bytes >= MAX_STALLED_BYTES:
            self._counters.stalled_dropped += len(packets)
            return
        kept = tuple(bytes(packet) for packet in packets)  # the slots are used again
        self._stalled.append((kept, segment, destination))
        self._stalled_bytes += sum(map(len, kept))

    def _resume(self) -> None:
        while self._stalled:
            packets, segment, destination = self._stalled.popleft()
            self._stalled_bytes -= sum(map(len, packets))
            sent = self._transmit(packets, segment, destination)
            if sent < len(packets):
                self._stalled.appendleft((packets[sent:], segment, destination))
                self._stalled_bytes += sum(map(len, packets[sent:]))
                return
        self._wait_writable(None)

    def _transmit(self, packets: Sequence[bytes | memoryview], segment: int, destination: Address) -> int:
        """Send a run; returns how many of its packets are done with, fewer than all when the socket is full."""
        if self.gso and len(packets) > 1:
            done = self._transmit_segmented(packets, segment, destination)
            if done is not None:
                return done
        for index, packet in enumerate(packets):
            try:
                self._counters.send_calls += 1
                self._sender.send(packet, destination)
            except BlockingIOError:
                return index
            except OSError:
                self._counters.send_errors += 1  # unreachable, not permitted, too long: as if the network lost it
                continue
            self._counters.datagrams_out += 1
            self._counters.bytes_out += len(packet)
        return len(packets)

    def _transmit_segmented(
        self, packets: Sequence[bytes | memoryview], segment: int, destination: Address
    ) -> int | None:
        """Send a run in one call; None when the kernel, the route or the interface does not take it so."""
        try:
            self._counters.send_calls += 1
            self._sender.send_run(packets, segment, destination)
        except BlockingIOError:
            return 0
        except OSError as error:
            if error.errno not in _UNSUPPORTED and error.errno != errno.EMSGSIZE:
                self._counters.send_errors += 1
                return len(packets)
            self._counters.gso_fallbacks += 1
            self._refusals += error.errno in _UNSUPPORTED
            self.gso = self._refusals < _REFUSALS_BEFORE_OFF
            return None
        self._refusals = 0
        self._counters.datagrams_out += len(packets)
        self._counters.bytes_out += segment * (len(packets) - 1) + len(packets[-1])
        return len(packets)
