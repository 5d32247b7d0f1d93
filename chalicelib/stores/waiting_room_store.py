"""Waiting rooms in DynamoDB: with the meeting, a record for each participant that waits or was decided about."""

from collections.abc import Iterator, Sequence

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition

from chalicelib.contract.ids import AppId, MeetingId, ParticipantId
from chalicelib.domain.waiting_room import Decision, Waiting
from chalicelib.services.ports import Key
from chalicelib.stores import table

_DAY_S = 24 * 3600
_KEPT_S = {Decision.WAITING: _DAY_S, Decision.ADMITTED: 30 * _DAY_S, Decision.REJECTED: 30 * _DAY_S}
_AT_ONCE = 50


class WaitingItem(table.Item, discriminator="waiting"):
    """``MTG#{app}#{meeting}`` / ``WAIT#{participant}``."""

    app_id = UnicodeAttribute()
    meeting_id = UnicodeAttribute()
    participant_id = UnicodeAttribute()
    identity = UnicodeAttribute()
    name = UnicodeAttribute()
    epoch = NumberAttribute()
    decision = UnicodeAttribute()
    asked_at_ms = NumberAttribute()
    seen_at_ms = NumberAttribute()


def waiting_key(app_id: AppId, meeting_id: MeetingId, participant_id: ParticipantId) -> Key:
    """Key of what is known about a participant at the door."""
    return f"MTG#{app_id}#{meeting_id}", f"WAIT#{participant_id}"


def waiting_of(item: WaitingItem) -> Waiting:
    """Return the record an item holds."""
    return Waiting(
        app_id=AppId(item.app_id),
        meeting_id=MeetingId(item.meeting_id),
        participant_id=ParticipantId(item.participant_id),
        identity=item.identity,
        name=item.name,
        epoch=int(item.epoch),
        decision=Decision(item.decision),
        asked_at_ms=int(item.asked_at_ms),
        seen_at_ms=int(item.seen_at_ms),
    )


class DynamoWaitingRoomStore:
    """The WaitingRoomStore of the real system."""

    def ask(self, waiting: Waiting, observed: Waiting | None) -> None:
        """Write that somebody waits. Raises ConditionFailed when the record is not as observed."""
        table.save(_item(waiting), _as_observed(observed))

    def decide(self, decided: Sequence[Waiting]) -> None:
        """Write decisions about up to 1,000 participants, 50 at a time."""
        for first in range(0, len(decided), _AT_ONCE):
            with table.transaction() as write:
                for each in decided[first : first + _AT_ONCE]:
                    write.save(_item(each))

    def in_meeting(self, app_id: AppId, meeting_id: MeetingId) -> Iterator[Waiting]:
        """Yield the records of a meeting by participant, old ones too."""
        return map(waiting_of, table.query(WaitingItem, f"MTG#{app_id}#{meeting_id}", "WAIT#"))


def _item(waiting: Waiting) -> WaitingItem:
    return WaitingItem(
        *waiting_key(waiting.app_id, waiting.meeting_id, waiting.participant_id),
        app_id=waiting.app_id,
        meeting_id=waiting.meeting_id,
        participant_id=waiting.participant_id,
        identity=waiting.identity,
        name=waiting.name,
        epoch=waiting.epoch,
        decision=waiting.decision.value,
        asked_at_ms=waiting.asked_at_ms,
        seen_at_ms=waiting.seen_at_ms,
        ttl=waiting.seen_at_ms // 1000 + _KEPT_S[waiting.decision],
    )


def _as_observed(observed: Waiting | None) -> Condition:
    if observed is None:
        return WaitingItem.pk.does_not_exist()
    same: Condition = (WaitingItem.seen_at_ms == observed.seen_at_ms) & (
        WaitingItem.decision == observed.decision.value
    )
    return same
