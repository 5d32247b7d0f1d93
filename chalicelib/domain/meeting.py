"""Meetings: permanent, re-usable virtual rooms. What happens inside one is a session."""

import enum
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.contract.ids import AppId, MeetingId
from chalicelib.contract.limits import DEFAULT_KEEP_ALIVE_SECONDS
from chalicelib.domain.room import RoomSettings
from chalicelib.domain.search_terms import is_found


class MeetingStatus(enum.StrEnum):
    """INACTIVE blocks joins and new sessions."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"


@dataclass(frozen=True, slots=True)
class MeetingOptions:
    """What the owner of a meeting chooses. The two configs are kept as they came in, checked at the API.

    `preferred_region` is a wish, which placement does not know yet.
    """

    title: str | None = None
    status: MeetingStatus = MeetingStatus.ACTIVE
    record_on_start: bool = False
    live_stream_on_start: bool = False
    persist_chat: bool = False
    summarize_on_end: bool = False
    transcribe_on_end: bool = False
    session_keep_alive_time_in_secs: float = DEFAULT_KEEP_ALIVE_SECONDS
    recording_config: dict[str, Any] | None = None
    ai_config: dict[str, Any] | None = None
    preferred_region: str | None = None


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting of an app. `version` grows by one with every change; times are ms since 1970 UTC.

    `room` is what LiveKit's API says of it; its name never changes.
    """

    id: MeetingId
    app_id: AppId
    options: MeetingOptions
    created_at_ms: int
    updated_at_ms: int
    version: int = 1
    room: RoomSettings = field(default_factory=RoomSettings)

    @property
    def is_open(self) -> bool:
        """Tell whether peers may join."""
        return self.options.status is MeetingStatus.ACTIVE


@dataclass(frozen=True, slots=True)
class MeetingFilter:
    """Which meetings of a list to show; the times (ms) bound the creation time, both inclusive."""

    search: str = ""
    status: MeetingStatus | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    descending: bool = True

    def accepts(self, meeting: Meeting) -> bool:
        """Tell whether a meeting is in the list. `search` is beginnings of words of the title, or a whole id."""
        if self.status is not None and meeting.options.status is not self.status:
            return False
        if self.from_ms is not None and meeting.created_at_ms < self.from_ms:
            return False
        if self.to_ms is not None and meeting.created_at_ms > self.to_ms:
            return False
        if not self.search or self.search == meeting.id:
            return True
        return is_found(meeting.options.title or "", self.search)


def changed(meeting: Meeting, changes: dict[str, Any], now_ms: int) -> Meeting:
    """Return the meeting with some of its options (by field name) replaced."""
    return replace(
        meeting,
        options=replace(meeting.options, **changes),
        updated_at_ms=max(now_ms, meeting.updated_at_ms),
        version=meeting.version + 1,
    )
