"""Hostile SCTP of an authenticated participant: bounded time and memory, and a clean end at worst."""

import asyncio
import struct
import time
from collections.abc import Iterator

import pytest
from aiortc.rtcsctptransport import crc32c
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media_node.transport.sctp import (
    MAX_CHANNELS,
    MAX_MESSAGE_BYTES,
    MAX_STREAMS,
    DataAssociation,
    DataViolation,
)

REMOTE_TSN = 1000
LONGEST_S = 0.25  # for one packet on a busy machine; what it guards against takes seconds or for ever


class SilentLink:
    """What RTCSctpTransport needs of a DTLS link."""

    state = "connected"
    _role = "server"

    def __init__(self) -> None:
        self.sent = 0

    def _register_data_receiver(self, receiver: object) -> None: ...

    def _unregister_data_receiver(self, receiver: object) -> None: ...

    async def _send_data(self, data: bytes) -> None:
        self.sent += 1


class Heard:
    """DataEvents that keeps what it hears."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.received: list[tuple[str, bytes]] = []
        self.dropped = 0
        self.rejected = 0

    def data_opened(self, label: str) -> None:
        self.opened.append(label)

    def data_received(self, label: str, payload: bytes) -> None:
        self.received.append((label, payload))

    def data_dropped(self) -> None:
        self.dropped += 1

    def sctp_rejected(self) -> None:
        self.rejected += 1


class Attacker:
    """The far end of an established association, which sends what it likes."""

    def __init__(self) -> None:
        self.heard = Heard()
        self.association = DataAssociation(SilentLink(), self.heard)  # type: ignore[arg-type]
        self.tsn = REMOTE_TSN
        self.chunks(chunk(1, struct.pack("!LLHHL", 1, 1 << 20, 100, 100, REMOTE_TSN)), tag=0)

    def packet(self, *chunks: bytes, tag: int | None = None) -> bytes:
        tag = self.association._local_verification_tag if tag is None else tag
        header, body = struct.pack("!HHL", 5000, 5000, tag), b"".join(chunks)
        return header + struct.pack("<L", crc32c(header + bytes(4) + body)) + body

    def chunks(self, *chunks: bytes, tag: int | None = None) -> None:
        self.association.deliver(self.packet(*chunks, tag=tag))

    def data(self, payload: bytes, *, stream: int = 1, flags: int = 3, pp_id: int = 53, tsn: int | None = None) -> None:
        if tsn is None:
            tsn, self.tsn = self.tsn, self.tsn + 1
        self.chunks(chunk(0, struct.pack("!LHHL", tsn, stream, 0, pp_id) + payload, flags | 4))

    def open(self, stream: int, label: bytes = b"_reliable") -> None:
        self.data(struct.pack("!BBHLHH", 3, 0, 0, 0, len(label), 0) + label, stream=stream, pp_id=50)


def chunk(kind: int, body: bytes = b"", flags: int = 0) -> bytes:
    return struct.pack("!BBH", kind, flags, len(body) + 4) + body + bytes(-len(body) % 4)


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield loop
    loop.run_until_complete(asyncio.sleep(0))
    asyncio.set_event_loop(None)
    loop.close()


@pytest.fixture
def attacker(loop: asyncio.AbstractEventLoop) -> Iterator[Attacker]:
    attacker = loop.run_until_complete(_attack())
    yield attacker
    attacker.association.shut_down()


async def _attack() -> Attacker:
    return Attacker()


any_chunks = st.lists(
    st.builds(chunk, st.one_of(st.sampled_from([0, 1, 2, 3, 4, 6, 7, 9, 10, 11, 14, 130, 192]), st.integers(0, 255)),
              st.binary(max_size=80), st.integers(0, 255)),
    min_size=1, max_size=5,
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(packets=st.lists(any_chunks, max_size=8))
def test_no_chunks_hold_up_the_node(loop: asyncio.AbstractEventLoop, packets: list[list[bytes]]) -> None:
    attacker = loop.run_until_complete(_attack())
    begun = time.process_time()
    for chunks in packets:
        loop.run_until_complete(_deliver(attacker, chunks))
    assert time.process_time() - begun < LONGEST_S
    attacker.association.shut_down()


async def _deliver(attacker: Attacker, chunks: list[bytes]) -> None:
    try:
        attacker.chunks(*chunks)
    except (DataViolation, AssertionError, LookupError, AttributeError, struct.error, UnboundLocalError, TypeError):
        attacker.association.shut_down()  # as the peer does: its state is not to be trusted any more


def run(loop: asyncio.AbstractEventLoop, attack: list[tuple[object, ...]]) -> None:
    async def steps() -> None:
        for call, *arguments in attack:
            assert callable(call)
            call(*arguments)

    loop.run_until_complete(steps())


def test_a_message_arrives_with_its_label(loop: asyncio.AbstractEventLoop, attacker: Attacker) -> None:
    run(loop, [(attacker.open, 1), (attacker.data, b"hello")])
    assert attacker.heard.opened == ["_reliable"]
    assert attacker.heard.received == [("_reliable", b"hello")]


def test_a_channel_opened_twice_or_with_a_label_that_lies_is_dropped(
    loop: asyncio.AbstractEventLoop, attacker: Attacker
) -> None:
    run(loop, [(attacker.open, 1), (attacker.open, 1), (attacker.open, 3, b"\xff\xfe"), (attacker.open, 5, b"x" * 500)])
    lying = struct.pack("!BBHLHH", 3, 0, 0, 0, 400, 0) + b"short"
    loop.run_until_complete(_send(attacker, lying, 7, 50))
    loop.run_until_complete(_send(attacker, b"\x02", 9, 50))
    assert attacker.heard.opened == ["_reliable"]
    assert attacker.heard.dropped == 4


async def _send(attacker: Attacker, payload: bytes, stream: int, pp_id: int) -> None:
    attacker.data(payload, stream=stream, pp_id=pp_id)


def test_channels_are_bounded(loop: asyncio.AbstractEventLoop, attacker: Attacker) -> None:
    run(loop, [(attacker.open, stream, b"label%d" % stream) for stream in range(MAX_CHANNELS + 5)])
    assert len(attacker.heard.opened) == MAX_CHANNELS
    assert attacker.heard.dropped == 5


def test_streams_are_bounded(loop: asyncio.AbstractEventLoop, attacker: Attacker) -> None:
    with pytest.raises(DataViolation) as ended:
        run(loop, [(attacker.chunks, chunk(192, struct.pack("!L", REMOTE_TSN) + b"".join(
            struct.pack("!HH", stream, 0) for stream in range(MAX_STREAMS + 1))))])  # fmt: skip
    assert ended.value.reason == "data_streams"


def test_a_message_that_never_ends_ends_the_peer(loop: asyncio.AbstractEventLoop, attacker: Attacker) -> None:
    async def endless() -> None:
        attacker.open(1)
        for index in range(4000):
            attacker.data(bytes(1100), flags=2 if index == 0 else 0)

    with pytest.raises(DataViolation) as ended:
        loop.run_until_complete(endless())
    assert ended.value.reason == "data_too_large"
    assert attacker.tsn - REMOTE_TSN < 1200


def test_a_message_that_is_too_long_is_dropped(loop: asyncio.AbstractEventLoop, attacker: Attacker) -> None:
    async def send() -> None:
        attacker.open(1)
        pieces = MAX_MESSAGE_BYTES // 1000 + 1
        for index in range(pieces):
            attacker.data(bytes(1000), flags=(2 if index == 0 else 0) | (1 if index == pieces - 1 else 0))
        attacker.data(b"next")

    loop.run_until_complete(send())
    assert attacker.heard.received == [("_reliable", b"next")]
    assert attacker.heard.dropped == 1


def test_scattered_chunks_fill_no_memory(loop: asyncio.AbstractEventLoop, attacker: Attacker) -> None:
    async def scatter() -> None:
        for index in range(20_000):
            attacker.data(b"x", tsn=REMOTE_TSN + 2 + index * 3, flags=0)

    begun = time.process_time()
    loop.run_until_complete(scatter())
    assert attacker.association._buffered_chunks() < 5000
    assert time.process_time() - begun < 20
