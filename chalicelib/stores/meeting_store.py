"""Meetings in DynamoDB."""

import dataclasses
from collections.abc import Iterator

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.contract.ids import AppId, MeetingId
from chalicelib.domain.meeting import Meeting, MeetingOptions, MeetingStatus
from chalicelib.services.ports import Key
from chalicelib.stores import table

_COLUMNS = {"title", "status"}  # options with an attribute of their own: conditions are set on the status
_OPTION_NAMES = {field.name for field in dataclasses.fields(MeetingOptions)} - _COLUMNS


class MeetingItem(table.Item, discriminator="meeting"):
    """``APP#{app}#MTG`` / ``MTG#{id}``: ids grow with time, so reading backwards gives the newest first."""

    app_id = UnicodeAttribute()
    meeting_id = UnicodeAttribute()
    title = UnicodeAttribute(null=True)
    status = UnicodeAttribute()
    options = JSONAttribute()
    created_at_ms = NumberAttribute()
    updated_at_ms = NumberAttribute()
    version = NumberAttribute()


def meeting_key(app_id: AppId, meeting_id: MeetingId) -> Key:
    """Return the key of a meeting."""
    return f"APP#{app_id}#MTG", f"MTG#{meeting_id}"


def meeting_of(item: MeetingItem) -> Meeting:
    """Return the domain object of an item; an option that is not stored yet has its default."""
    stored = {name: value for name, value in item.options.items() if name in _OPTION_NAMES}
    return Meeting(
        id=MeetingId(item.meeting_id),
        app_id=AppId(item.app_id),
        options=MeetingOptions(title=item.title, status=MeetingStatus(item.status), **stored),
        created_at_ms=int(item.created_at_ms),
        updated_at_ms=int(item.updated_at_ms),
        version=int(item.version),
    )


def _item(meeting: Meeting) -> MeetingItem:
    return MeetingItem(
        *meeting_key(meeting.app_id, meeting.id),
        app_id=meeting.app_id,
        meeting_id=meeting.id,
        title=meeting.options.title,
        status=meeting.options.status.value,
        options={name: getattr(meeting.options, name) for name in sorted(_OPTION_NAMES)},
        created_at_ms=meeting.created_at_ms,
        updated_at_ms=meeting.updated_at_ms,
        version=meeting.version,
    )


class DynamoMeetingStore:
    """The MeetingStore of the real system."""

    def add(self, meeting: Meeting) -> None:
        """Store a new meeting. Raises ConditionFailed when its id exists."""
        table.save(_item(meeting), MeetingItem.pk.does_not_exist())

    def get(self, app_id: AppId, meeting_id: MeetingId) -> Meeting | None:
        """Return a meeting of this app, or None."""
        item = table.get(MeetingItem, *meeting_key(app_id, meeting_id))
        return meeting_of(item) if item else None

    def replace(self, meeting: Meeting, *, observed_version: int) -> None:
        """Overwrite a meeting that is still at `observed_version`. Raises ConditionFailed when it is not."""
        table.save(_item(meeting), MeetingItem.version == observed_version)

    def newest_first(self, app_id: AppId) -> Iterator[Meeting]:
        """Yield the app's meetings, reading only as far as it is iterated."""
        for item in table.query(MeetingItem, f"APP#{app_id}#MTG", "MTG#", newest_first=True):
            yield meeting_of(item)
