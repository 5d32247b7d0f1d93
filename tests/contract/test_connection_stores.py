"""Connected meetings: the store in DynamoDB and its fake, held to the same."""

from dataclasses import replace

import pytest

from chalicelib.contract.ids import AppId, MeetingId, uuid7
from chalicelib.domain.connected_meetings import MAX_CONNECTED, Connection
from chalicelib.services.connected_ports import ConnectionStore
from chalicelib.services.ports import ConditionFailed
from chalicelib.stores.connection_store import DynamoConnectionStore
from tests.fakes.clock import START_MS, FakeEntropy
from tests.fakes.connection_stores import FakeConnectionStore

entropy = FakeEntropy()
APP, OTHER = (AppId(uuid7(START_MS, entropy(10))) for _ in range(2))
PARENT = MeetingId(uuid7(START_MS, entropy(10)))


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest) -> ConnectionStore:
    if request.param == "fake":
        return FakeConnectionStore()
    request.getfixturevalue("fresh_table")
    return DynamoConnectionStore()


def child(app_id: AppId = APP, parent: MeetingId = PARENT, position: int = 0) -> Connection:
    return Connection(app_id, parent, MeetingId(uuid7(START_MS, entropy(10))), START_MS, position)


def test_children_are_found_under_their_parent_in_their_app_only(store: ConnectionStore) -> None:
    mine, foreign = child(), child(OTHER)
    store.add([mine])
    store.add([foreign])
    assert list(store.children_of(APP, PARENT)) == [mine]
    assert store.parent_of(APP, mine.child_id) == PARENT
    assert store.parent_of(OTHER, mine.child_id) is None
    assert store.parent_of(APP, PARENT) is None


def test_a_meeting_is_the_child_of_one(store: ConnectionStore) -> None:
    first, second = child(), child()
    store.add([first])
    stolen = replace(first, parent_id=MeetingId(uuid7(START_MS, entropy(10))))
    with pytest.raises(ConditionFailed):
        store.add([second, stolen])
    assert list(store.children_of(APP, PARENT)) == [first]
    assert list(store.children_of(APP, stolen.parent_id)) == []


def test_as_many_as_there_may_be_are_connected_at_once(store: ConnectionStore) -> None:
    many = [child(position=number) for number in range(MAX_CONNECTED)]
    store.add(many)
    assert set(store.children_of(APP, PARENT)) == set(many)


def test_what_is_over_stays_in_the_history(store: ConnectionStore) -> None:
    connection = child()
    with pytest.raises(ConditionFailed):
        store.remove(connection, START_MS)
    store.add([connection])
    store.remove(connection, START_MS + 1)
    assert list(store.children_of(APP, PARENT)) == [replace(connection, removed_at_ms=START_MS + 1)]
