"""Starts the local DynamoDB (dynoxide, in memory) for tests and binds a fresh table in it."""

import os
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chalicelib.stores import table

ROOT = Path(__file__).resolve().parent.parent
_INSTALLED = ROOT / "infra/local/node_modules/@dynoxide/linux-x64"
START_DEADLINE_S = 20.0


def dynoxide_binary() -> Path:
    """Return the emulator: env PARLEY_DYNOXIDE, what npm installed, or one on PATH; skips the test without one."""
    named = os.environ.get("PARLEY_DYNOXIDE") or shutil.which("dynoxide")
    found = [Path(named)] if named else [path for path in _INSTALLED.rglob("dynoxide") if path.is_file()]
    if not found:
        pytest.skip("no dynoxide: run `npm ci` in infra/local or set PARLEY_DYNOXIDE")
    return found[0]


@contextmanager
def local_database(file: Path | None = None) -> Iterator[str]:
    """Run an empty database, or that of a file, and yield its URL; the environment points botocore at it meanwhile."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    kept = ["--db-path", str(file)] if file else []
    process = subprocess.Popen(
        [dynoxide_binary(), "serve", "--port", str(port), *kept], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    environment = {
        "AWS_ENDPOINT_URL_DYNAMODB": url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    try:
        _wait_until_open(port, process)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            yield url
    finally:
        process.terminate()
        process.wait(timeout=10)


@contextmanager
def bound_table() -> Iterator[str]:
    """Make a table of its own in a running database, bind it, and yield its name."""
    name = f"parley-test-{uuid.uuid4().hex[:8]}"
    table.bind(name)
    table.create_table()
    yield name


def _wait_until_open(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_DEADLINE_S
    while time.monotonic() < deadline:
        assert process.poll() is None, f"dynoxide ended with {process.returncode}"
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("dynoxide did not open its port")
