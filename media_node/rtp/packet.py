"""RTP packets as bytes (RFC 3550 section 5.1, RFC 8285): where the parts are, never a decoded object per packet."""

import struct

HEADER = struct.Struct("!BBHII")
HEADER_SIZE = HEADER.size
ONE_BYTE_PROFILE = 0xBEDE
TWO_BYTE_PROFILE = 0x1000


def payload_offset(packet: bytes) -> int:
    """Return where the payload starts, or -1 when lengths do not add up."""
    offset = HEADER_SIZE + 4 * (packet[0] & 0x0F)
    if packet[0] & 0x10:
        if len(packet) < offset + 4:
            return -1
        offset += 4 + 4 * int.from_bytes(packet[offset + 2 : offset + 4], "big")
    return offset if offset <= len(packet) else -1


def header_extensions(packet: bytes) -> dict[int, bytes]:
    """Return the header extensions of a packet by id; a malformed block ends quietly where it breaks (RFC 8285)."""
    start = HEADER_SIZE + 4 * (packet[0] & 0x0F)
    if not packet[0] & 0x10 or len(packet) < start + 4:
        return {}
    profile, words = struct.unpack_from("!HH", packet, start)
    block = packet[start + 4 : start + 4 + 4 * words]
    if profile == ONE_BYTE_PROFILE:
        return _one_byte(block)
    if profile & 0xFFF0 == TWO_BYTE_PROFILE:
        return _two_byte(block)
    return {}


def _one_byte(block: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 0
    while at < len(block):
        extension_id, length = block[at] >> 4, (block[at] & 0x0F) + 1
        if block[at] == 0:
            at += 1
            continue
        if extension_id == 15 or at + 1 + length > len(block):
            break
        found[extension_id] = block[at + 1 : at + 1 + length]
        at += 1 + length
    return found


def _two_byte(block: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 0
    while at + 1 < len(block):
        extension_id, length = block[at], block[at + 1]
        if extension_id == 0:
            at += 1
            continue
        if at + 2 + length > len(block):
            break
        found[extension_id] = block[at + 2 : at + 2 + length]
        at += 2 + length
    return found


def extension_block(extensions: dict[int, bytes]) -> bytes:
    """Return a one-byte-form block with its four-byte header; empty when there is nothing that fits this form."""
    body = b"".join(
        bytes([extension_id << 4 | len(value) - 1]) + value
        for extension_id, value in extensions.items()
        if 0 < extension_id < 15 and 0 < len(value) <= 16
    )
    if not body:
        return b""
    body += bytes(-len(body) % 4)
    return struct.pack("!HH", ONE_BYTE_PROFILE, len(body) // 4) + body
