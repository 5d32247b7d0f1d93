"""Connected meetings over fakes: making them, being sent there and back, and what a session's report says of them."""

import dataclasses
from collections.abc import Callable

import pytest

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.node_commands import PeerSelector
from chalicelib.contract.node_messages import Admission
from chalicelib.domain.connected_meetings import MAX_CONNECTED
from chalicelib.domain.meeting import Meeting, MeetingStatus
from chalicelib.services import connected_meetings, live_control
from tests.fakes.fleet import FakeFleet
from tests.session_life import NODE, installation
from tests.unit.chalicelib.services.test_waiting_room import waits

EVERYBODY = PeerSelector(everybody=True)


class Call:
    """A meeting in which ada is."""

    def __init__(self) -> None:
        self.place = installation()
        self.fleet = FakeFleet(self.place.clock, self.place.deps.signer.signing_key)
        self.place.deps = dataclasses.replace(self.place.deps, node_post=self.fleet)
        self.place.node()
        self.parent = self.place.meeting()
        self.ada = self.join(self.place.token(self.parent, "ada"))

    def join(self, token: str) -> Admission:
        admission = self.place.join(token)
        self.fleet.enter(admission)
        return admission

    def connect(self, *titles: str, meeting: Meeting | None = None) -> tuple[Meeting, ...]:
        parent = meeting or self.parent
        return connected_meetings.connect_meetings(self.place.deps, self.place.app.id, parent.id, titles)

    def listed(self) -> tuple[Meeting, ...]:
        return connected_meetings.list_connected(self.place.deps, self.place.app.id, self.parent.id)

    def close(self, child: str) -> tuple[Meeting, int]:
        return connected_meetings.disconnect_meeting(self.place.deps, self.place.app.id, self.parent.id, child)

    def follow(self) -> list[Admission]:
        """Let those who were moved last join where they were sent."""
        order = self.fleet.commands[-1].move_peers
        assert order is not None
        return [self.join(each.token) for each in order.moves]

    def move(self, source: Meeting, target: Meeting) -> list[Admission]:
        live_control.move(self.place.deps, self.place.app.id, source.id, EVERYBODY, target.id)
        return self.follow()


@pytest.fixture
def call() -> Call:
    return Call()


def refused(action: Callable[[], object]) -> ErrorId:
    with pytest.raises(ParleyError) as refusal:
        action()
    return refusal.value.error


def test_children_have_the_options_of_the_parent(call: Call) -> None:
    red, blue = call.connect("red", "blue")
    assert [each.options.title for each in call.listed()] == ["red", "blue"]
    assert dataclasses.replace(red.options, title=call.parent.options.title) == call.parent.options
    assert blue.is_open


def test_people_go_there_and_come_back_when_it_is_closed(call: Call) -> None:
    (red,) = call.connect("red")
    (there,) = call.move(call.parent, red)
    assert (there.identity, there.meeting_id) == ("ada", red.id)
    closed, returned = call.close(red.id)
    assert (closed.options.status, returned) == (MeetingStatus.INACTIVE, 1)
    (back,) = call.follow()
    assert (back.participant_id, back.session_id) == (call.ada.participant_id, call.ada.session_id)
    assert call.listed() == ()
    assert refused(lambda: call.close(red.id)) is ErrorId.MEETING_NOT_FOUND


def test_closing_an_empty_one_moves_nobody(call: Call) -> None:
    (red,) = call.connect("red")
    assert call.close(red.id)[1] == 0


def test_a_node_that_is_silent_leaves_it_connected_and_closing_may_be_repeated(call: Call) -> None:
    (red,) = call.connect("red")
    call.move(call.parent, red)
    call.fleet.silent = True
    assert refused(lambda: call.close(red.id)) is ErrorId.NODE_UNREACHABLE
    call.fleet.silent = False
    assert [each.id for each in call.listed()] == [red.id]
    assert call.close(red.id)[1] == 1


def test_who_is_sent_somewhere_does_not_wait_at_the_door(call: Call) -> None:
    waits(call.place, "group_call_host", "SKIP_ON_ACCEPT", accept_waiting_requests=False)
    (red,) = call.connect("red")
    (there,) = call.move(call.parent, red)
    assert there.meeting_id == red.id


def test_what_cannot_be_connected_is_refused(call: Call) -> None:
    (red,) = call.connect("red")
    unknown = "01890000-0000-7000-8000-000000000000"
    assert refused(lambda: call.connect("green", meeting=red)) is ErrorId.INVALID_FIELD
    assert refused(lambda: call.close(unknown)) is ErrorId.MEETING_NOT_FOUND
    assert refused(lambda: call.close(call.place.meeting("other").id)) is ErrorId.MEETING_NOT_FOUND
    assert refused(lambda: call.connect(*["x"] * MAX_CONNECTED)) is ErrorId.QUOTA_REACHED


def test_a_session_reports_its_breakout_rooms(call: Call) -> None:
    (red,) = call.connect("red")
    call.place.pass_time(1, NODE)
    (there,) = call.move(call.parent, red)
    found = connected_meetings.breakout_sessions(call.place.deps, call.place.app.id, call.ada.session_id)
    assert [each.session_id for each in found] == [there.session_id]
    assert connected_meetings.breakout_sessions(call.place.deps, call.place.app.id, there.session_id) == ()
