"""A whole local installation as a test sees it: what `make run` ends in, on free ports, in a folder of its own."""

import contextlib
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_DEADLINE_S = 60.0
STOP_DEADLINE_S = 25.0


class RunningParley:
    """One installation; `start` and `stop` may be repeated, the data stays in `data_dir`."""

    def __init__(self, data_dir: Path, **settings: str) -> None:
        self.data_dir = data_dir
        self.port = free_port(socket.SOCK_STREAM)
        self.media_port = free_port(socket.SOCK_DGRAM)
        self.url = f"http://localhost:{self.port}"
        self.output = data_dir.parent / f"{data_dir.name}.out"
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def env(self) -> dict[str, str]:
        """The variables of dev.env, as a shell that sources it would have them."""
        lines = (self.data_dir / "dev.env").read_text().splitlines()
        pairs = (line.removeprefix("export ").partition("=") for line in lines if line.startswith("export "))
        return {name: shlex.split(value)[0] for name, _, value in pairs}

    @property
    def pid(self) -> int:
        """Process id of the supervisor."""
        assert self._process is not None
        return self._process.pid

    def child_pid(self, name: str) -> int:
        """Process id of a part, by the name of its log: node, control-plane, database, ministack."""
        return int((self.data_dir / "logs" / f"{name}.pid").read_text())

    def start(self) -> float:
        """Start and wait until /health is 200; return how long that took, in seconds."""
        began = time.monotonic()
        self.launch()
        wait_until(self.healthy, START_DEADLINE_S, self._why_not)
        return time.monotonic() - began

    def launch(self) -> None:
        """Start without waiting."""
        env = {name: value for name, value in os.environ.items() if not name.startswith(("PARLEY_", "AWS_"))}
        for kept in ("PARLEY_DYNOXIDE",):
            if kept in os.environ:
                env[kept] = os.environ[kept]
        env |= {
            "PARLEY_PORT": str(self.port),
            "PARLEY_MEDIA_PORT": str(self.media_port),
            "PARLEY_DATA_DIR": str(self.data_dir),
            "PARLEY_SCHEDULE_SECONDS": "1",
            # One account for every test of a run, some of which ask over and over until something has happened.
            "PARLEY_RATE_LIMIT": "1000000/300",
            "PARLEY_APP_RATE_LIMIT": "1000000/300",
            **self._settings,
        }
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "infra.local"], cwd=ROOT, env=env, stdout=output, stderr=output
            )

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal and return the exit status."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(number)
        try:
            return self._process.wait(timeout=STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise

    def wait(self, timeout_s: float) -> int:
        """Wait for the supervisor to end by itself and return its exit status."""
        assert self._process is not None
        return self._process.wait(timeout=timeout_s)

    def healthy(self) -> bool:
        """Tell whether /health answers 200."""
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:  # URLError is one
            return False

    def _why_not(self) -> str:
        return f"not healthy:\n{self.output.read_text(errors='replace')}"


@contextlib.contextmanager
def running_parley(data_dir: Path, **settings: str) -> Iterator[RunningParley]:
    """Start an installation, yield it when it is healthy, and stop it."""
    parley = RunningParley(data_dir, **settings)
    try:
        parley.start()
        yield parley
    finally:
        parley.stop()


def wait_until(condition: Callable[[], bool], deadline_s: float, why: Callable[[], str] = lambda: "too late") -> None:
    """Return as soon as `condition` holds; fail with `why()` after `deadline_s` seconds."""
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, why()
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; a zombie does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def free_port(kind: socket.SocketKind) -> int:
    """Return a port of this machine that was free a moment ago."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
