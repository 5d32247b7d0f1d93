"""The waiting room of a meeting: who is let in at once, who waits, and until when a decision holds. Pure."""

import enum
from dataclasses import dataclass
from typing import Any

from chalicelib.contract.ids import AppId, MeetingId, ParticipantId
from chalicelib.domain.participant import Participant

WAITING_MS = 60_000  # whoever has not asked again for so long has gone away
MAX_SHOWN = 1_000


class Decision(enum.StrEnum):
    """What was decided about somebody at the door."""

    WAITING = "waiting"
    ADMITTED = "admitted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A participant at the door, or what was decided about it. `epoch`: the session of the meeting it is about, also
    one that has not begun; a decision holds for that session only. Times are ms since 1970 UTC."""

    app_id: AppId
    meeting_id: MeetingId
    participant_id: ParticipantId
    identity: str
    name: str
    epoch: int
    decision: Decision
    asked_at_ms: int
    seen_at_ms: int


def is_host(permissions: dict[str, Any]) -> bool:
    """Tell whether a preset may let others in."""
    return bool(permissions["accept_waiting_requests"])


def decision_on(permissions: dict[str, Any], known: Waiting | None, epoch: int, *, host_came: bool) -> Decision:
    """Return whether a participant with these permissions may enter the session of this epoch.

    `host_came`: somebody who may let others in has been in that session.
    """
    kind = permissions["waiting_room_type"]
    if kind == "SKIP" or is_host(permissions):
        return Decision.ADMITTED
    if known is not None and known.epoch == epoch and known.decision is not Decision.WAITING:
        return known.decision
    if kind == "ON_PRIVILEGED_USER_ENTRY" and host_came:
        return Decision.ADMITTED
    return Decision.WAITING


def known_at_the_door(participant: Participant, epoch: int, decision: Decision, now_ms: int) -> Waiting:
    """Return a new record of a participant."""
    return Waiting(
        app_id=participant.app_id,
        meeting_id=participant.meeting_id,
        participant_id=participant.id,
        identity=participant.custom_participant_id,
        name=participant.name or "",
        epoch=epoch,
        decision=decision,
        asked_at_ms=now_ms,
        seen_at_ms=now_ms,
    )


def is_waiting(waiting: Waiting, now_ms: int) -> bool:
    """Tell whether this participant stands at the door now."""
    return waiting.decision is Decision.WAITING and now_ms - waiting.seen_at_ms < WAITING_MS
