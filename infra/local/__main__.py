"""``python -m infra.local``: a whole installation on this machine, until Ctrl-C. What ``make run`` ends in."""

import asyncio
import logging
import os
import sys
import time
from pathlib import Path

from infra.local.credentials import load_or_make
from infra.local.ports import NotFree, check_udp, free_tcp_ports, listen, lock_data_dir
from infra.local.settings import SettingsError, read_settings
from infra.local.stack import InternalPorts, find_dynoxide, plan
from infra.local.supervisor import Installation, NotReady, run

ROOT = Path(__file__).resolve().parent.parent.parent


def say(line: str) -> None:
    """Print for the person at the terminal, at once."""
    print(line, flush=True)


def main() -> int:
    """Return the exit status: 0 after a stop that was asked for, 1 with one clear line for everything else."""
    started = time.monotonic()
    try:
        settings = read_settings(os.environ, ROOT)
        dynoxide = find_dynoxide(settings.dynoxide, ROOT)
        lock = lock_data_dir(settings.data_dir)
        listeners = listen(settings.bind, settings.port, "PARLEY_PORT")
        check_udp("0.0.0.0", settings.media_port, "PARLEY_MEDIA_PORT")
        credentials = load_or_make(settings.data_dir / "credentials.json")
    except (SettingsError, NotFree) as problem:
        print(f"parley: {problem}", file=sys.stderr)
        return 1
    for folder in ("logs", "tmp", "ministack"):
        (settings.data_dir / folder).mkdir(exist_ok=True)
    # Of this process and the gateway in it: the terminal is for what a person has to know.
    logging.basicConfig(filename=settings.data_dir / "logs" / "gateway.log", format="%(asctime)s %(name)s %(message)s")
    ports = InternalPorts(*free_tcp_ports(4))
    stack = plan(settings, credentials, ports, dynoxide, os.environ, ROOT)
    if stack.notice:
        say(stack.notice)
    try:
        asyncio.run(run(Installation(settings, stack, ports, listeners), started, say))
    except (NotReady, OSError) as problem:
        print(f"parley: {problem}", file=sys.stderr)
        return 1
    finally:
        lock.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
