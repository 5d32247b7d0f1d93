"""The waiting room: who stands at the door of a meeting, and letting them in or sending them away.

Asking is a part of admission (ask_at_the_door); whoever waits asks again by connecting again.
"""

from dataclasses import replace
from itertools import islice
from typing import Any

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AppId
from chalicelib.contract.node_commands import PeerSelector
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.participant import Participant
from chalicelib.domain.session import Session
from chalicelib.domain.waiting_room import MAX_SHOWN, Decision, Waiting, decision_on, is_waiting, known_at_the_door
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.live_control import checked
from chalicelib.services.meeting_epoch import epoch_of
from chalicelib.services.meetings import get_meeting
from chalicelib.services.session_ports import Doorway


def ask_at_the_door(
    deps: Dependencies,
    door: Doorway,
    participant: Participant,
    permissions: dict[str, Any],
    session: Session | None,
    *,
    check_only: bool,
) -> None:
    """Return when the participant may enter the session, None being one that it would begin.

    Otherwise note that it waits (one write; none with `check_only`). Raises ParleyError WAITING_FOR_ADMISSION or
    NOT_ADMITTED, and ConditionFailed to look again.
    """
    epoch = session.epoch if session else _next_epoch(door)
    host_came = session is not None and session.host_came
    decision = decision_on(permissions, door.waiting, epoch, host_came=host_came)
    if decision is Decision.ADMITTED:
        return
    if decision is Decision.REJECTED:
        raise ParleyError(ErrorId.NOT_ADMITTED, "the host did not let you in")
    if not check_only:
        deps.waiting_room.ask(_waiting(deps, participant, epoch, door.waiting), door.waiting)
    raise ParleyError(ErrorId.WAITING_FOR_ADMISSION, "wait until the host lets you in, and try again in a few seconds")


def list_waiting(deps: Dependencies, app_id: AppId, meeting_id: str) -> tuple[Waiting, ...]:
    """Return who stands at the door now, whoever asked first coming first. Raises ParleyError MEETING_NOT_FOUND."""
    meeting = get_meeting(deps, app_id, meeting_id)
    now_ms = deps.now_ms()
    found = (each for each in deps.waiting_room.in_meeting(app_id, meeting.id) if is_waiting(each, now_ms))
    return tuple(sorted(islice(found, MAX_SHOWN), key=lambda each: each.asked_at_ms))


def decide(
    deps: Dependencies, app_id: AppId, meeting_id: str, who: PeerSelector, decision: Decision
) -> tuple[Waiting, ...]:
    """Let participants in, or send them away, for the active session or the next one; return them.

    Those who are named may have been decided about before, or have stopped asking; "everybody" are those who wait.
    Raises ParleyError MEETING_NOT_FOUND, INVALID_FIELD, or PARTICIPANT_NOT_FOUND when nobody of the named ever asked.
    """
    checked(who)
    meeting = get_meeting(deps, app_id, meeting_id)
    found = list_waiting(deps, app_id, meeting_id) if who.everybody else _named(deps, meeting, who)
    if not found and not who.everybody:
        raise ParleyError(ErrorId.PARTICIPANT_NOT_FOUND, "none of them is at the door of this meeting")
    epoch, now_ms = epoch_of(deps, meeting), deps.now_ms()
    decided = tuple(replace(each, epoch=epoch, decision=decision, seen_at_ms=now_ms) for each in found)
    deps.waiting_room.decide(decided)
    return decided


def _named(deps: Dependencies, meeting: Meeting, who: PeerSelector) -> tuple[Waiting, ...]:
    ids, identities = set(who.participant_ids), set(who.identities)
    records = deps.waiting_room.in_meeting(meeting.app_id, meeting.id)
    return tuple(each for each in records if each.participant_id in ids or each.identity in identities)


def _next_epoch(door: Doorway) -> int:
    return (door.pointer.epoch if door.pointer else 0) + 1


def _waiting(deps: Dependencies, participant: Participant, epoch: int, known: Waiting | None) -> Waiting:
    now_ms = deps.now_ms()
    waiting = known_at_the_door(participant, epoch, Decision.WAITING, now_ms)
    since_ms = known.asked_at_ms if known and is_waiting(known, now_ms) else now_ms
    return replace(waiting, asked_at_ms=since_ms)
