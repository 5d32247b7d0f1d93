"""Packets a media node forwards per CPU-second: 1 publisher, N subscribers, real DTLS-SRTP on both legs.

    python -m bench.forward [--subscribers 50] [--seconds 5] [--burst 16] [--runs 3]

A closed loop: the publisher sends a burst, the sinks must have got all of it before the next one; what is missing
after 100 ms is counted as lost. One packet in 64 is authenticated. The node runs alone on one core, the load on
another. CPU is the node process's own (all threads, user and system). On the loopback the kernel bills the
receiving half of each packet to its sender, so figures of a real network card differ.
"""

import argparse
import asyncio
import os
import secrets
import select
import socket
import statistics
import struct
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pylibsrtp
from aiortc.rtcdtlstransport import RTCCertificate

from bench.admit_all import AdmitAll
from bench.load_client import SSRC, LoadClient

PACKET_BYTES = 1100  # of RTP, as libwebrtc fills its video packets
AUTHENTICATED_ONE_IN = 64
BURST_DEADLINE_S = 0.1


@dataclass
class Result:
    """One measured window."""

    expected: int = 0
    delivered: int = 0
    forged: int = 0
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0

    def __str__(self) -> str:
        rate = self.delivered / self.cpu_seconds
        return (
            f"{rate / 1000:7.1f} k packets per CPU-second  ({self.delivered / self.wall_seconds / 1000:.1f} k/s,"
            f" node at {100 * self.cpu_seconds / self.wall_seconds:.0f} % of a core,"
            f" {self.delivered:,} of {self.expected:,} delivered, {self.forged} not authentic)"
        )


def free_port(kind: socket.SocketKind) -> int:
    """Return a port that is free now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_node(control_plane_port: int) -> tuple[subprocess.Popen[bytes], int]:
    """Start a media node on the first core; return it and its HTTP port."""
    port = free_port(socket.SOCK_STREAM)
    env = {
        **os.environ,
        "PARLEY_NODE_PORT": str(port),
        "PARLEY_MEDIA_PORT": str(free_port(socket.SOCK_DGRAM)),
        "PARLEY_MEDIA_ADDRESS": "127.0.0.1",
        "PARLEY_CONTROL_PLANE_URL": f"http://127.0.0.1:{control_plane_port}",
        "PARLEY_NODE_URL": f"http://127.0.0.1:{port}",
        "PARLEY_NODE_SECRET": secrets.token_hex(16),
    }
    cores = sorted(os.sched_getaffinity(0))
    node = subprocess.Popen([sys.executable, "-m", "media_node"], env=env, stdout=subprocess.DEVNULL)
    os.sched_setaffinity(node.pid, {cores[0]})
    os.sched_setaffinity(0, {cores[-1]})
    return node, port


def cpu_seconds(pid: int) -> float:
    """Return the CPU time a process has used (user and system, all its threads)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Sinks:
    """The subscribers' sockets: counts what arrives, authenticates a sample."""

    def __init__(self, subscribers: list[LoadClient]) -> None:
        self._clients = {client.sock.fileno(): client for client in subscribers}
        self._poll = select.epoll()
        for fileno in self._clients:
            self._poll.register(fileno, select.EPOLLIN)
        self._buffer = bytearray(2048)
        self.forged = 0

    def collect(self, wanted: int, deadline: float) -> int:
        """Read until `wanted` RTP packets came or the deadline (monotonic s) is over; return how many did."""
        got = 0
        while got < wanted and (left := deadline - time.monotonic()) > 0:
            for fileno, _ in self._poll.poll(left):
                got += self._read(self._clients[fileno])
        return got

    def _read(self, client: LoadClient) -> int:
        got = 0
        receive, buffer = client.sock.recv_into, self._buffer
        try:
            while True:
                size = receive(buffer)
                if buffer[0] >> 6 != 2 or 192 <= buffer[1] <= 223:
                    continue  # STUN or RTCP
                got += 1
                client.received += 1
                # Counted per client: SRTP loses its roll-over count when a receiver looks away for 32,768 packets.
                if client.received % AUTHENTICATED_ONE_IN == 0:
                    self._authenticate(client, bytes(buffer[:size]))
        except BlockingIOError:
            return got

    def _authenticate(self, client: LoadClient, packet: bytes) -> None:
        try:
            client.unprotect(packet)
        except pylibsrtp.Error:
            self.forged += 1


class Publisher:
    """Sends VP8-like packets: a key frame first, then deltas."""

    def __init__(self, client: LoadClient) -> None:
        self._client = client
        self._seq = 0
        self._body = secrets.token_bytes(PACKET_BYTES - 14)

    def burst(self, size: int, begins_key_frame: bool = False) -> None:
        """Send `size` packets at once."""
        timestamp = self._seq * 200 & 0xFFFFFFFF
        for at in range(size):
            payload = (b"\x10\x00" if begins_key_frame and at == 0 else b"\x00\x01") + self._body
            header = struct.pack("!BBHII", 0x80, 96, self._seq & 0xFFFF, timestamp, SSRC)
            self._client.sock.send(self._client.protect(header + payload))
            self._seq += 1


async def measure(publisher: Publisher, sinks: Sinks, subscribers: int, burst: int, seconds: float, pid: int) -> Result:
    """Run the closed loop for `seconds`."""
    result = Result()
    sinks.forged = 0
    started, before = time.monotonic(), cpu_seconds(pid)
    while time.monotonic() - started < seconds:
        publisher.burst(burst)
        result.expected += burst * subscribers
        result.delivered += sinks.collect(burst * subscribers, time.monotonic() + BURST_DEADLINE_S)
        await asyncio.sleep(0)
    result.wall_seconds, result.cpu_seconds = time.monotonic() - started, cpu_seconds(pid) - before
    result.forged = sinks.forged
    return result


async def run(arguments: argparse.Namespace) -> None:
    """Set the call up, warm it up, and print a line per run and the median."""
    control_plane_port = free_port(socket.SOCK_STREAM)
    runner = await AdmitAll().start(control_plane_port)
    node, port = start_node(control_plane_port)
    clients: list[LoadClient] = []
    try:
        async with aiohttp.ClientSession() as session:
            await wait_for_node(session, port)
            certificate = RTCCertificate.generateCertificate()
            began = time.monotonic()
            for number in range(arguments.subscribers + 1):
                clients.append(LoadClient(f"http://127.0.0.1:{port}", f"client-{number}", certificate))
                await clients[-1].connect(session, publishes=number == 0)
            print(f"1 publisher and {arguments.subscribers} subscribers joined in {time.monotonic() - began:.1f} s")
            publisher, sinks = Publisher(clients[0]), Sinks(clients[1:])
            await warm_up(publisher, sinks, arguments.subscribers)
            results = []
            for _ in range(arguments.runs):
                results.append(
                    await measure(publisher, sinks, arguments.subscribers, arguments.burst, arguments.seconds, node.pid)
                )
                print(results[-1])
            median = statistics.median(result.delivered / result.cpu_seconds for result in results)
            print(f"median of {arguments.runs}, burst {arguments.burst}: {median / 1000:.1f} k packets per CPU-second")
    finally:
        await asyncio.gather(*(client.close() for client in clients), return_exceptions=True)
        node.terminate()
        node.wait(10)
        await runner.cleanup()


async def wait_for_node(session: aiohttp.ClientSession, port: int) -> None:
    """Return when the node answers. Raises TimeoutError after 15 s."""
    async with asyncio.timeout(15):
        while True:
            try:
                async with session.get(f"http://127.0.0.1:{port}/healthz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)


async def warm_up(publisher: Publisher, sinks: Sinks, subscribers: int) -> None:
    """Send key frames until every subscriber gets the track."""
    for _ in range(50):
        publisher.burst(4, begins_key_frame=True)
        if sinks.collect(4 * subscribers, time.monotonic() + 0.2) == 4 * subscribers:
            return
        await asyncio.sleep(0.1)
    raise TimeoutError("not every subscriber gets the track")


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subscribers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--burst", type=int, default=16)
    parser.add_argument("--runs", type=int, default=3)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
