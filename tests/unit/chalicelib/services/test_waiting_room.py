"""The waiting room over fakes: who waits, who passes, and what a decision is worth."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.node_commands import PeerSelector
from chalicelib.contract.node_messages import Admission, EventType
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.preset import changed, merged
from chalicelib.domain.waiting_room import WAITING_MS, Decision
from chalicelib.services import waiting_room
from tests.session_life import NODE, Installation, installation

EVERYBODY = PeerSelector(everybody=True)


@pytest.fixture
def place() -> Installation:
    made = installation()
    made.node()
    waits(made, "group_call_participant", "SKIP_ON_ACCEPT")
    waits(made, "webinar_viewer", "ON_PRIVILEGED_USER_ENTRY")
    waits(made, "webinar_presenter", "SKIP", accept_waiting_requests=False)
    return made


def waits(place: Installation, preset_name: str, kind: str, **permissions: Any) -> None:
    presets = place.deps.presets
    named = presets.named(place.app.id, preset_name)
    assert named is not None
    preset = presets.by_id(place.app.id, named.id)
    assert preset is not None
    patch = merged(preset.permissions, {"waiting_room_type": kind, **permissions})
    presets.replace(changed(preset, {"permissions": patch}, place.clock.ms), observed=preset)


def guest(place: Installation, meeting: Meeting, identity: str = "bob", preset: str = "group_call_participant") -> str:
    return place.token(meeting, identity, preset=preset)


def refused(action: Callable[[], object]) -> ErrorId:
    with pytest.raises(ParleyError) as refusal:
        action()
    return refusal.value.error


def at_the_door(place: Installation, meeting: Meeting) -> list[str]:
    return [each.identity for each in waiting_room.list_waiting(place.deps, place.app.id, meeting.id)]


def decide(place: Installation, meeting: Meeting, decision: Decision, who: PeerSelector = EVERYBODY) -> list[str]:
    decided = waiting_room.decide(place.deps, place.app.id, meeting.id, who, decision)
    return [each.identity for each in decided]


def let_in(place: Installation, token: str) -> Admission:
    return place.join(token)


def test_who_must_be_accepted_waits_and_is_admitted(place: Installation) -> None:
    meeting = place.meeting()
    place.join(place.token(meeting, "ada"))
    token = guest(place, meeting)
    assert refused(lambda: place.join(token)) is ErrorId.WAITING_FOR_ADMISSION
    assert at_the_door(place, meeting) == ["bob"]
    assert decide(place, meeting, Decision.ADMITTED, PeerSelector(identities=("bob",))) == ["bob"]
    assert at_the_door(place, meeting) == []
    assert place.join(token).identity == "bob"
    assert place.join(token).identity == "bob"  # and again, when the connection was lost


def test_the_host_does_not_open_the_door_for_those_who_must_be_accepted(place: Installation) -> None:
    meeting = place.meeting()
    place.join(place.token(meeting, "ada"))
    assert refused(lambda: place.join(guest(place, meeting))) is ErrorId.WAITING_FOR_ADMISSION


def test_who_waits_for_the_host_passes_once_the_host_has_come(place: Installation) -> None:
    meeting = place.meeting()
    token = guest(place, meeting, preset="webinar_viewer")
    assert refused(lambda: place.join(token)) is ErrorId.WAITING_FOR_ADMISSION
    place.join(place.token(meeting, "carl", preset="webinar_presenter"))  # he may not let anybody in
    assert refused(lambda: place.join(token)) is ErrorId.WAITING_FOR_ADMISSION
    host = place.join(place.token(meeting, "ada"))
    assert place.session(host).host_came
    assert place.join(token).session_id == host.session_id


def test_a_host_who_begins_the_session_opens_it_too(place: Installation) -> None:
    meeting = place.meeting()
    place.join(place.token(meeting, "ada"))
    assert place.join(guest(place, meeting, preset="webinar_viewer"))


def test_somebody_may_be_let_in_before_there_is_a_session(place: Installation) -> None:
    meeting = place.meeting()
    token = guest(place, meeting)
    assert refused(lambda: place.join(token)) is ErrorId.WAITING_FOR_ADMISSION
    assert decide(place, meeting, Decision.ADMITTED) == ["bob"]
    assert place.join(token).epoch == 1


def test_a_decision_holds_for_one_session(place: Installation) -> None:
    meeting = place.meeting()
    token = guest(place, meeting)
    assert refused(lambda: place.join(token)) is ErrorId.WAITING_FOR_ADMISSION
    decide(place, meeting, Decision.ADMITTED)
    admission = place.join(token)
    place.leave(admission, 1)
    place.pass_time(61, NODE)
    assert refused(lambda: place.join(token)) is ErrorId.WAITING_FOR_ADMISSION


def test_who_is_rejected_is_told_so_and_may_be_admitted_later(place: Installation) -> None:
    meeting = place.meeting()
    place.join(place.token(meeting, "ada"))
    token = guest(place, meeting)
    assert refused(lambda: place.join(token)) is ErrorId.WAITING_FOR_ADMISSION
    assert decide(place, meeting, Decision.REJECTED) == ["bob"]
    assert refused(lambda: place.join(token)) is ErrorId.NOT_ADMITTED
    assert at_the_door(place, meeting) == []
    decide(place, meeting, Decision.ADMITTED, PeerSelector(identities=("bob",)))
    assert place.join(token)


def test_who_stops_asking_is_not_at_the_door_any_more(place: Installation) -> None:
    meeting = place.meeting()
    token = guest(place, meeting)
    for _ in range(3):
        assert refused(lambda: place.join(token)) is ErrorId.WAITING_FOR_ADMISSION
        place.pass_time(WAITING_MS // 2000, NODE)
    (waiting,) = waiting_room.list_waiting(place.deps, place.app.id, meeting.id)
    assert waiting.seen_at_ms - waiting.asked_at_ms == WAITING_MS
    place.pass_time(WAITING_MS // 2000, NODE)
    assert at_the_door(place, meeting) == []


def test_a_check_tells_the_reason_and_leaves_nothing(place: Installation) -> None:
    meeting = place.meeting()
    token = guest(place, meeting)
    assert refused(lambda: place.answer(token, check_only=True)) is ErrorId.WAITING_FOR_ADMISSION
    assert at_the_door(place, meeting) == []


def test_nobody_is_admitted_who_never_asked_or_in_another_meeting(place: Installation) -> None:
    meeting, other = place.meeting(), place.meeting("other")
    assert refused(lambda: place.join(guest(place, meeting))) is ErrorId.WAITING_FOR_ADMISSION
    named = PeerSelector(identities=("bob",))
    assert refused(lambda: decide(place, other, Decision.ADMITTED, named)) is ErrorId.PARTICIPANT_NOT_FOUND
    assert decide(place, other, Decision.ADMITTED) == []
    assert refused(lambda: decide(place, other, Decision.ADMITTED, PeerSelector())) is ErrorId.INVALID_FIELD


def test_peers_leave_and_the_door_stays_open(place: Installation) -> None:
    meeting = place.meeting()
    host = place.join(place.token(meeting, "ada"))
    place.report(host, 1, EventType.PEER_LEFT)
    assert place.join(guest(place, meeting, preset="webinar_viewer"))
