"""What connected meetings need: a store. ports.py says where implementations are and which errors they raise."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from chalicelib.contract.ids import AppId, MeetingId
from chalicelib.domain.connected_meetings import Connection


class ConnectionStore(Protocol):
    """Which meetings are children of which. A meeting is the child of one at most."""

    def add(self, connections: Sequence[Connection]) -> None:
        """Store up to 50 new ones, all or nothing. Raises ConditionFailed when one is a child already."""
        ...

    def remove(self, connection: Connection, now_ms: int) -> None:
        """Note that it is over. Raises ConditionFailed when it is not there."""
        ...

    def parent_of(self, app_id: AppId, child_id: MeetingId) -> MeetingId | None:
        """Return the meeting that this one is or was a child of, or None."""
        ...

    def children_of(self, app_id: AppId, parent_id: MeetingId) -> Iterator[Connection]:
        """Yield the connections of a meeting by child, also those that are over."""
        ...
