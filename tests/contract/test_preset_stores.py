"""The same tests for presets in DynamoDB and for their fake: names, versions, and who has which."""

import dataclasses

import pytest

from chalicelib.contract.ids import AppId, MeetingId, ParticipantId, PresetId, uuid7
from chalicelib.domain.default_presets import NAMES, default_presets
from chalicelib.domain.participant import Participant
from chalicelib.domain.participant import changed as changed_participant
from chalicelib.domain.preset import Preset, PresetName, PresetUse, changed
from chalicelib.services.ports import ConditionFailed, ParticipantStore, PresetStore
from chalicelib.stores.participant_store import DynamoParticipantStore
from chalicelib.stores.preset_store import DynamoPresetStore
from tests.fakes.clock import START_MS, FakeEntropy
from tests.fakes.resource_stores import ResourceStores

new_entropy = FakeEntropy()
APP = AppId("01890000-0000-7000-8000-000000000001")


def new_id() -> str:
    return uuid7(START_MS, new_entropy(10))


def a_preset(name: str = "host", app_id: AppId = APP) -> Preset:
    ids = [new_id() for _ in NAMES]
    return dataclasses.replace(default_presets(app_id, ids, START_MS)[0], name=name)


def a_participant(preset_id: PresetId, meeting_id: MeetingId, custom_id: str) -> Participant:
    return Participant(
        ParticipantId(new_id()), APP, meeting_id, custom_id, "host", preset_id, START_MS, START_MS, name="Ada"
    )


@dataclasses.dataclass
class Stores:
    presets: PresetStore
    participants: ParticipantStore


@pytest.fixture(params=["fake", "dynamodb"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "fake":
        fakes = ResourceStores()
        return Stores(fakes.presets, fakes.participants)
    request.getfixturevalue("fresh_table")
    return Stores(DynamoPresetStore(), DynamoParticipantStore())


def test_a_preset_comes_back_whole_and_lists_by_name(stores: Stores) -> None:
    second, first = a_preset("zulu"), a_preset("alpha")
    stores.presets.add(second)
    stores.presets.add(first)
    stores.presets.add(a_preset("alpha", AppId(new_id())))
    assert stores.presets.by_id(APP, first.id) == first
    assert stores.presets.named(APP, "zulu") == PresetName(second.id, "zulu", START_MS, START_MS)
    assert [preset.name for preset in stores.presets.in_app(APP)] == ["alpha", "zulu"]


def test_a_name_is_taken_once(stores: Stores) -> None:
    stores.presets.add(a_preset("host"))
    with pytest.raises(ConditionFailed):
        stores.presets.add(a_preset("host"))
    other = a_preset("other")
    stores.presets.add(other)
    with pytest.raises(ConditionFailed):
        stores.presets.replace(changed(other, {"name": "host"}, START_MS), observed=other)
    assert stores.presets.by_id(APP, other.id) == other


def test_a_preset_moves_to_its_new_name_and_the_old_one_is_free(stores: Stores) -> None:
    preset = a_preset("before")
    stores.presets.add(preset)
    renamed = changed(preset, {"name": "after", "ui": {"config_diff": {"a": [1]}}}, START_MS + 5)
    stores.presets.replace(renamed, observed=preset)
    assert stores.presets.by_id(APP, preset.id) == renamed
    assert stores.presets.named(APP, "before") is None
    assert stores.presets.named(APP, "after") == PresetName(preset.id, "after", START_MS, START_MS + 5)
    stores.presets.add(a_preset("before"))


def test_only_the_version_that_was_read_is_replaced_or_removed(stores: Stores) -> None:
    preset = a_preset()
    stores.presets.add(preset)
    newer = changed(preset, {"config": {}}, START_MS + 1)
    stores.presets.replace(newer, observed=preset)
    with pytest.raises(ConditionFailed):
        stores.presets.replace(changed(preset, {"config": {"late": 1}}, START_MS + 2), observed=preset)
    with pytest.raises(ConditionFailed):
        stores.presets.delete(preset)
    stores.presets.delete(newer)
    assert stores.presets.by_id(APP, preset.id) is None and stores.presets.named(APP, preset.name) is None
    with pytest.raises(ConditionFailed):
        stores.presets.delete(newer)


def test_a_preset_knows_who_has_it(stores: Stores) -> None:
    one, other, meeting = PresetId(new_id()), PresetId(new_id()), MeetingId(new_id())
    ada, bob = a_participant(one, meeting, "ada"), a_participant(one, meeting, "bob")
    for participant in (ada, bob):
        stores.participants.add(participant)

    def having(preset_id: PresetId) -> list[str]:
        return sorted(use.custom_participant_id for use in stores.presets.uses(APP, preset_id))

    assert having(one) == ["ada", "bob"]
    assert PresetUse(meeting, ada.id, "ada") in list(stores.presets.uses(APP, one))
    moved = changed_participant(ada, {"preset_id": other}, START_MS + 1)
    stores.participants.replace(moved, observed_version=1, observed_preset=one)
    assert (having(one), having(other)) == (["bob"], ["ada"])
    stores.participants.replace(
        changed_participant(bob, {"name": "Bob"}, START_MS), observed_version=1, observed_preset=one
    )
    assert having(one) == ["bob"]
    stores.participants.delete(bob)
    stores.participants.delete(moved)
    assert having(one) == having(other) == []
