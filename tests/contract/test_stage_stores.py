"""Requests to come on stage: the store in DynamoDB and its fake, held to the same."""

import pytest

from chalicelib.contract.ids import AppId, ParticipantId, SessionId, uuid7
from chalicelib.domain.stage import StageRequest
from chalicelib.services.stage_ports import StageStore
from chalicelib.stores.stage_store import DynamoStageStore
from tests.fakes.clock import START_MS, FakeEntropy
from tests.fakes.stage_stores import FakeStageStore

entropy = FakeEntropy()
APP, OTHER = (AppId(uuid7(START_MS, entropy(10))) for _ in range(2))
SESSION = SessionId(uuid7(START_MS, entropy(10)))


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest) -> StageStore:
    if request.param == "fake":
        return FakeStageStore()
    request.getfixturevalue("fresh_table")
    return DynamoStageStore()


def test_requests_are_kept_once_in_their_session_and_app_and_removed(store: StageStore) -> None:
    who = ParticipantId(uuid7(START_MS, entropy(10)))
    first, again, foreign = (
        StageRequest(app, SESSION, who, "bob", "", at) for app, at in ((APP, 1), (APP, 2), (OTHER, 3))
    )
    for request in (first, again, foreign):
        store.put(request)
    assert list(store.in_session(APP, SESSION)) == [again]
    store.delete(APP, SESSION, who)
    store.delete(APP, SESSION, who)
    assert list(store.in_session(APP, SESSION)) == []
    assert list(store.in_session(OTHER, SESSION)) == [foreign]
