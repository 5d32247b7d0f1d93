"""Connected meetings in DynamoDB: a row under the parent, and one with the child that says whose it is."""

from collections.abc import Iterator, Sequence

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.contract.ids import AppId, MeetingId
from chalicelib.domain.connected_meetings import Connection
from chalicelib.stores import table


class ConnectedItem(table.Item, discriminator="connected_meeting"):
    """``MTG#{app}#{parent}`` / ``CHILD#{child}``."""

    app_id = UnicodeAttribute()
    parent_id = UnicodeAttribute()
    child_id = UnicodeAttribute()
    created_at_ms = NumberAttribute()
    position = NumberAttribute()
    removed_at_ms = NumberAttribute(null=True)


class ParentItem(table.Item, discriminator="parent_meeting"):
    """``MTG#{app}#{child}`` / ``PARENT``."""

    parent_id = UnicodeAttribute()


class DynamoConnectionStore:
    """The ConnectionStore of the real system."""

    def add(self, connections: Sequence[Connection]) -> None:
        """Store up to 50 new ones, all or nothing. Raises ConditionFailed when one is a child already."""
        with table.transaction() as write:
            for each in connections:
                write.save(_item(each))
                parent = ParentItem(f"MTG#{each.app_id}#{each.child_id}", "PARENT", parent_id=each.parent_id)
                write.save(parent, condition=ParentItem.pk.does_not_exist())

    def remove(self, connection: Connection, now_ms: int) -> None:
        """Note that it is over. Raises ConditionFailed when it is not there."""
        item = _item(connection)
        with table.translated(item.key):
            item.update([ConnectedItem.removed_at_ms.set(now_ms)], condition=ConnectedItem.pk.exists())

    def parent_of(self, app_id: AppId, child_id: MeetingId) -> MeetingId | None:
        """Return the meeting that this one is or was a child of, or None."""
        item = table.get(ParentItem, f"MTG#{app_id}#{child_id}", "PARENT")
        return MeetingId(item.parent_id) if item else None

    def children_of(self, app_id: AppId, parent_id: MeetingId) -> Iterator[Connection]:
        """Yield the connections of a meeting by child, also those that are over."""
        return map(_connection_of, table.query(ConnectedItem, f"MTG#{app_id}#{parent_id}", "CHILD#"))


def _item(connection: Connection) -> ConnectedItem:
    return ConnectedItem(
        f"MTG#{connection.app_id}#{connection.parent_id}",
        f"CHILD#{connection.child_id}",
        app_id=connection.app_id,
        parent_id=connection.parent_id,
        child_id=connection.child_id,
        created_at_ms=connection.created_at_ms,
        position=connection.position,
        removed_at_ms=connection.removed_at_ms,
    )


def _connection_of(item: ConnectedItem) -> Connection:
    return Connection(
        AppId(item.app_id),
        MeetingId(item.parent_id),
        MeetingId(item.child_id),
        int(item.created_at_ms),
        int(item.position),
        None if item.removed_at_ms is None else int(item.removed_at_ms),
    )
