"""Ports and the lock on the data directory: what must be free before anything is started."""

import errno
import fcntl
import os
import socket
from pathlib import Path
from typing import IO


class NotFree(Exception):
    """Something else holds what this installation needs; the message is one line that says what to do."""


def listen(bind: str, port: int, variable: str) -> list[socket.socket]:
    """Return listening TCP sockets for the origin, on IPv6 loopback too: "localhost" is often ::1 first."""
    sockets = [_listen(socket.AF_INET, bind, port, variable)]
    if bind == "127.0.0.1" and socket.has_ipv6:
        try:
            sockets.append(_listen(socket.AF_INET6, "::1", port, variable))
        except NotFree:
            sockets[0].close()
            raise
        except OSError:
            pass  # a machine without IPv6
    return sockets


def _listen(family: socket.AddressFamily, address: str, port: int, variable: str) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family is socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        listener.bind((address, port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        raise _explained(error, "TCP", address, port, variable) from error
    listener.setblocking(False)
    return listener


def check_udp(bind: str, port: int, variable: str) -> None:
    """Raise NotFree unless the UDP port can be bound right now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((bind, port))
        except OSError as error:
            raise _explained(error, "UDP", bind, port, variable) from error


def check_tcp(bind: str, port: int, variable: str, command: str) -> None:
    """Raise NotFree unless the TCP port can be listened on right now; `command` is what the message tells to run."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
            probe.listen()
        except OSError as error:
            raise _explained(error, "TCP", bind, port, variable, command) from error


def _explained(
    error: OSError, protocol: str, address: str, port: int, variable: str, command: str = "make run"
) -> OSError | NotFree:
    if error.errno == errno.EADDRINUSE:
        return NotFree(
            f"{protocol} port {port} is in use by another program: stop that program, or choose another port: "
            f"{command} {variable}={port + 1}"
        )
    if error.errno == errno.EACCES:
        return NotFree(f"{protocol} port {port} needs more rights: choose one above 1023 with {variable}")
    if address not in {"127.0.0.1", "::1", "0.0.0.0"} and error.errno == errno.EADDRNOTAVAIL:
        return NotFree(f"PARLEY_BIND={address} is not an address of this machine")
    return error


def free_tcp_ports(count: int) -> list[int]:
    """Return `count` different TCP ports of 127.0.0.1 that were free a moment ago."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


def lock_data_dir(data_dir: Path) -> IO[str]:
    """Return the held lock; the kernel lets go of it with the process. Raises NotFree when another one runs here."""
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)  # the database holds secrets
    lock = (data_dir / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        lock.close()
        raise NotFree(
            f"{data_dir} is in use by a running installation (process {holder}): stop it, or set PARLEY_DATA_DIR"
        ) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock
