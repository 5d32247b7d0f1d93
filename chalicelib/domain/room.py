"""Rooms: what LiveKit's API says of a meeting beyond RealtimeKit's options. A room is a meeting, named by its id or by
a name that is unique in its app. Pure."""

from dataclasses import dataclass, replace

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import MeetingId, is_uuid
from chalicelib.contract.limits import MAX_KEEP_ALIVE_SECONDS, MAX_NAME_CHARS
from chalicelib.contract.node_commands import MAX_ROOM_METADATA_BYTES
from chalicelib.domain.livekit_claims import RoomConfig

DEFAULT_EMPTY_TIMEOUT_S = 300  # LiveKit
DEFAULT_DEPARTURE_TIMEOUT_S = 20  # LiveKit


@dataclass(frozen=True, slots=True)
class RoomSettings:
    """`name` is the unique one, or empty; `max_participants` 0 is no limit; `metadata` is what a session starts with.

    `empty_timeout_s`: how long a room that was made and that nobody has joined yet is there, in LiveKit's sense. The
    time after the last leave is the meeting's ``session_keep_alive_time_in_secs``.

    `custom_id` is VideoSDK's customRoomId.
    """

    name: str = ""
    max_participants: int = 0
    metadata: str = ""
    empty_timeout_s: int = DEFAULT_EMPTY_TIMEOUT_S
    custom_id: str = ""


@dataclass(frozen=True, slots=True)
class OpenedRoom:
    """A room that was made and waits for its first peer until `until_ms`.

    `epoch` is that of the meeting's last session at that time: a session that came since has a higher one, and then
    the room is there, or not, because of that session. Times are ms since 1970 UTC.
    """

    meeting_id: MeetingId
    opened_at_ms: int
    until_ms: int
    epoch: int

    def waits(self, epoch: int, now_ms: int) -> bool:
        """Tell whether it still waits; `epoch` is that of the meeting's last session now."""
        return now_ms < self.until_ms and epoch == self.epoch


def display_name(settings: RoomSettings, meeting_id: MeetingId) -> str:
    """Return the name that clients know the room by."""
    return settings.name or meeting_id


def check_room_name(name: str) -> None:
    """Raise ParleyError INVALID_FIELD unless a meeting may get this unique name."""
    if not name or len(name) > MAX_NAME_CHARS:
        raise ParleyError(ErrorId.INVALID_FIELD, f"a room's name has 1 to {MAX_NAME_CHARS} characters", "/name")
    if is_uuid(name):
        raise ParleyError(ErrorId.INVALID_FIELD, "a UUID is the id of a meeting and can't be made a name", "/name")


def cleared(settings: RoomSettings) -> RoomSettings:
    """Return the settings as they are when nobody has configured anything: only the names stay."""
    return RoomSettings(settings.name, custom_id=settings.custom_id)


def configured(settings: RoomSettings, config: RoomConfig) -> RoomSettings:
    """Return the settings with what the configuration says; its zeros and empty texts change nothing.

    Raises ParleyError INVALID_FIELD.
    """
    if len(config.metadata.encode()) > MAX_ROOM_METADATA_BYTES:
        raise ParleyError(ErrorId.INVALID_FIELD, f"at most {MAX_ROOM_METADATA_BYTES} bytes", "/metadata")
    if config.departure_timeout_s > MAX_KEEP_ALIVE_SECONDS:
        raise ParleyError(ErrorId.INVALID_FIELD, f"at most {MAX_KEEP_ALIVE_SECONDS} seconds", "/departure_timeout")
    return replace(
        settings,
        max_participants=config.max_participants or settings.max_participants,
        metadata=config.metadata or settings.metadata,
        empty_timeout_s=config.empty_timeout_s or settings.empty_timeout_s,
    )
