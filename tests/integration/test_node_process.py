"""`python -m media_node` as an operator starts and stops it."""

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from livekit import rtc

from chalicelib.contract.node_messages import LeaveReason
from tests.fakes.control_plane import SECRET, FakeControlPlane, fake_control_plane, until

ROOT = Path(__file__).resolve().parents[2]


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(control_plane: FakeControlPlane, **changes: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    return {
        **own,
        "PARLEY_NODE_SECRET": SECRET,
        "PARLEY_CONTROL_PLANE_URL": control_plane.url,
        "PARLEY_NODE_PORT": str(free_port(socket.SOCK_STREAM)),
        "PARLEY_MEDIA_PORT": str(free_port(socket.SOCK_DGRAM)),
        **changes,
    }


@asynccontextmanager
async def node_process(env: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "media_node", cwd=ROOT, env=env, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture
async def control_plane() -> AsyncIterator[FakeControlPlane]:
    async with fake_control_plane() as fake:
        yield fake


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_within_five_seconds_with_everybody_told(
    control_plane: FakeControlPlane, number: signal.Signals
) -> None:
    env = environment(control_plane)
    async with node_process(env) as process:
        await until(lambda: control_plane.heartbeats, "the first heartbeat", 20)
        room = rtc.Room()
        await room.connect(f"ws://127.0.0.1:{env['PARLEY_NODE_PORT']}", "ada")
        await until(lambda: control_plane.events, "the peer to be reported")
        began = time.monotonic()
        process.send_signal(number)
        _, errors = await asyncio.wait_for(process.communicate(), 5)
        assert process.returncode == 0
        assert time.monotonic() - began < 5
        await room.disconnect()
    assert control_plane.events[-1].reason is LeaveReason.NODE_SHUTDOWN
    assert len(control_plane.gone) == 1
    lines = [json.loads(line) for line in errors.decode().splitlines()]
    assert [line["event"] for line in lines if line["logger"] == "media_node.node"] == ["started", "stopped"]
    assert SECRET not in errors.decode()


async def test_a_port_in_use_is_one_line_and_status_one(control_plane: FakeControlPlane) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        async with node_process(environment(control_plane, PARLEY_MEDIA_PORT=str(port))) as process:
            _, errors = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 1
    assert errors.decode().strip() == (f"media node: UDP port {port} is in use; set PARLEY_MEDIA_PORT to another one")


async def test_a_missing_setting_is_one_line_and_status_one(control_plane: FakeControlPlane) -> None:
    async with node_process(environment(control_plane, PARLEY_NODE_SECRET="")) as process:
        _, errors = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 1
    assert errors.decode() == "media node: PARLEY_NODE_SECRET is not set\n"
