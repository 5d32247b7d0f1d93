"""Names of rooms, waiting rooms and agent dispatches: the stores in DynamoDB and their fakes, held to the same."""

import threading
from dataclasses import dataclass, replace

import pytest

from chalicelib.contract.ids import AppId, MeetingId, uuid7
from chalicelib.domain.agent_dispatch import AgentDispatch
from chalicelib.domain.meeting import Meeting, MeetingOptions
from chalicelib.domain.room import OpenedRoom, RoomSettings
from chalicelib.services.ports import ConditionFailed, Contention, MeetingStore
from chalicelib.services.room_ports import DispatchStore, RoomStore
from chalicelib.stores.meeting_store import DynamoMeetingStore
from chalicelib.stores.room_store import DynamoDispatchStore, DynamoRoomStore
from tests.fakes.clock import START_MS, FakeEntropy
from tests.fakes.resource_stores import ResourceStores
from tests.fakes.room_stores import FakeDispatchStore, FakeRoomStore

new_entropy = FakeEntropy()
APP, OTHER = (AppId(uuid7(START_MS, new_entropy(10))) for _ in range(2))


@dataclass
class Stores:
    meetings: MeetingStore
    rooms: RoomStore
    dispatches: DispatchStore


@pytest.fixture(params=["fake", "dynamodb"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "fake":
        return Stores(ResourceStores().meetings, FakeRoomStore(), FakeDispatchStore())
    request.getfixturevalue("fresh_table")
    return Stores(DynamoMeetingStore(), DynamoRoomStore(), DynamoDispatchStore())


def meeting_named(name: str, app_id: AppId = APP) -> Meeting:
    meeting_id = MeetingId(uuid7(START_MS, new_entropy(10)))
    settings = RoomSettings(name, max_participants=3, metadata="m", empty_timeout_s=60) if name else RoomSettings()
    return Meeting(meeting_id, app_id, MeetingOptions(title=name), START_MS, START_MS, room=settings)


@pytest.mark.parametrize("name", ["daily", "a#b/c d\x00", "\U0001f980" * 256])
def test_a_meeting_is_found_by_its_unique_name_in_its_app_only(stores: Stores, name: str) -> None:
    meeting = meeting_named(name)
    stores.meetings.add(meeting)
    assert stores.meetings.by_room_name(APP, name) == meeting
    assert stores.meetings.by_room_name(OTHER, name) is None
    assert stores.meetings.by_room_name(APP, name + "x") is None


def test_a_name_is_taken_once_and_who_comes_second_leaves_nothing_behind(stores: Stores) -> None:
    first, second = meeting_named("daily"), meeting_named("daily")
    stores.meetings.add(first)
    with pytest.raises(ConditionFailed):
        stores.meetings.add(second)
    assert stores.meetings.get(APP, second.id) is None
    stores.meetings.add(meeting_named("daily", OTHER))


def test_of_many_who_want_a_name_one_gets_it(stores: Stores) -> None:
    won: list[MeetingId] = []

    def race() -> None:
        meeting = meeting_named("wanted")
        try:
            stores.meetings.add(meeting)
        except (ConditionFailed, Contention):
            return
        won.append(meeting.id)

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = stores.meetings.by_room_name(APP, "wanted")
    assert found is not None
    assert won == [found.id]


def test_meetings_without_a_name_do_not_stand_in_each_others_way(stores: Stores) -> None:
    plain = [meeting_named(""), meeting_named("")]
    for meeting in plain:
        stores.meetings.add(meeting)
    ids = [meeting.id for meeting in plain]
    assert stores.meetings.get_many(APP, [*ids, MeetingId(uuid7(START_MS, new_entropy(10)))]) == dict(
        zip(ids, plain, strict=True)
    )
    assert stores.meetings.get_many(OTHER, ids) == {}
    assert stores.meetings.get_many(APP, []) == {}


def test_a_room_waits_until_it_is_closed(stores: Stores) -> None:
    room = OpenedRoom(meeting_named("a").id, START_MS, START_MS + 1000, epoch=3)
    stores.rooms.open(APP, room)
    later = replace(room, until_ms=START_MS + 9000)
    stores.rooms.open(APP, later)
    assert stores.rooms.opened(APP, room.meeting_id) == later
    assert list(stores.rooms.all_opened(APP)) == [later]
    assert list(stores.rooms.all_opened(OTHER)) == []
    stores.rooms.close(APP, room.meeting_id)
    stores.rooms.close(APP, room.meeting_id)
    assert stores.rooms.opened(APP, room.meeting_id) is None


def test_dispatches_are_kept_by_meeting_and_age_until_deleted(stores: Stores) -> None:
    meeting, other = meeting_named("a").id, meeting_named("b").id
    made = [
        AgentDispatch(f"AD_{number}", APP, meeting, "helper", START_MS, "m", "d", 1, {"k": "v"}) for number in (2, 1)
    ]
    for dispatch in made:
        stores.dispatches.add(dispatch)
    with pytest.raises(ConditionFailed):
        stores.dispatches.add(made[0])
    assert [each.id for each in stores.dispatches.of_meeting(APP, meeting)] == ["AD_1", "AD_2"]
    assert stores.dispatches.get(APP, meeting, "AD_2") == made[0]
    assert stores.dispatches.get(APP, other, "AD_2") is None
    assert stores.dispatches.get(OTHER, meeting, "AD_2") is None
    stores.dispatches.delete(made[0])
    with pytest.raises(ConditionFailed):
        stores.dispatches.delete(made[0])
    assert list(stores.dispatches.of_meeting(APP, meeting)) == [made[1]]
