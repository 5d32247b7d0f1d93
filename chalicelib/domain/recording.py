"""Recordings: what is known of each one. Pure. There is no engine yet that makes any."""

import enum
from dataclasses import dataclass, field
from typing import Any, NewType

from chalicelib.contract.ids import AppId, MeetingId, SessionId

RecordingId = NewType("RecordingId", str)


class RecordingStatus(enum.StrEnum):
    """How far a recording is."""

    INVOKED = "INVOKED"
    RECORDING = "RECORDING"
    UPLOADING = "UPLOADING"
    UPLOADED = "UPLOADED"
    ERRORED = "ERRORED"
    PAUSED = "PAUSED"


_RUNNING = {RecordingStatus.INVOKED, RecordingStatus.RECORDING, RecordingStatus.PAUSED}


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording of a meeting. `stop_reason` is kept as the API shows it; times are ms since 1970 UTC."""

    id: RecordingId
    app_id: AppId
    meeting_id: MeetingId
    meeting_title: str
    status: RecordingStatus
    output_file_name: str
    invoked_at_ms: int
    session_id: SessionId | None = None
    started_at_ms: int | None = None
    stopped_at_ms: int | None = None
    download_url: str | None = None
    audio_download_url: str | None = None
    download_url_expires_at_ms: int | None = None
    file_size: int | None = None
    duration_s: int | None = None
    start_reason: dict[str, Any] = field(default_factory=dict)
    stop_reason: dict[str, Any] | None = None
    version: int = 1

    @property
    def is_running(self) -> bool:
        """Tell whether it can still be stopped, paused or resumed."""
        return self.status in _RUNNING


@dataclass(frozen=True, slots=True)
class RecordingFilter:
    """Which recordings of a list to show; the times (ms) bound when they were asked for, both inclusive."""

    search: str = ""
    meeting_id: str = ""
    statuses: tuple[RecordingStatus, ...] = ()
    expired: bool | None = None
    from_ms: int | None = None
    to_ms: int | None = None

    def accepts(self, recording: Recording, now_ms: int) -> bool:
        """Tell whether a recording is in the list. `search` is part of the meeting's title in any case, or its id."""
        if self.meeting_id and recording.meeting_id != self.meeting_id:
            return False
        if self.statuses and recording.status not in self.statuses:
            return False
        if self.expired is not None and self.expired is not _is_expired(recording, now_ms):
            return False
        if self.from_ms is not None and recording.invoked_at_ms < self.from_ms:
            return False
        if self.to_ms is not None and recording.invoked_at_ms > self.to_ms:
            return False
        wanted = self.search.casefold()
        return wanted in recording.meeting_title.casefold() or wanted == recording.meeting_id


def _is_expired(recording: Recording, now_ms: int) -> bool:
    expires = recording.download_url_expires_at_ms
    return expires is not None and expires <= now_ms
