"""The control plane of a local installation in one process: the Chalice app over HTTP, and its event sources.

Started by the supervisor, which passes everything as environment. Order: database, table, seed, HTTP, event sources.
"""

import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config

import app as control_plane
from chalicelib.stores import table
from infra.local.credentials import dev_env, load_or_make, save, write_dev_env
from infra.local.event_sources import Clients, Poller, Sources, pollers
from infra.local.http_server import HttpServer
from infra.local.seed import seed

log = logging.getLogger("parley.local")
DATABASE_DEADLINE_S = 20.0


def create_clients(env: Mapping[str, str]) -> Clients:
    """Return the clients event sources read from."""
    session = botocore.session.get_session()
    # dynoxide's shard ids are shorter than botocore believes possible.
    config = Config(parameter_validation=False, retries={"max_attempts": 1}, connect_timeout=2, read_timeout=10)
    return Clients(
        dynamodb=session.create_client("dynamodb", config=config),
        streams=session.create_client(
            "dynamodbstreams", config=config, endpoint_url=env.get("AWS_ENDPOINT_URL_DYNAMODB")
        ),
        sqs=session.create_client("sqs", config=config),
    )


def wait_for_port(url: str, deadline_s: float, now: Callable[[], float] = time.monotonic) -> None:
    """Return when something listens at `url`. Raises TimeoutError after `deadline_s` seconds."""
    address = urlsplit(url)
    end = now() + deadline_s
    while True:
        try:
            socket.create_connection((address.hostname or "", address.port or 80), timeout=1).close()
            return
        except OSError:
            if now() > end:
                raise TimeoutError(f"nothing listens at {url} after {deadline_s:.0f} s") from None
            time.sleep(0.02)


def prepare(env: Mapping[str, str], data_dir: Path) -> None:
    """Make the table and the seed where they are missing, and write dev.env."""
    wait_for_port(env["AWS_ENDPOINT_URL_DYNAMODB"], DATABASE_DEADLINE_S)
    deps = control_plane.dependencies()
    table.create_table()
    known = load_or_make(data_dir / "credentials.json")
    seeded = seed(deps, known)
    if seeded != known:
        save(data_dir / "credentials.json", seeded)
    write_dev_env(data_dir / "dev.env", dev_env(seeded, env["PARLEY_URL"], int(env["PARLEY_MEDIA_PORT"])))


def start_event_sources(env: Mapping[str, str], data_dir: Path) -> list[Poller]:
    """Start a thread for every event source of the app and return them."""
    seconds = env.get("PARLEY_SCHEDULE_SECONDS")
    sources = Sources(
        clients=create_clients(env),
        table=env["PARLEY_TABLE"],
        queue_url=lambda _: env["PARLEY_QUEUE_URL"],
        data_dir=data_dir,
        schedule_seconds=float(seconds) if seconds else None,
    )
    started = pollers(control_plane.app, sources)
    for poller in started:
        poller.start()
    return started


def main() -> int:
    """Run until SIGTERM or SIGINT; return the exit status."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    data_dir = Path(os.environ["PARLEY_DATA_DIR"])
    prepare(os.environ, data_dir)
    with HttpServer(control_plane.app, int(os.environ["PARLEY_CONTROL_PORT"])) as server:
        log.info("control plane at %s", server.url)
        running = start_event_sources(os.environ, data_dir)
        stop.wait()
        for poller in running:
            poller.stopped.set()
    return 0


if __name__ == "__main__":
    sys.exit(main())
