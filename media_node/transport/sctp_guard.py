"""Checks an SCTP packet before aiortc parses it. Pure.

The packet is authenticated, so the sender is a participant, and still not trusted: aiortc 1.16 loops for ever on a
parameter of length 0, walks 65,535 steps per gap block of a SACK, and raises struct.error out of its pump on lengths
that do not fit. Checksums are left to aiortc.
"""

import struct
from collections.abc import Callable, Iterator

MAX_GAP_SPAN = 8192  # more than the outstanding chunks of a sender with 8 MB in flight
MAX_CHUNKS = 64
_DATA, _INIT, _INIT_ACK, _SACK, _HEARTBEAT, _HEARTBEAT_ACK, _ABORT = range(7)
_SHUTDOWN, _ERROR, _RECONFIG, _FORWARD_TSN = 7, 9, 130, 192
_RESET_OUTGOING, _RESET_RESPONSE, _ADD_OUTGOING = 13, 16, 17


def is_acceptable(packet: bytes) -> bool:
    """Tell whether aiortc can take `packet` in bounded time and without an exception from its parser."""
    if len(packet) < 16:
        return False
    seen = 0
    for kind, body in _chunks(packet):
        seen += 1
        if kind < 0 or seen > MAX_CHUNKS or (kind == _INIT and seen > 1):
            return False
        check = _CHECKS.get(kind)
        if check is not None and not check(body):
            return False
    return seen == 1 or packet[12] != _INIT


def _chunks(packet: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (type, body) of each chunk, and (-1, b"") where the lengths do not fit."""
    position = 12
    while position <= len(packet) - 4:
        kind, _, length = struct.unpack_from("!BBH", packet, position)
        if length < 4 or position + length > len(packet):
            yield -1, b""
            return
        yield kind, packet[position + 4 : position + length]
        position += length + -length % 4


def _params(body: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position <= len(body) - 4:
        kind, length = struct.unpack_from("!HH", body, position)
        if length < 4 or position + length > len(body):
            yield -1, b""
            return
        yield kind, body[position + 4 : position + length]
        position += length + -length % 4


def _data_fits(body: bytes) -> bool:
    return len(body) > 12  # RFC 9260 section 3.3.1: a DATA chunk without user data is an error


def _params_fit(body: bytes) -> bool:
    return all(kind >= 0 for kind, _ in _params(body))


def _init_fits(body: bytes) -> bool:
    return len(body) >= 16 and _params_fit(body[16:])


def _sack_fits(body: bytes) -> bool:
    if len(body) < 12:
        return False
    gaps, duplicates = struct.unpack_from("!HH", body, 8)
    if len(body) < 12 + 4 * (gaps + duplicates):
        return False
    span = 0
    for index in range(gaps):
        start, end = struct.unpack_from("!HH", body, 12 + 4 * index)
        if not 0 < start <= end:
            return False
        span += end - start + 1
    return span <= MAX_GAP_SPAN


def _shutdown_fits(body: bytes) -> bool:
    return len(body) >= 4


def _forward_tsn_fits(body: bytes) -> bool:
    return len(body) >= 4 and len(body) % 4 == 0


def _reconfig_fits(body: bytes) -> bool:
    for kind, value in _params(body):
        size = len(value)
        if kind < 0 or (kind in (_RESET_RESPONSE, _ADD_OUTGOING) and size != 8):
            return False
        if kind == _RESET_OUTGOING and (size < 12 or size % 2):
            return False
    return True


_CHECKS: dict[int, Callable[[bytes], bool]] = {
    _DATA: _data_fits,
    _INIT: _init_fits,
    _INIT_ACK: _init_fits,
    _SACK: _sack_fits,
    _HEARTBEAT: _params_fit,
    _HEARTBEAT_ACK: _params_fit,
    _ABORT: _params_fit,
    _SHUTDOWN: _shutdown_fits,
    _ERROR: _params_fit,
    _RECONFIG: _reconfig_fits,
    _FORWARD_TSN: _forward_tsn_fits,
}
