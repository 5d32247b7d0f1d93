"""Meetings in DynamoDB."""

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from itertools import islice

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.contract.ids import AppId, MeetingId, is_uuid
from chalicelib.domain.meeting import Meeting, MeetingFilter, MeetingOptions, MeetingStatus
from chalicelib.domain.paging import Page, PageRequest, page_of
from chalicelib.domain.room import RoomSettings
from chalicelib.services.key_ports import Purge
from chalicelib.services.ports import ConditionFailed, Contention, Key
from chalicelib.stores import meeting_lists, table
from chalicelib.stores.counted_list import Change, ListCountItem, Place, write_counted
from chalicelib.stores.meeting_lists import (
    EARLY_TERMS,
    copy_key,
    late_places_of,
    place_of_all,
    place_of_participants,
    places_of,
)
from chalicelib.stores.purge_items import purge_item
from chalicelib.stores.session_items import PointerItem, pointer_key

_COLUMNS = {"title", "status"}  # options with an attribute of their own: conditions are set on the status
_OPTION_NAMES = {field.name for field in dataclasses.fields(MeetingOptions)} - _COLUMNS
_ROOM_NAMES = {field.name for field in dataclasses.fields(RoomSettings)}

_MOST_ITEMS = 94  # of a transaction of 100: the meeting itself, and segments that counted_list.py cuts off
_TRIES = 3


class MeetingItem(table.Item, discriminator="meeting"):
    """``APP#{app}#MTG`` / ``MTG#{id}``: ids grow with time, so reading backwards gives the newest first."""

    app_id = UnicodeAttribute()
    meeting_id = UnicodeAttribute()
    title = UnicodeAttribute(null=True)
    status = UnicodeAttribute()
    options = JSONAttribute()
    room = JSONAttribute(null=True)
    created_at_ms = NumberAttribute()
    updated_at_ms = NumberAttribute()
    version = NumberAttribute()


class ListedMeetingItem(MeetingItem, discriminator="listed_meeting"):
    """A copy of a meeting in one of the lists of meeting_lists.py."""


class RoomNameItem(table.Item, discriminator="room_name"):
    """``ROOM#{app}#{name}`` / ``ROOM_NAME``: the claim of a meeting on its unique name."""

    meeting_id = UnicodeAttribute()


def room_name_key(app_id: AppId, name: str) -> Key:
    """Return the key of the claim on a unique name; the id before it has a fixed length, so a name can't fake one."""
    return f"ROOM#{app_id}#{name}", "ROOM_NAME"


def meeting_key(app_id: AppId, meeting_id: MeetingId) -> Key:
    """Return the key of a meeting."""
    return f"APP#{app_id}#MTG", f"MTG#{meeting_id}"


def meeting_of(item: MeetingItem) -> Meeting:
    """Return the domain object of an item; an option that is not stored yet has its default."""
    stored = {name: value for name, value in item.options.items() if name in _OPTION_NAMES}
    room = {name: value for name, value in (item.room or {}).items() if name in _ROOM_NAMES}
    return Meeting(
        id=MeetingId(item.meeting_id),
        app_id=AppId(item.app_id),
        options=MeetingOptions(title=item.title, status=MeetingStatus(item.status), **stored),
        created_at_ms=int(item.created_at_ms),
        updated_at_ms=int(item.updated_at_ms),
        version=int(item.version),
        room=RoomSettings(**room),
    )


def meeting_item(meeting: Meeting, copy_in: Place | None = None) -> MeetingItem:
    """Return the item of a meeting, or of its copy in a list."""
    key = copy_key(copy_in, meeting.id) if copy_in else meeting_key(meeting.app_id, meeting.id)
    return (ListedMeetingItem if copy_in else MeetingItem)(
        *key,
        app_id=meeting.app_id,
        meeting_id=meeting.id,
        title=meeting.options.title,
        status=meeting.options.status.value,
        options={name: getattr(meeting.options, name) for name in sorted(_OPTION_NAMES)},
        room=dataclasses.asdict(meeting.room) if meeting.room != RoomSettings() else None,
        created_at_ms=meeting.created_at_ms,
        updated_at_ms=meeting.updated_at_ms,
        version=meeting.version,
    )


def _claim(meeting: Meeting) -> RoomNameItem:
    return RoomNameItem(*room_name_key(meeting.app_id, meeting.room.name), meeting_id=meeting.id)


def _settle_later(meeting: Meeting, places: Collection[Place]) -> None:
    """Put a meeting that was written into lists that its transaction had no room for, and out of others.

    Whoever changes the meeting meanwhile does the same for theirs. If this never comes, a search for the later words of
    a long title is wrong until the meeting is changed the next time.
    """
    for _ in range(_TRIES):
        try:
            _settle(meeting, places, kept=True)
            return
        except ConditionFailed:
            return
        except Contention:
            continue


def _settle(meeting: Meeting, places: Collection[Place], *, kept: bool) -> None:
    """Make the copies in `places` what they should be for this version. Raises ConditionFailed if there is another."""
    wanted = set(places_of(meeting)) if kept else set()
    waiting = iter(sorted(places, key=lambda place: place.pk))
    while some := list(islice(waiting, EARLY_TERMS)):
        there = set(table.get_many([copy_key(place, meeting.id) for place in some]))
        present = {place for place in some if copy_key(place, meeting.id) in there}
        _settle_some(meeting, wanted.intersection(some), present)


def _settle_some(meeting: Meeting, wanted: set[Place], present: set[Place]) -> None:
    def fill(write: table.Transaction) -> None:
        write.condition_check(
            MeetingItem, *meeting_key(meeting.app_id, meeting.id), condition=MeetingItem.version == meeting.version
        )
        for place in wanted:
            exists = MeetingItem.pk.exists() if place in present else MeetingItem.pk.does_not_exist()
            write.save(meeting_item(meeting, place), condition=exists)
        for place in present - wanted:
            write.delete(meeting_item(meeting, place), condition=MeetingItem.pk.exists())

    entered = [Change(place, meeting.id, 1) for place in wanted - present]
    write_counted([*entered, *(Change(place, meeting.id, -1) for place in present - wanted)], fill)


class DynamoMeetingStore:
    """The MeetingStore of the real system."""

    def add(self, meeting: Meeting) -> None:
        """Store a new meeting. Raises ConditionFailed when its id exists or its room's name is taken."""
        late = late_places_of(meeting)
        places = [place for place in places_of(meeting) if place not in late]

        def fill(write: table.Transaction) -> None:
            write.save(meeting_item(meeting), condition=MeetingItem.pk.does_not_exist())
            for place in places:
                write.save(meeting_item(meeting, place))
            if meeting.room.name:
                write.save(_claim(meeting), condition=RoomNameItem.pk.does_not_exist())

        write_counted([Change(place, meeting.id, 1) for place in (place_of_all(meeting.app_id), *places)], fill)
        _settle_later(meeting, late)

    def get(self, app_id: AppId, meeting_id: MeetingId) -> Meeting | None:
        """Return a meeting of this app, or None."""
        item = table.get(MeetingItem, *meeting_key(app_id, meeting_id))
        return meeting_of(item) if item else None

    def by_room_name(self, app_id: AppId, name: str) -> Meeting | None:
        """Return the meeting with this unique name, or None."""
        claim = table.get(RoomNameItem, *room_name_key(app_id, name))
        return self.get(app_id, MeetingId(claim.meeting_id)) if claim else None

    def get_many(self, app_id: AppId, meeting_ids: Sequence[MeetingId]) -> dict[MeetingId, Meeting]:
        """Return those of the meetings that there are."""
        found = table.get_many({meeting_key(app_id, meeting_id) for meeting_id in meeting_ids}) if meeting_ids else {}
        meetings = (meeting_of(item) for item in found.values() if isinstance(item, MeetingItem))
        return {meeting.id: meeting for meeting in meetings}

    def replace(self, meeting: Meeting, *, observed: Meeting) -> None:
        """Overwrite a meeting that is still as `observed`. Raises ConditionFailed when it is not."""
        late = {*late_places_of(observed), *late_places_of(meeting)}
        before, after = set(places_of(observed)) - late, set(places_of(meeting)) - late
        if 3 * len(before - after) + 2 * len(after - before) + len(before & after) >= _MOST_ITEMS:
            # Too many lists to leave and to enter at once: out of the old title's first. Should the second step never
            # come, the meeting has no title and the caller an error; the lists are right either way.
            untitled = dataclasses.replace(meeting.options, title=None)
            between = dataclasses.replace(meeting, options=untitled, version=observed.version)
            self.replace(between, observed=observed)
            self.replace(meeting, observed=between)
            return

        def fill(write: table.Transaction) -> None:
            write.save(meeting_item(meeting), condition=MeetingItem.version == observed.version)
            for place in after:
                write.save(meeting_item(meeting, place))
            for place in before - after:
                write.delete(meeting_item(observed, place), condition=MeetingItem.pk.exists())

        changes = [Change(place, meeting.id, 1) for place in after - before]
        write_counted([*changes, *(Change(place, meeting.id, -1) for place in before - after)], fill)
        _settle_later(meeting, late)

    def delete(self, observed: Meeting) -> None:
        """Remove a meeting that is still as `observed`, and its room's name; what belongs to it is to be purged.

        Raises ConditionFailed when it is not as observed, or has an active session.
        """
        pointer = pointer_key(observed.app_id, observed.id)
        late = late_places_of(observed)
        places = [place for place in places_of(observed) if place not in late]
        _settle(observed, late, kept=False)

        def fill(write: table.Transaction) -> None:
            write.condition_check(PointerItem, *pointer, condition=PointerItem.session_id.does_not_exist())
            write.save(purge_item(Purge(observed.app_id, observed.id)))
            write.delete(meeting_item(observed), condition=MeetingItem.version == observed.version)
            for place in places:
                write.delete(meeting_item(observed, place))
            # Without its count the list of participants is empty at once, however long removing them takes.
            for key in place_of_participants(observed.app_id, observed.id).count_keys:
                write.delete(ListCountItem(*key))
            if observed.room.name:
                write.delete(_claim(observed))

        write_counted([Change(place, observed.id, -1) for place in (place_of_all(observed.app_id), *places)], fill)

    def page(self, app_id: AppId, wanted: MeetingFilter, request: PageRequest) -> Page[Meeting]:
        """Return a page of the app's meetings that the filter accepts, by time of creation."""
        if is_uuid(wanted.search):
            named = self.get(app_id, MeetingId(wanted.search))
            return page_of([named] if named else [], request, wanted.accepts)
        return meeting_lists.page(app_id, wanted, request, lambda raw: meeting_of(MeetingItem.from_raw_data(raw)))

    def newest_first(self, app_id: AppId) -> Iterator[Meeting]:
        """Yield the app's meetings, reading only as far as it is iterated."""
        for item in table.query(MeetingItem, f"APP#{app_id}#MTG", "MTG#", newest_first=True):
            yield meeting_of(item)
