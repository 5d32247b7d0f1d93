"""Fan-out with a recording sender and real SRTP sessions: runs, order, fall-backs and the drop policy."""

import errno
from collections.abc import Callable, Sequence
from struct import pack

import pylibsrtp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_node.transport.counters import TransportCounters
from media_node.transport.fanout import MAX_RUN_BYTES, MAX_STALLED_BYTES, Fanout, Outbox, runs
from media_node.transport.srtp import MAX_RTP_BYTES, SLOTS
from media_node.transport.udp_socket import Address

HERE: Address = ("192.0.2.1", 1000, b"")
THERE: Address = ("192.0.2.2", 2000, b"")
TAG = 16


def session() -> pylibsrtp.Session:
    policy = pylibsrtp.Policy(
        key=bytes(28),
        ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND,
        srtp_profile=pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    )
    return pylibsrtp.Session(policy)


def rtp(sequence: int, size: int = 100) -> bytes:
    return pack("!BBHII", 0x80, 96, sequence, 0, 7) + bytes(size - 12)


class RecordingSender:
    """A socket that takes what it is told to, and remembers it."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, Address]] = []
        self.sizes: list[int] = []
        self.sequences: list[int] = []
        self.room: int | None = None
        self.run_error: int | None = None

    def _take(self, packets: Sequence[bytes | memoryview], destination: Address) -> None:
        if self.room is not None:
            if self.room < len(packets):
                raise BlockingIOError
            self.room -= len(packets)
        self.calls.append((len(packets), destination))
        for packet in packets:
            self.sizes.append(len(packet))
            self.sequences.append(int.from_bytes(packet[2:4], "big"))

    def send(self, datagram: bytes | memoryview, destination: Address) -> None:
        self._take([datagram], destination)

    def send_run(self, packets: Sequence[bytes | memoryview], segment: int, destination: Address) -> None:
        if self.run_error is not None:
            raise OSError(self.run_error, "refused")
        assert all(len(packet) == segment for packet in packets[:-1]) and len(packets[-1]) <= segment
        self._take(packets, destination)


class Bench:
    """A fan-out with its sender, counters and the callback it waits with."""

    def __init__(self, gso: bool = True) -> None:
        self.sender = RecordingSender()
        self.counters = TransportCounters()
        self.waiting: Callable[[], None] | None = None
        self.fanout = Fanout(self.sender, self.counters, self._wait, gso)

    def _wait(self, callback: Callable[[], None] | None) -> None:
        self.waiting = callback

    def outbox(self, destination: Address = HERE) -> Outbox:
        outbox = Outbox()
        outbox.session, outbox.destination = session(), destination
        return outbox

    def send(self, outbox: Outbox, packets: list[bytes]) -> None:
        outbox.rtp.extend(packets)
        self.fanout.mark(outbox)
        self.fanout.flush()


@given(st.lists(st.integers(min_value=1, max_value=1500), max_size=300))
def test_runs_cover_everything_once_and_fit_the_kernels_limits(sizes: list[int]) -> None:
    found = list(runs(sizes))
    assert [index for start, end in found for index in range(start, end)] == list(range(len(sizes)))
    for start, end in found:
        run = sizes[start:end]
        assert len(run) <= SLOTS and sum(run) <= MAX_RUN_BYTES
        assert all(size == run[0] for size in run[:-1]) and run[-1] <= run[0]


def test_runs_are_as_long_as_the_sizes_allow() -> None:
    assert list(runs([10, 10, 10])) == [(0, 3)]
    assert list(runs([10, 10, 5, 5, 12])) == [(0, 3), (3, 4), (4, 5)]
    assert list(runs([1400] * 50)) == [(0, 46), (46, 50)]


def test_a_turns_packets_leave_with_one_call_per_peer() -> None:
    bench = Bench()
    first, second = bench.outbox(), bench.outbox(THERE)
    first.rtp.extend(rtp(index) for index in range(16))
    second.rtp.extend(rtp(index) for index in range(16))
    bench.fanout.mark(first)
    bench.fanout.mark(second)
    bench.fanout.flush()
    assert bench.sender.calls == [(16, HERE), (16, THERE)]
    assert bench.sender.sizes == [100 + TAG] * 32
    assert bench.counters.rtp_out == bench.counters.datagrams_out == 32
    assert bench.counters.bytes_out == 32 * (100 + TAG)
    bench.fanout.flush()
    assert len(bench.sender.calls) == 2


def test_reports_leave_before_media() -> None:
    bench = Bench()
    outbox = bench.outbox()
    outbox.rtcp.append(pack("!BBHI", 0x80, 201, 1, 7))
    bench.send(outbox, [rtp(1)])
    assert bench.sender.sizes == [8 + 4 + TAG, 100 + TAG]
    assert bench.counters.rtcp_out == 1


def test_a_packet_too_long_or_too_short_is_counted_and_the_others_leave() -> None:
    bench = Bench()
    bench.send(bench.outbox(), [rtp(1), rtp(2, MAX_RTP_BYTES + 1), b"short", rtp(3)])
    assert bench.sender.sequences == [1, 3]
    assert bench.counters.protect_failed == 2


@pytest.mark.parametrize("error", [errno.EIO, errno.EINVAL])
def test_a_kernel_that_refuses_runs_gets_single_datagrams_and_is_soon_not_asked_again(error: int) -> None:
    bench = Bench()
    bench.sender.run_error = error
    outbox = bench.outbox()
    for turn in range(6):
        bench.send(outbox, [rtp(turn * 2), rtp(turn * 2 + 1)])
    assert bench.sender.sequences == list(range(12))
    assert bench.counters.gso_fallbacks == 4
    assert not bench.fanout.gso


def test_a_run_too_long_for_the_route_falls_back_and_runs_stay_on() -> None:
    bench = Bench()
    bench.sender.run_error = errno.EMSGSIZE
    outbox = bench.outbox()
    for turn in range(6):
        bench.send(outbox, [rtp(turn * 2), rtp(turn * 2 + 1)])
    assert len(bench.sender.sequences) == 12
    assert bench.fanout.gso


def test_an_unreachable_peer_costs_only_its_own_packets() -> None:
    bench = Bench()
    bench.sender.run_error = errno.ENETUNREACH
    bench.send(bench.outbox(), [rtp(1), rtp(2)])
    bench.send(bench.outbox(THERE), [rtp(3)])
    assert bench.sender.calls == [(1, THERE)]
    assert bench.counters.send_errors == 1


@pytest.mark.parametrize("gso", [True, False])
def test_a_full_socket_delays_packets_and_keeps_their_order(gso: bool) -> None:
    bench = Bench(gso)
    outbox = bench.outbox()
    bench.sender.room = 3
    bench.send(outbox, [rtp(index) for index in range(5)])
    bench.send(outbox, [rtp(index) for index in range(5, 8)])
    assert bench.waiting is not None
    bench.sender.room = 4
    bench.waiting()
    assert bench.waiting is not None
    bench.sender.room = None
    bench.waiting()
    assert bench.waiting is None
    assert bench.sender.sequences == list(range(8))
    assert bench.counters.send_stalls == 1
    bench.send(outbox, [rtp(8)])
    assert bench.sender.sequences[-1] == 8


def test_a_socket_that_stays_full_costs_the_newest_packets_and_bounded_memory() -> None:
    bench = Bench()
    bench.sender.room = 0
    outbox = bench.outbox()
    turns = MAX_STALLED_BYTES // (64 * 1016) + 20
    for turn in range(turns):
        bench.send(outbox, [rtp(turn * 64 + index, 1000) for index in range(64)])
    assert bench.counters.stalled_dropped > 0
    bench.sender.room = None
    assert bench.waiting is not None
    bench.waiting()
    kept = len(bench.sender.sequences)
    assert kept + bench.counters.stalled_dropped == turns * 64
    assert kept * 1016 <= MAX_STALLED_BYTES + 64 * 1016


def test_a_peer_without_keys_or_address_sends_nothing() -> None:
    bench = Bench()
    outbox = bench.outbox()
    outbox.destination = None
    bench.send(outbox, [rtp(1)])
    assert bench.sender.calls == []
    assert outbox.rtp == []
