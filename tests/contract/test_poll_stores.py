"""Polls and votes: the store in DynamoDB and its fake, held to the same."""

from dataclasses import replace

import pytest

from chalicelib.contract.ids import AppId, ParticipantId, SessionId, uuid7
from chalicelib.domain.poll import Poll, PollId, Vote
from chalicelib.services.poll_ports import PollStore
from chalicelib.services.ports import ConditionFailed
from chalicelib.stores.poll_store import DynamoPollStore
from tests.fakes.clock import START_MS, FakeEntropy
from tests.fakes.poll_stores import FakePollStore

entropy = FakeEntropy()


def new_id() -> str:
    return uuid7(START_MS, entropy(10))


APP, OTHER = AppId(new_id()), AppId(new_id())
SESSION = SessionId(new_id())


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest) -> PollStore:
    if request.param == "fake":
        return FakePollStore()
    request.getfixturevalue("fresh_table")
    return DynamoPollStore()


def poll_of(app_id: AppId = APP) -> Poll:
    return Poll(PollId(new_id()), app_id, SESSION, "Lunch?", ("yes", "no \U0001f980"), True, False, "backend", START_MS)


def vote_in(poll: Poll, option: int = 0) -> Vote:
    return Vote(poll.id, ParticipantId(new_id()), "Ada", option, START_MS)


def test_polls_are_found_in_their_session_and_app_only(store: PollStore) -> None:
    polls = [poll_of(), poll_of(), poll_of(OTHER)]
    for poll in polls:
        store.add(poll)
    assert list(store.in_session(APP, SESSION)) == sorted(polls[:2], key=lambda poll: poll.id)
    assert store.get(APP, SESSION, polls[0].id) == polls[0]
    assert store.get(OTHER, SESSION, polls[0].id) is None
    assert store.get(APP, SessionId(new_id()), polls[0].id) is None


def test_a_poll_is_stored_once(store: PollStore) -> None:
    poll = poll_of()
    store.add(poll)
    with pytest.raises(ConditionFailed):
        store.add(replace(poll, question="Dinner?"))
    assert store.get(APP, SESSION, poll.id) == poll


def test_who_has_voted_does_not_vote_again(store: PollStore) -> None:
    poll = poll_of()
    store.add(poll)
    first = vote_in(poll)
    store.vote(poll, first)
    with pytest.raises(ConditionFailed):
        store.vote(poll, replace(first, option=1))
    assert store.vote_of(poll, first.participant_id) == first
    assert store.vote_of(poll, ParticipantId(new_id())) is None


def test_votes_are_read_by_poll_or_all_together(store: PollStore) -> None:
    one, two, foreign = poll_of(), poll_of(), poll_of(OTHER)
    votes = {poll.id: [vote_in(poll), vote_in(poll, 1)] for poll in (one, two, foreign)}
    for poll in (one, two, foreign):
        store.add(poll)
        for vote in votes[poll.id]:
            store.vote(poll, vote)
    of_one = sorted(votes[one.id], key=lambda vote: vote.participant_id)
    assert list(store.votes(APP, SESSION, one.id)) == of_one
    assert set(store.votes(APP, SESSION)) == {*votes[one.id], *votes[two.id]}
