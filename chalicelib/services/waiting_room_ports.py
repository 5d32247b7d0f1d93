"""What the waiting room needs: a store. ports.py says where implementations are and which errors they raise."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from chalicelib.contract.ids import AppId, MeetingId
from chalicelib.domain.waiting_room import Waiting


class WaitingRoomStore(Protocol):
    """Who waits at which meeting, one record for each participant. SessionStore.doorway() reads one record."""

    def ask(self, waiting: Waiting, observed: Waiting | None) -> None:
        """Write that somebody waits. Raises ConditionFailed when the record is not as observed."""
        ...

    def decide(self, decided: Sequence[Waiting]) -> None:
        """Write decisions about up to 1,000 participants, 50 at a time."""
        ...

    def in_meeting(self, app_id: AppId, meeting_id: MeetingId) -> Iterator[Waiting]:
        """Yield the records of a meeting by participant, old ones too, reading only as far as it is iterated."""
        ...
