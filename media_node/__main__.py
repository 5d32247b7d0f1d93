"""Starts a media node from its environment: ``python -m media_node``. Ends on SIGTERM or SIGINT within 5 s."""

import asyncio
import os
import signal
import sys

from media_node.config import ConfigError, NodeConfig, read_config
from media_node.node import Node, PortInUse
from media_node.telemetry import start_logging


def main() -> int:
    """Run until told to stop; return the exit code."""
    try:
        config = read_config(os.environ)
    except ConfigError as error:
        print(f"media node: {error}", file=sys.stderr)
        return 1
    start_logging()
    try:
        asyncio.run(_run(config))
    except PortInUse as error:
        print(f"media node: {error}", file=sys.stderr)
        return 1
    return 0


async def _run(config: NodeConfig) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    node = Node(config)
    await node.start()
    await stopped.wait()
    await node.stop()


if __name__ == "__main__":
    sys.exit(main())
