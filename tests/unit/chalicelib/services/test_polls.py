"""Polls over fakes: asking, voting, what each reader may see, and what the call is told."""

import base64
import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.node_commands import MAX_DATA_BYTES
from chalicelib.contract.node_messages import Admission
from chalicelib.domain.poll import (
    MAX_OPTION_CHARS,
    MAX_OPTIONS,
    MAX_POLLS,
    MAX_QUESTION_CHARS,
    TOPIC,
    PollState,
)
from chalicelib.services import polls
from chalicelib.services.participants import Home
from tests.fakes.fleet import FakeFleet
from tests.session_life import installation


class Call:
    """A meeting in which ada is."""

    def __init__(self) -> None:
        self.place = installation()
        self.fleet = FakeFleet(self.place.clock, self.place.deps.signer.signing_key)
        self.place.deps = dataclasses.replace(self.place.deps, node_post=self.fleet)
        self.place.node()
        self.meeting = self.place.meeting()
        self.ada = self.join("ada")

    @property
    def home(self) -> Home:
        return self.place.home(self.meeting)

    def join(self, identity: str) -> Admission:
        admission = self.place.join(self.place.token(self.meeting, identity))
        self.fleet.enter(admission)
        return admission

    def ask(self, question: str = "Lunch?", options: tuple[str, ...] = ("yes", "no"), **flags: bool) -> PollState:
        return polls.create_poll(self.place.deps, self.place.app.id, self.meeting.id, question, options, **flags)

    def vote(self, state: PollState, who: Admission, option: int) -> PollState:
        return polls.vote(self.place.deps, self.home, state.poll.id, who.participant_id, option)

    def told(self) -> list[dict[str, Any]]:
        sent = [command.send_data for command in self.fleet.commands if command.send_data]
        assert {each.topic for each in sent} <= {TOPIC}
        return [json.loads(base64.b64decode(each.payload)) for each in sent]


@pytest.fixture
def call() -> Call:
    return Call()


def refused(action: Callable[[], object]) -> ErrorId:
    with pytest.raises(ParleyError) as refusal:
        action()
    return refusal.value.error


def test_a_poll_is_sent_into_the_call_and_kept(call: Call) -> None:
    state = call.ask(anonymous=True)
    (message,) = call.told()
    assert message == {"type": "poll.created", "poll": polls.poll_view(state)}
    assert message["poll"]["question"] == "Lunch?"
    assert message["poll"]["options"] == [
        {"text": "yes", "count": 0, "votes": []},
        {"text": "no", "count": 0, "votes": []},
    ]
    assert polls.list_polls(call.place.deps, call.place.app.id, call.meeting.id) == (state,)
    assert polls.polls_of_session(call.place.deps, call.place.app.id, call.ada.session_id) == (state,)


def test_votes_are_counted_and_named(call: Call) -> None:
    bob = call.join("bob")
    state = call.ask()
    call.vote(state, bob, 0)
    view = polls.poll_view(call.vote(state, call.ada, 0))
    assert view["options"][0]["count"] == 2
    assert {each["name"] for each in view["options"][0]["votes"]} == {"Ada", "Bob"}
    assert view["options"][1] == {"text": "no", "count": 0, "votes": []}
    assert set(view["voted"]) == {call.ada.participant_id, bob.participant_id}
    assert call.told()[-1] == {"type": "poll.updated", "poll": view}


def test_a_vote_is_final_but_may_be_repeated(call: Call) -> None:
    state = call.ask()
    assert call.vote(state, call.ada, 1) == call.vote(state, call.ada, 1)
    assert refused(lambda: call.vote(state, call.ada, 0)) is ErrorId.ALREADY_EXISTS


def test_of_an_anonymous_poll_nobody_learns_who_voted_for_what(call: Call) -> None:
    state = call.ask(anonymous=True)
    view = polls.poll_view(call.vote(state, call.ada, 1))
    assert view["options"][1] == {"text": "no", "count": 1, "votes": []}
    assert view["voted"] == [call.ada.participant_id]


def test_hidden_votes_are_seen_by_the_backend_only(call: Call) -> None:
    state = call.ask(hide_votes=True)
    view = polls.poll_view(call.vote(state, call.ada, 1))
    assert view["options"][1]["count"] == 1
    told = call.told()[-1]["poll"]
    assert [option["count"] for option in told["options"]] == [0, 0]
    assert told["voted"] == [] and told["hide_votes"] is True


def test_what_cannot_be_voted_for_is_refused(call: Call) -> None:
    state = call.ask()
    unknown = "01890000-0000-7000-8000-000000000000"
    deps, home = call.place.deps, call.home
    vote = polls.vote
    assert refused(lambda: call.vote(state, call.ada, 2)) is ErrorId.INVALID_FIELD
    assert refused(lambda: vote(deps, home, unknown, call.ada.participant_id, 0)) is ErrorId.POLL_NOT_FOUND
    assert refused(lambda: vote(deps, home, "x", call.ada.participant_id, 0)) is ErrorId.POLL_NOT_FOUND
    assert refused(lambda: vote(deps, home, state.poll.id, unknown, 0)) is ErrorId.PARTICIPANT_NOT_FOUND


def test_another_meeting_and_another_app_do_not_see_the_poll(call: Call) -> None:
    state = call.ask()
    other = call.place.meeting("other")
    call.fleet.enter(call.place.join(call.place.token(other, "eve")))
    home = call.place.home(other)
    vote = lambda: polls.vote(call.place.deps, home, state.poll.id, call.ada.participant_id, 0)  # noqa: E731
    assert refused(vote) is ErrorId.POLL_NOT_FOUND
    assert polls.list_polls(call.place.deps, call.place.app.id, other.id) == ()


def test_without_a_session_or_a_node_there_is_no_poll(call: Call) -> None:
    quiet = call.place.meeting("quiet")
    ask = lambda: polls.create_poll(call.place.deps, call.place.app.id, quiet.id, "?", ["a"])  # noqa: E731
    assert refused(ask) is ErrorId.NO_ACTIVE_SESSION
    call.fleet.silent = True
    assert refused(call.ask) is ErrorId.NODE_UNREACHABLE
    assert polls.list_polls(call.place.deps, call.place.app.id, call.meeting.id) == ()


def test_a_session_has_so_many_polls_and_no_more(call: Call) -> None:
    for _ in range(MAX_POLLS):
        call.ask()
    assert refused(call.ask) is ErrorId.QUOTA_REACHED


def test_the_largest_poll_fits_into_one_packet(call: Call) -> None:
    state = call.ask("\x00" * MAX_QUESTION_CHARS, ("\x00" * MAX_OPTION_CHARS,) * MAX_OPTIONS)
    for number in range(60):
        participant = call.place.participant(call.meeting, f"{number}" + "\x00" * 250)
        polls.vote(call.place.deps, call.home, state.poll.id, participant.id, number % MAX_OPTIONS)
    packet = json.dumps(call.told()[-1], ensure_ascii=False).encode()
    assert len(packet) <= MAX_DATA_BYTES
    assert sum(option["count"] for option in call.told()[-1]["poll"]["options"]) == 60
