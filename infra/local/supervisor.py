"""Starts a local installation, says when it is up, and takes it down again in an order that loses nothing."""

import asyncio
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web

from infra.local.child import Child
from infra.local.gateway import Upstreams, create_gateway
from infra.local.settings import Settings
from infra.local.stack import InternalPorts, Stack

READY_DEADLINE_S = 40.0
PROBE_INTERVAL_S = 0.05
STOP_GRACE_S = 5.0
DEATHS_BEFORE_READY = 3
LOG_TAIL_LINES = 8
Say = Callable[[str], None]


class NotReady(Exception):
    """The installation did not come up; the message says which part failed and shows the end of its log."""


@dataclass(frozen=True, slots=True)
class Installation:
    """Everything that was decided before anything is started."""

    settings: Settings
    stack: Stack
    ports: InternalPorts
    listeners: list[socket.socket]


async def run(installation: Installation, started: float, say: Say) -> None:
    """Run until SIGINT, SIGTERM or SIGHUP; `started` is when the command began (monotonic). Raises NotReady."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    children = [Child(spec, say) for spec in installation.stack.children]
    gateway = await _open_gateway(installation)
    try:
        for child in children:
            await child.start()
        waiting = asyncio.create_task(_until_ready(installation, children))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set():
            waiting.result()
            say(_table(installation, time.monotonic() - started))
        waiting.cancel()
        await stopping
        say("stopping ...")
    finally:
        await _take_down(children, gateway)


async def _open_gateway(installation: Installation) -> web.AppRunner:
    ports = installation.ports
    upstreams = Upstreams(
        control_plane=f"http://127.0.0.1:{ports.control_plane}",
        node=f"http://127.0.0.1:{ports.node}",
        web_root=installation.settings.web_root,
    )
    runner = web.AppRunner(create_gateway(upstreams), access_log=None, shutdown_timeout=1)
    await runner.setup()
    for listener in installation.listeners:
        await web.SockSite(runner, listener).start()
    return runner


async def _until_ready(installation: Installation, children: list[Child]) -> None:
    """Return when /health is 200: the API answers, the table is there, a node is registered."""
    health = f"http://127.0.0.1:{installation.ports.control_plane}/health"
    deadline = time.monotonic() + READY_DEADLINE_S
    seen = "no answer yet"
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as client:
        while time.monotonic() < deadline:
            for child in children:
                if child.deaths >= DEATHS_BEFORE_READY:
                    raise NotReady(f"{child.spec.name} does not stay up\n{log_tail(child.spec.log)}")
            try:
                async with client.get(health) as answer:
                    if answer.status == 200:
                        return
                    seen = f"{answer.status} {(await answer.text())[:200]}"
            except (aiohttp.ClientError, TimeoutError) as error:
                seen = type(error).__name__
            await asyncio.sleep(PROBE_INTERVAL_S)
    logs = installation.settings.data_dir / "logs"
    raise NotReady(f"not ready after {READY_DEADLINE_S:.0f} s: /health said {seen}; the logs are in {logs}")


async def _take_down(children: list[Child], gateway: web.AppRunner) -> None:
    # The node first: it reports who left and signs off at the control plane, which therefore is still there.
    node = [child for child in children if child.spec.name == "media node"]
    rest = [child for child in children if child not in node]
    closing = asyncio.create_task(gateway.cleanup())
    for group in (node, [c for c in rest if c.spec.name == "control plane"], rest):
        await asyncio.gather(*(child.stop(STOP_GRACE_S) for child in group))
    await closing


def log_tail(path: Path) -> str:
    """Return the last lines of a log, indented, with where it is."""
    lines = path.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:] if path.exists() else []
    return "\n".join([f"  last lines of {path}:", *(f"    {line}" for line in lines)])


def _table(installation: Installation, seconds: float) -> str:
    settings, data = installation.settings, installation.settings.data_dir
    shown = data.relative_to(Path.cwd()) if data.is_relative_to(Path.cwd()) else data
    rows = [
        ("origin", settings.url),
        ("meeting page", f"{settings.url}/meet/{{meeting_id}}?token=..."),
        ("media", f"UDP {settings.media_address}:{settings.media_port}"),
        ("database", f"{installation.stack.database}, in {shown}/"),
        ("settings", f". {shown}/dev.env"),
        ("logs", f"{shown}/logs/"),
    ]
    lines = [f"  {name:<13}{value}" for name, value in rows]
    return "\n".join([f"Parley is up after {seconds:.1f} s (Ctrl-C stops it)", *lines])
