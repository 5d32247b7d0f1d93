"""Identifiers, and how they are made.

Ids of apps, meetings, participants, presets, sessions and peers are UUIDs, as RealtimeKit's are. They are version 7
(RFC 9562 section 5.7): they sort by creation time, so a DynamoDB range read returns the newest first without an
index. LiveKit's prefixed sids are derived from them, never stored.
"""

import re
import uuid
from typing import NewType

AccountId = NewType("AccountId", str)
AppId = NewType("AppId", str)
MeetingId = NewType("MeetingId", str)
PresetId = NewType("PresetId", str)
ParticipantId = NewType("ParticipantId", str)
SessionId = NewType("SessionId", str)
PeerId = NewType("PeerId", str)
NodeId = NewType("NodeId", str)
TrackSid = NewType("TrackSid", str)

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_NODE_ID = re.compile(r"nd_[0-9a-z]{8,32}")


def uuid7(now_ms: int, entropy: bytes) -> str:
    """Return a version 7 UUID for `now_ms` (ms since 1970) and 10 bytes of `entropy` (RFC 9562 section 5.7)."""
    value = (now_ms & 0xFFFF_FFFF_FFFF) << 80 | int.from_bytes(entropy[:10], "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


def first_uuid7_at(at_ms: int) -> str:
    """Return what sorts before every version 7 UUID of `at_ms` (ms since 1970) or later, behind all earlier ones."""
    at_ms = max(0, min(at_ms, 0xFFFF_FFFF_FFFF))
    return str(uuid.UUID(int=at_ms << 80))


def is_uuid(value: str) -> bool:
    """Tell whether `value` is a UUID in lower-case canonical form."""
    return _UUID.fullmatch(value) is not None


def is_node_id(value: str) -> bool:
    """Tell whether `value` looks like the id of a node: ``nd_`` and 8 to 32 lower-case letters or digits."""
    return _NODE_ID.fullmatch(value) is not None


def participant_sid(peer_id: PeerId) -> str:
    """Return LiveKit's participant sid of a peer: ``PA_`` and the id without dashes."""
    return "PA_" + peer_id.replace("-", "")


def room_sid(session_id: SessionId) -> str:
    """Return LiveKit's room sid of a session: ``RM_`` and the id without dashes."""
    return "RM_" + session_id.replace("-", "")
