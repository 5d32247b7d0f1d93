"""One child process of the supervisor: started, restarted with backoff when it dies, and never left behind.

On Linux the kernel kills a child when the supervisor is gone (PR_SET_PDEATHSIG), however that came about. Elsewhere a
supervisor killed with -9 leaves its children running; docs/running.md says what to do then.
"""

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

FIRST_BACKOFF_S = 0.5
MAX_BACKOFF_S = 10.0
STEADY_S = 30.0  # a child that ran this long starts again without the backoff it had collected
MAX_LOG_BYTES = 10 * 1024 * 1024
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """What to run; `env` is the whole environment, secrets included, so it is never printed."""

    name: str
    argv: tuple[str, ...]
    env: dict[str, str]
    cwd: Path
    log: Path

    def __repr__(self) -> str:
        return f"ChildSpec({self.name})"


class Child:
    """Keeps one process running until stopped. `say` gets a line for the person at the terminal."""

    def __init__(self, spec: ChildSpec, say: Callable[[str], None]) -> None:
        self.spec = spec
        self.deaths = 0
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self._keeping: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> None:
        """Start the process and keep it running. Raises OSError when the program does not exist."""
        await self._spawn()
        self._keeping = asyncio.create_task(self._keep(), name=f"keep {self.spec.name}")

    async def stop(self, grace_s: float) -> None:
        """Ask it to end; kill it and all it started after `grace_s` seconds."""
        if self._keeping:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        if self.pid is None:
            return
        assert self._process is not None
        self._signal(signal.SIGTERM, group=False)
        try:
            await asyncio.wait_for(self._process.wait(), grace_s)
        except TimeoutError:
            self._say(f"{self.spec.name} did not stop in {grace_s:.0f} s: killed")
        self._signal(signal.SIGKILL, group=True)
        await self._process.wait()

    async def _keep(self) -> None:
        backoff = FIRST_BACKOFF_S
        while True:
            assert self._process is not None
            started = time.monotonic()
            code = await self._process.wait()
            self._signal(signal.SIGKILL, group=True)
            self.deaths += 1
            if time.monotonic() - started > STEADY_S:
                backoff = FIRST_BACKOFF_S
            self._say(f"{self.spec.name} ended ({_reason(code)}); starting it again in {backoff:.1f} s")
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2, MAX_BACKOFF_S)
            await self._spawn()

    async def _spawn(self) -> None:
        _rotate(self.spec.log)
        with self.spec.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self.spec.argv,
                env=self.spec.env,
                cwd=self.spec.cwd,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Its own group: Ctrl-C in the terminal reaches the supervisor only, which then stops things in order.
                start_new_session=True,
                preexec_fn=_die_with(os.getpid()) if sys.platform == "linux" else None,
            )
        self.spec.log.with_suffix(".pid").write_text(f"{self._process.pid}\n")

    def _signal(self, number: signal.Signals, *, group: bool) -> None:
        assert self._process is not None
        try:
            if group:
                os.killpg(self._process.pid, number)
            else:
                self._process.send_signal(number)
        except ProcessLookupError:
            return  # it has ended in the meantime


def _die_with(parent: int) -> Callable[[], None]:
    libc = ctypes.CDLL(None, use_errno=True)  # loaded before the fork: after it only async-safe things are allowed

    def prepare() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # the parent died between fork and prctl: its signal will not come any more
            os._exit(1)

    return prepare


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))


def _reason(code: int) -> str:
    return f"exit status {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
