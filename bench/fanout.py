"""Packets per CPU-second of the fan-out alone: protect and send one publisher's bursts to many subscribers.

    python -m bench.fanout [--subscribers 100] [--burst 16] [--bytes 1100] [--seconds 3] [--no-gso]

The sink is another process that reads every datagram from real loopback sockets, authenticates one in 64, and
acknowledges each burst, so nothing counts that did not arrive. CPU is that of the sending process, with the kernel's
loopback receive half, which a network card would not charge. Not measured: receiving, rewriting headers, RTCP.
"""

import argparse
import multiprocessing
import os
import selectors
import socket
import statistics
import time
from multiprocessing.connection import Connection
from struct import pack

import pylibsrtp

from media_node.transport.counters import TransportCounters
from media_node.transport.fanout import Fanout, Outbox
from media_node.transport.udp_socket import UdpSocket

PROFILE = pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM
ACKNOWLEDGE_S = 2.0


def srtp_session(key: bytes, direction: int) -> pylibsrtp.Session:
    """Return a session for any SSRC in one direction."""
    return pylibsrtp.Session(pylibsrtp.Policy(key=key, ssrc_type=direction, srtp_profile=PROFILE))


def sink(pipe: Connection, key: bytes, subscribers: int, per_round: int) -> None:
    """Read everything; write the number of datagrams to `pipe` when a round is complete or nothing comes any more."""
    selector = selectors.DefaultSelector()
    ports = []
    for _ in range(subscribers):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        sock.setblocking(False)
        sock.bind(("127.0.0.1", 0))
        ports.append(sock.getsockname()[1])
        session = srtp_session(key, pylibsrtp.Policy.SSRC_ANY_INBOUND)
        selector.register(sock, selectors.EVENT_READ, session)
    pipe.send(ports)
    buffer = memoryview(bytearray(2048))
    counted = 0
    while True:
        ready = selector.select(timeout=0.5)
        for entry, _ in ready:
            counted += drain(entry.fileobj, entry.data, buffer)  # type: ignore[arg-type]
        if counted >= per_round or (counted and not ready):
            pipe.send(counted)
            counted = 0


def drain(sock: socket.socket, session: pylibsrtp.Session, buffer: memoryview) -> int:
    """Read what `sock` has; returns the number of datagrams."""
    count = 0
    while True:
        try:
            size = sock.recv_into(buffer)
        except BlockingIOError:
            return count
        count += 1
        if buffer[3] % 64 == 0:  # the sequence number's low byte
            session.unprotect(bytes(buffer[:size]))


def measure(arguments: argparse.Namespace) -> tuple[float, int, int]:
    """Return packets per CPU-second, packets sent and packets that arrived."""
    key = os.urandom(28)
    near, far = multiprocessing.Pipe()
    per_round = arguments.subscribers * arguments.burst
    process = multiprocessing.Process(target=sink, args=(far, key, arguments.subscribers, per_round), daemon=True)
    process.start()
    sock = UdpSocket("127.0.0.1", 0, 4 << 20)
    fanout = Fanout(sock, TransportCounters(), lambda callback: None, not arguments.no_gso and sock.supports_runs)
    outboxes = []
    for port in near.recv():
        outbox = Outbox()
        outbox.session = srtp_session(key, pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
        outbox.destination = ("127.0.0.1", port, b"")
        outboxes.append(outbox)
    payload = bytes(arguments.bytes - 12)
    sent = arrived = sequence = 0
    cpu = 0.0
    end = time.monotonic() + arguments.seconds
    while time.monotonic() < end:
        begun = time.process_time()
        burst = [pack("!BBHII", 0x80, 96, (sequence + n) & 0xFFFF, 0, 7) + payload for n in range(arguments.burst)]
        for outbox in outboxes:
            outbox.rtp.extend(burst)
            fanout.mark(outbox)
        fanout.flush()
        cpu += time.process_time() - begun
        sequence += arguments.burst
        sent += per_round
        arrived += near.recv() if near.poll(ACKNOWLEDGE_S) else 0
    process.terminate()
    process.join()
    sock.close()
    return arrived / cpu, sent, arrived


def main() -> None:
    """Measure three times and print the median."""
    parser = argparse.ArgumentParser(description="packets per CPU-second of the fan-out")
    parser.add_argument("--subscribers", type=int, default=100)
    parser.add_argument("--burst", type=int, default=16)
    parser.add_argument("--bytes", type=int, default=1100)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--no-gso", action="store_true")
    arguments = parser.parse_args()
    runs = [measure(arguments) for _ in range(3)]
    for rate, sent, arrived in runs:
        print(f"{rate / 1000:8.1f} k packets per CPU-second, {arrived} of {sent} arrived")
    print(
        f"median {statistics.median(rate for rate, _, _ in runs) / 1000:.0f} k  (1 -> {arguments.subscribers}, "
        f"burst {arguments.burst}, {arguments.bytes} bytes, {'sendto' if arguments.no_gso else 'GSO'})"
    )


if __name__ == "__main__":
    main()
