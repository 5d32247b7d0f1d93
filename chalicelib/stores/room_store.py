"""Rooms that wait for their first peer, and agent dispatches, in DynamoDB. Names of rooms: meeting_store.py."""

import dataclasses
from collections.abc import Iterator

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.contract.ids import AppId, MeetingId
from chalicelib.domain.agent_dispatch import AgentDispatch
from chalicelib.domain.room import OpenedRoom
from chalicelib.services.ports import Key
from chalicelib.stores import table

_ORDER = {field.name for field in dataclasses.fields(AgentDispatch)} - {"id", "app_id", "meeting_id", "created_at_ms"}


class OpenedRoomItem(table.Item, discriminator="opened_room"):
    """``APP#{app}#ROOM`` / ``OPEN#{meeting}``: the few rooms of an app that were made and wait for somebody."""

    meeting_id = UnicodeAttribute()
    opened_at_ms = NumberAttribute()
    until_ms = NumberAttribute()
    epoch = NumberAttribute()


class AgentDispatchItem(table.Item, discriminator="agent_dispatch"):
    """``MTG#{app}#{meeting}`` / ``AGENT#{dispatch}``."""

    dispatch_id = UnicodeAttribute()
    app_id = UnicodeAttribute()
    meeting_id = UnicodeAttribute()
    order = JSONAttribute()
    created_at_ms = NumberAttribute()


def opened_key(app_id: AppId, meeting_id: MeetingId) -> Key:
    """Return the key of the note that a room waits."""
    return f"APP#{app_id}#ROOM", f"OPEN#{meeting_id}"


def dispatch_key(app_id: AppId, meeting_id: MeetingId, dispatch_id: str) -> Key:
    """Return the key of a dispatch."""
    return f"MTG#{app_id}#{meeting_id}", f"AGENT#{dispatch_id}"


class DynamoRoomStore:
    """The RoomStore of the real system."""

    def open(self, app_id: AppId, room: OpenedRoom) -> None:
        """Note that a room waits; noting it again replaces what was noted."""
        item = OpenedRoomItem(
            *opened_key(app_id, room.meeting_id),
            meeting_id=room.meeting_id,
            opened_at_ms=room.opened_at_ms,
            until_ms=room.until_ms,
            epoch=room.epoch,
            ttl=room.until_ms // 1000 + 1,
        )
        table.save(item)

    def close(self, app_id: AppId, meeting_id: MeetingId) -> None:
        """Forget that a room waits, if it does."""
        item = OpenedRoomItem(*opened_key(app_id, meeting_id))
        with table.translated(item.key):
            item.delete()

    def opened(self, app_id: AppId, meeting_id: MeetingId) -> OpenedRoom | None:
        """Return what was noted, also when the wait is over, or None."""
        item = table.get(OpenedRoomItem, *opened_key(app_id, meeting_id))
        return _opened_of(item) if item else None

    def all_opened(self, app_id: AppId) -> Iterator[OpenedRoom]:
        """Yield what was noted of the app's rooms; those whose wait is long over may be missing."""
        return map(_opened_of, table.query(OpenedRoomItem, f"APP#{app_id}#ROOM", "OPEN#"))


class DynamoDispatchStore:
    """The DispatchStore of the real system."""

    def add(self, dispatch: AgentDispatch) -> None:
        """Store a new dispatch. Raises ConditionFailed when its id exists."""
        table.save(_dispatch_item(dispatch), AgentDispatchItem.pk.does_not_exist())

    def get(self, app_id: AppId, meeting_id: MeetingId, dispatch_id: str) -> AgentDispatch | None:
        """Return a dispatch, or None."""
        item = table.get(AgentDispatchItem, *dispatch_key(app_id, meeting_id, dispatch_id))
        return _dispatch_of(item) if item else None

    def of_meeting(self, app_id: AppId, meeting_id: MeetingId) -> Iterator[AgentDispatch]:
        """Yield the meeting's dispatches, the oldest first."""
        return map(_dispatch_of, table.query(AgentDispatchItem, f"MTG#{app_id}#{meeting_id}", "AGENT#"))

    def delete(self, dispatch: AgentDispatch) -> None:
        """Remove a dispatch. Raises ConditionFailed when it is gone."""
        item = _dispatch_item(dispatch)
        with table.translated(item.key):
            item.delete(condition=AgentDispatchItem.pk.exists())


def _opened_of(item: OpenedRoomItem) -> OpenedRoom:
    return OpenedRoom(MeetingId(item.meeting_id), int(item.opened_at_ms), int(item.until_ms), int(item.epoch))


def _dispatch_item(dispatch: AgentDispatch) -> AgentDispatchItem:
    return AgentDispatchItem(
        *dispatch_key(dispatch.app_id, dispatch.meeting_id, dispatch.id),
        dispatch_id=dispatch.id,
        app_id=dispatch.app_id,
        meeting_id=dispatch.meeting_id,
        order={name: getattr(dispatch, name) for name in sorted(_ORDER)},
        created_at_ms=dispatch.created_at_ms,
    )


def _dispatch_of(item: AgentDispatchItem) -> AgentDispatch:
    return AgentDispatch(
        id=item.dispatch_id,
        app_id=AppId(item.app_id),
        meeting_id=MeetingId(item.meeting_id),
        created_at_ms=int(item.created_at_ms),
        **{name: value for name, value in item.order.items() if name in _ORDER},
    )
