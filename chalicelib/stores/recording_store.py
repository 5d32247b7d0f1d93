"""Recordings in DynamoDB."""

import dataclasses
from collections.abc import Iterator
from typing import Any

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.contract.ids import AppId, MeetingId
from chalicelib.domain.recording import Recording, RecordingId, RecordingStatus
from chalicelib.stores import table

_COLUMNS = {"id", "app_id", "meeting_id", "status", "version"}


class RecordingItem(table.Item, discriminator="recording"):
    """``APP#{app}#REC`` / ``REC#{id}``: ids grow with time."""

    app_id = UnicodeAttribute()
    recording_id = UnicodeAttribute()
    meeting_id = UnicodeAttribute()
    status = UnicodeAttribute()
    details = JSONAttribute()
    version = NumberAttribute()


def _item(recording: Recording) -> RecordingItem:
    details: dict[str, Any] = {
        field.name: getattr(recording, field.name)
        for field in dataclasses.fields(Recording)
        if field.name not in _COLUMNS
    }
    return RecordingItem(
        f"APP#{recording.app_id}#REC",
        f"REC#{recording.id}",
        app_id=recording.app_id,
        recording_id=recording.id,
        meeting_id=recording.meeting_id,
        status=recording.status.value,
        details=details,
        version=recording.version,
    )


def _recording_of(item: RecordingItem) -> Recording:
    return Recording(
        id=RecordingId(item.recording_id),
        app_id=AppId(item.app_id),
        meeting_id=MeetingId(item.meeting_id),
        status=RecordingStatus(item.status),
        version=int(item.version),
        **item.details,
    )


class DynamoRecordingStore:
    """The RecordingStore of the real system."""

    def add(self, recording: Recording) -> None:
        """Store a new recording. Raises ConditionFailed when its id exists."""
        table.save(_item(recording), RecordingItem.pk.does_not_exist())

    def replace(self, recording: Recording, *, observed_version: int) -> None:
        """Overwrite a recording that is still at `observed_version`. Raises ConditionFailed when it is not."""
        table.save(_item(recording), RecordingItem.version == observed_version)

    def get(self, app_id: AppId, recording_id: RecordingId) -> Recording | None:
        """Return a recording of this app, or None."""
        item = table.get(RecordingItem, f"APP#{app_id}#REC", f"REC#{recording_id}")
        return _recording_of(item) if item else None

    def in_app(self, app_id: AppId, *, newest_first: bool) -> Iterator[Recording]:
        """Yield the app's recordings by when they were asked for, reading only as far as it is iterated."""
        return map(_recording_of, table.query(RecordingItem, f"APP#{app_id}#REC", "REC#", newest_first=newest_first))
