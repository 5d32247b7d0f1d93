"""Frames to a client leave in order, and a client that does not read is cut off."""

import asyncio
from typing import Any, cast

from aiohttp import web

from media_node.signalling.ws_server import MAX_QUEUED_BYTES, ClientSocket


class FakeWebSocket:
    """Takes frames, as slowly as `gate` allows."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.sent: list[bytes] = []
        self.closed: tuple[int, bytes] | None = None

    async def send_bytes(self, frame: bytes) -> None:
        await self.gate.wait()
        self.sent.append(frame)

    async def close(self, code: int = 1000, message: bytes = b"", **_: Any) -> None:
        self.closed = (code, message)


async def test_frames_leave_in_order_and_before_the_close() -> None:
    far = FakeWebSocket()
    socket = ClientSocket(cast(web.WebSocketResponse, far))
    for number in range(3):
        socket.send(bytes([number]))
    socket.close(1008, "bad_message")
    socket.close(1000, "closed")
    socket.send(b"too late")
    await asyncio.wait_for(socket.run(), 1)
    assert far.sent == [b"\x00", b"\x01", b"\x02"]
    assert far.closed == (1008, b"bad_message")


async def test_a_slow_reader_is_closed_and_what_waited_is_dropped() -> None:
    far = FakeWebSocket()
    far.gate.clear()
    socket = ClientSocket(cast(web.WebSocketResponse, far))
    running = asyncio.create_task(socket.run())
    socket.send(b"first")
    await asyncio.sleep(0)
    for _ in range(MAX_QUEUED_BYTES // 100_000 + 2):
        socket.send(bytes(100_000))
    far.gate.set()
    await asyncio.wait_for(running, 1)
    assert len(far.sent) <= 1
    assert far.closed == (1013, b"slow_reader")
