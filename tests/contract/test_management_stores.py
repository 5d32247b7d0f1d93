"""The same tests for DynamoDB and the fakes: names and quotas of apps, rings of API keys, and what a purge removes."""

import dataclasses

import pytest

from chalicelib.contract.ids import AccountId, AppId, MeetingId, uuid7
from chalicelib.contract.limits import MAX_APPS
from chalicelib.domain.app import ApiKey, App, KeyRing
from chalicelib.domain.default_presets import NAMES, default_presets
from chalicelib.domain.meeting import Meeting, MeetingOptions
from chalicelib.services.key_ports import ApiKeyStore, Purge, PurgeStore
from chalicelib.services.ports import AppStore, ConditionFailed, MeetingStore, PresetStore
from chalicelib.stores.api_key_store import DynamoApiKeyStore
from chalicelib.stores.app_store import DynamoAppStore
from chalicelib.stores.meeting_store import DynamoMeetingStore
from chalicelib.stores.preset_store import DynamoPresetStore
from chalicelib.stores.purge_store import DynamoPurgeStore
from chalicelib.stores.table import Item
from tests.fakes.clock import START_MS, FakeEntropy
from tests.fakes.resource_stores import FakeApiKeyStore, FakePurgeStore, ResourceStores

ACCOUNT = AccountId("a" * 32)
new_entropy = FakeEntropy()


@dataclasses.dataclass
class Stores:
    apps: AppStore
    keys: ApiKeyStore
    meetings: MeetingStore
    presets: PresetStore
    purges: PurgeStore


@pytest.fixture(params=["fake", "dynamodb"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "fake":
        fakes = ResourceStores()
        purges = FakePurgeStore(fakes.apps.purges, fakes.meetings.purges)
        return Stores(fakes.apps, FakeApiKeyStore(fakes.apps), fakes.meetings, fakes.presets, purges)
    request.getfixturevalue("fresh_table")
    return Stores(DynamoAppStore(), DynamoApiKeyStore(), DynamoMeetingStore(), DynamoPresetStore(), DynamoPurgeStore())


def an_app(name: str) -> App:
    return App(AppId(uuid7(START_MS, new_entropy(10))), ACCOUNT, name, START_MS)


def a_key(app: App, at_ms: int = START_MS) -> ApiKey:
    return ApiKey(f"API{new_entropy(5).hex()}", "secret", app.id, ACCOUNT, at_ms, name="backend")


def add(stores: Stores, app: App) -> ApiKey:
    key = a_key(app)
    stores.apps.add(app, (), key)
    return key


def test_a_name_is_taken_until_its_app_is_renamed_or_removed(stores: Stores) -> None:
    first, second = an_app("dev"), an_app("dev")
    add(stores, first)
    with pytest.raises(ConditionFailed):
        add(stores, second)
    renamed = dataclasses.replace(first, name="staging", auto_create_rooms=False)
    stores.apps.replace(renamed, observed=first)
    assert stores.apps.get(ACCOUNT, first.id) == renamed
    with pytest.raises(ConditionFailed):
        stores.apps.replace(dataclasses.replace(first, name="x"), observed=first)  # not as observed any more
    add(stores, second)
    with pytest.raises(ConditionFailed):
        stores.apps.replace(dataclasses.replace(renamed, name="dev"), observed=renamed)
    stores.apps.delete(second, stores.keys.ring(second.id))
    stores.apps.replace(dataclasses.replace(renamed, name="dev"), observed=renamed)


def test_an_account_is_full_at_its_quota(stores: Stores) -> None:
    apps = [an_app(str(number)) for number in range(MAX_APPS)]
    for app in apps:
        add(stores, app)
    with pytest.raises(ConditionFailed):
        add(stores, an_app("one more"))
    stores.apps.delete(apps[0], stores.keys.ring(apps[0].id))
    add(stores, an_app("one more"))


def test_a_ring_is_changed_by_one_at_a_time(stores: Stores) -> None:
    app = an_app("dev")
    first = add(stores, app)
    ring = stores.keys.ring(app.id)
    assert [(key.key, key.name) for key in ring.keys] == [(first.key, "backend")]
    second = a_key(app, START_MS + 1)
    stores.keys.change(app.id, ring, add=second, expire=(first.key, START_MS + 5))
    with pytest.raises(ConditionFailed):
        stores.keys.change(app.id, ring, remove=(first.key,))
    ring = stores.keys.ring(app.id)
    assert [(key.key, key.expires_at_ms) for key in ring.keys] == [(first.key, START_MS + 5), (second.key, None)]
    assert stores.apps.api_key(first.key) == dataclasses.replace(first, expires_at_ms=START_MS + 5)
    stores.keys.change(app.id, ring, remove=(first.key,))
    assert stores.apps.api_key(first.key) is None and stores.apps.api_key(second.key) == second
    assert stores.keys.ring(AppId("another")) == KeyRing()


def test_an_app_goes_with_its_keys_and_leaves_a_note(stores: Stores) -> None:
    app = an_app("dev")
    key = add(stores, app)
    observed = stores.keys.ring(app.id)
    stores.keys.change(app.id, observed, add=a_key(app))
    with pytest.raises(ConditionFailed):
        stores.apps.delete(app, observed)
    stores.apps.delete(app, stores.keys.ring(app.id))
    assert stores.apps.get(ACCOUNT, app.id) is None and stores.apps.api_key(key.key) is None
    assert list(stores.purges.pending()) == [Purge(app.id)]
    stores.purges.done(Purge(app.id))
    assert list(stores.purges.pending()) == []


def test_a_meeting_goes_and_leaves_a_note(stores: Stores) -> None:
    app = an_app("dev")
    meeting = Meeting(MeetingId(uuid7(START_MS, new_entropy(10))), app.id, MeetingOptions(), START_MS, START_MS)
    stores.meetings.add(meeting)
    stores.meetings.delete(meeting)
    assert stores.meetings.get(app.id, meeting.id) is None
    assert list(stores.purges.pending()) == [Purge(app.id, meeting.id)]
    with pytest.raises(ConditionFailed):
        stores.meetings.delete(meeting)


def test_an_app_with_meetings_cannot_go(fresh_table: str) -> None:
    store, app = DynamoAppStore(), an_app("dev")
    store.add(app, (), a_key(app))
    DynamoMeetingStore().add(
        Meeting(MeetingId(uuid7(START_MS, new_entropy(10))), app.id, MeetingOptions(), START_MS, START_MS)
    )
    with pytest.raises(ConditionFailed):
        store.delete(app, DynamoApiKeyStore().ring(app.id))


def test_a_purged_app_leaves_nothing_behind(fresh_table: str) -> None:
    store, app = DynamoAppStore(), an_app("dev")
    ids = [uuid7(START_MS, new_entropy(10)) for _ in NAMES]
    store.add(app, default_presets(app.id, ids, START_MS), a_key(app))
    store.delete(app, DynamoApiKeyStore().ring(app.id))
    purges = DynamoPurgeStore()
    while purges.clear(Purge(app.id), 5) == 5:
        pass
    purges.done(Purge(app.id))
    kinds = [type(item).__name__ for item in Item.scan() if app.id in f"{item.pk}{item.sk}"]
    assert kinds == []
