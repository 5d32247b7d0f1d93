"""Waiting rooms in memory; tests/contract compares them."""

from collections.abc import Iterator, Sequence

from chalicelib.contract.ids import AppId, MeetingId, ParticipantId
from chalicelib.domain.waiting_room import Waiting
from chalicelib.services.ports import ConditionFailed


class FakeWaitingRoomStore:
    """WaitingRoomStore in memory."""

    def __init__(self) -> None:
        self._rows: dict[tuple[AppId, MeetingId, ParticipantId], Waiting] = {}

    def ask(self, waiting: Waiting, observed: Waiting | None) -> None:
        """See the port."""
        key = waiting.app_id, waiting.meeting_id, waiting.participant_id
        stored = self._rows.get(key)
        as_seen = (stored.seen_at_ms, stored.decision) if stored else None
        if as_seen != ((observed.seen_at_ms, observed.decision) if observed else None):
            raise ConditionFailed
        self._rows[key] = waiting

    def decide(self, decided: Sequence[Waiting]) -> None:
        """See the port."""
        for each in decided:
            self._rows[each.app_id, each.meeting_id, each.participant_id] = each

    def in_meeting(self, app_id: AppId, meeting_id: MeetingId) -> Iterator[Waiting]:
        """See the port."""
        return iter([row for key, row in sorted(self._rows.items()) if key[:2] == (app_id, meeting_id)])

    def one(self, app_id: AppId, meeting_id: MeetingId, participant_id: ParticipantId | None) -> Waiting | None:
        """Return one record, for the fake of the doorway."""
        return self._rows.get((app_id, meeting_id, participant_id)) if participant_id else None
