"""Waiting rooms: the store in DynamoDB and its fake, held to the same."""

from dataclasses import replace

import pytest

from chalicelib.contract.ids import AppId, MeetingId, ParticipantId, uuid7
from chalicelib.domain.waiting_room import Decision, Waiting
from chalicelib.services.ports import ConditionFailed
from chalicelib.services.waiting_room_ports import WaitingRoomStore
from chalicelib.stores.waiting_room_store import DynamoWaitingRoomStore
from tests.fakes.clock import START_MS, FakeEntropy
from tests.fakes.waiting_room_stores import FakeWaitingRoomStore

entropy = FakeEntropy()
APP, OTHER = (AppId(uuid7(START_MS, entropy(10))) for _ in range(2))
MEETING = MeetingId(uuid7(START_MS, entropy(10)))


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest) -> WaitingRoomStore:
    if request.param == "fake":
        return FakeWaitingRoomStore()
    request.getfixturevalue("fresh_table")
    return DynamoWaitingRoomStore()


def waiting(app_id: AppId = APP) -> Waiting:
    participant_id = ParticipantId(uuid7(START_MS, entropy(10)))
    return Waiting(app_id, MEETING, participant_id, "bob", "", 1, Decision.WAITING, START_MS, START_MS)


def test_who_asks_is_found_in_its_meeting_and_app_only(store: WaitingRoomStore) -> None:
    mine, foreign = waiting(), waiting(OTHER)
    store.ask(mine, None)
    store.ask(foreign, None)
    assert list(store.in_meeting(APP, MEETING)) == [mine]
    assert list(store.in_meeting(OTHER, MEETING)) == [foreign]
    assert list(store.in_meeting(APP, MeetingId(uuid7(START_MS, entropy(10))))) == []


def test_asking_again_does_not_undo_a_decision_made_meanwhile(store: WaitingRoomStore) -> None:
    asked = waiting()
    store.ask(asked, None)
    admitted = replace(asked, decision=Decision.ADMITTED)
    store.decide([admitted])
    with pytest.raises(ConditionFailed):
        store.ask(replace(asked, seen_at_ms=START_MS + 1), asked)
    with pytest.raises(ConditionFailed):
        store.ask(asked, None)
    assert list(store.in_meeting(APP, MEETING)) == [admitted]
    later = replace(asked, epoch=2, seen_at_ms=START_MS + 2)
    store.ask(later, admitted)
    assert list(store.in_meeting(APP, MEETING)) == [later]


def test_many_are_decided_about_at_once(store: WaitingRoomStore) -> None:
    many = [replace(waiting(), decision=Decision.REJECTED) for _ in range(120)]
    store.decide(many)
    assert set(store.in_meeting(APP, MEETING)) == set(many)
