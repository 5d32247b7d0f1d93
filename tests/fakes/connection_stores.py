"""Connected meetings in memory; tests/contract compares them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from chalicelib.contract.ids import AppId, MeetingId
from chalicelib.domain.connected_meetings import Connection
from chalicelib.services.ports import ConditionFailed


class FakeConnectionStore:
    """ConnectionStore in memory."""

    def __init__(self) -> None:
        self._rows: dict[tuple[AppId, MeetingId], Connection] = {}

    def add(self, connections: Sequence[Connection]) -> None:
        """See the port."""
        if any((each.app_id, each.child_id) in self._rows for each in connections):
            raise ConditionFailed
        self._rows |= {(each.app_id, each.child_id): each for each in connections}

    def remove(self, connection: Connection, now_ms: int) -> None:
        """See the port."""
        key = connection.app_id, connection.child_id
        if key not in self._rows:
            raise ConditionFailed
        self._rows[key] = replace(self._rows[key], removed_at_ms=now_ms)

    def parent_of(self, app_id: AppId, child_id: MeetingId) -> MeetingId | None:
        """See the port."""
        row = self._rows.get((app_id, child_id))
        return row.parent_id if row else None

    def children_of(self, app_id: AppId, parent_id: MeetingId) -> Iterator[Connection]:
        """See the port."""
        return iter([r for key, r in sorted(self._rows.items()) if key[0] == app_id and r.parent_id == parent_id])
