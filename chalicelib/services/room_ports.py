"""What the use cases of LiveKit's rooms need from the outside world: which rooms wait for their first peer, and agent
dispatches.

No implementation is here: ports.py says where they are and holds the errors they raise.
"""

from collections.abc import Iterator
from typing import Protocol

from chalicelib.contract.ids import AppId, MeetingId
from chalicelib.domain.agent_dispatch import AgentDispatch
from chalicelib.domain.room import OpenedRoom


class RoomStore(Protocol):
    """Rooms that were made by CreateRoom and wait for their first peer."""

    def open(self, app_id: AppId, room: OpenedRoom) -> None:
        """Note that a room waits; noting it again replaces what was noted."""
        ...

    def close(self, app_id: AppId, meeting_id: MeetingId) -> None:
        """Forget that a room waits, if it does."""
        ...

    def opened(self, app_id: AppId, meeting_id: MeetingId) -> OpenedRoom | None:
        """Return what was noted, also when the wait is over, or None."""
        ...

    def all_opened(self, app_id: AppId) -> Iterator[OpenedRoom]:
        """Yield what was noted of the app's rooms; those whose wait is long over may be missing."""
        ...


class DispatchStore(Protocol):
    """Agent dispatches by the meeting they are for."""

    def add(self, dispatch: AgentDispatch) -> None:
        """Store a new dispatch. Raises ConditionFailed when its id exists."""
        ...

    def get(self, app_id: AppId, meeting_id: MeetingId, dispatch_id: str) -> AgentDispatch | None:
        """Return a dispatch, or None."""
        ...

    def of_meeting(self, app_id: AppId, meeting_id: MeetingId) -> Iterator[AgentDispatch]:
        """Yield the meeting's dispatches, the oldest first."""
        ...

    def delete(self, dispatch: AgentDispatch) -> None:
        """Remove a dispatch. Raises ConditionFailed when it is gone."""
        ...
