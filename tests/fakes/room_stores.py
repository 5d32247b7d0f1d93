"""Stores of waiting rooms and agent dispatches in memory, as tests/contract holds them to be."""

from collections.abc import Iterator

from chalicelib.contract.ids import AppId, MeetingId
from chalicelib.domain.agent_dispatch import AgentDispatch
from chalicelib.domain.room import OpenedRoom
from chalicelib.services.ports import ConditionFailed


class FakeRoomStore:
    """RoomStore in memory."""

    def __init__(self) -> None:
        self._rows: dict[tuple[AppId, MeetingId], OpenedRoom] = {}

    def open(self, app_id: AppId, room: OpenedRoom) -> None:
        """See the port."""
        self._rows[app_id, room.meeting_id] = room

    def close(self, app_id: AppId, meeting_id: MeetingId) -> None:
        """See the port."""
        self._rows.pop((app_id, meeting_id), None)

    def opened(self, app_id: AppId, meeting_id: MeetingId) -> OpenedRoom | None:
        """See the port."""
        return self._rows.get((app_id, meeting_id))

    def all_opened(self, app_id: AppId) -> Iterator[OpenedRoom]:
        """See the port."""
        return iter([row for (app, _), row in sorted(self._rows.items()) if app == app_id])


class FakeDispatchStore:
    """DispatchStore in memory."""

    def __init__(self) -> None:
        self._rows: dict[tuple[AppId, MeetingId, str], AgentDispatch] = {}

    def add(self, dispatch: AgentDispatch) -> None:
        """See the port."""
        key = dispatch.app_id, dispatch.meeting_id, dispatch.id
        if key in self._rows:
            raise ConditionFailed
        self._rows[key] = dispatch

    def get(self, app_id: AppId, meeting_id: MeetingId, dispatch_id: str) -> AgentDispatch | None:
        """See the port."""
        return self._rows.get((app_id, meeting_id, dispatch_id))

    def of_meeting(self, app_id: AppId, meeting_id: MeetingId) -> Iterator[AgentDispatch]:
        """See the port."""
        return iter([row for key, row in sorted(self._rows.items()) if key[:2] == (app_id, meeting_id)])

    def delete(self, dispatch: AgentDispatch) -> None:
        """See the port."""
        if self._rows.pop((dispatch.app_id, dispatch.meeting_id, dispatch.id), None) is None:
            raise ConditionFailed
