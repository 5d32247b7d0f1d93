"""The same tests for the stores in DynamoDB and for their fakes: what they promise in services/ports.py."""

import dataclasses
import threading
from collections.abc import Callable

import pytest

from chalicelib.contract.ids import AccountId, AppId, MeetingId, ParticipantId, PresetId, uuid7
from chalicelib.domain.account import Account
from chalicelib.domain.app import ApiKey, App
from chalicelib.domain.default_presets import NAMES, default_presets
from chalicelib.domain.meeting import Meeting, MeetingOptions, MeetingStatus, changed
from chalicelib.domain.paging import PageRequest
from chalicelib.domain.participant import Participant
from chalicelib.domain.preset import Preset, PresetName
from chalicelib.services.ports import (
    AccountStore,
    AppStore,
    ConditionFailed,
    Contention,
    Entrance,
    MeetingStore,
    ParticipantStore,
    PresetStore,
)
from chalicelib.stores.account_store import DynamoAccountStore
from chalicelib.stores.app_store import DynamoAppStore
from chalicelib.stores.meeting_store import DynamoMeetingStore
from chalicelib.stores.participant_store import DynamoParticipantStore
from chalicelib.stores.preset_store import DynamoPresetStore
from tests.fakes.clock import START_MS, FakeEntropy
from tests.fakes.resource_stores import ResourceStores

ACCOUNT = AccountId("a" * 32)
new_entropy = FakeEntropy()


def new_id(offset_ms: int = 0) -> str:
    return uuid7(START_MS + offset_ms, new_entropy(10))


@dataclasses.dataclass
class Stores:
    accounts: AccountStore
    apps: AppStore
    presets: PresetStore
    meetings: MeetingStore
    participants: ParticipantStore


@pytest.fixture(params=["fake", "dynamodb"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "fake":
        fakes = ResourceStores()
        return Stores(fakes.accounts, fakes.apps, fakes.presets, fakes.meetings, fakes.participants)
    request.getfixturevalue("fresh_table")
    return Stores(
        DynamoAccountStore(), DynamoAppStore(), DynamoPresetStore(), DynamoMeetingStore(), DynamoParticipantStore()
    )


def an_app(offset_ms: int = 0) -> App:
    app_id = AppId(new_id(offset_ms))
    return App(app_id, ACCOUNT, f"dev {app_id}", START_MS + offset_ms)


def a_key(app: App, key: str = "") -> ApiKey:
    return ApiKey(key or f"API{new_entropy(5).hex()}", "secret", app.id, ACCOUNT, START_MS)


def a_meeting(app_id: AppId, offset_ms: int = 0, **options: object) -> Meeting:
    at = START_MS + offset_ms
    return Meeting(MeetingId(new_id(offset_ms)), app_id, MeetingOptions(**options), at, at)  # type: ignore[arg-type]


def a_participant(app_id: AppId, meeting_id: MeetingId, custom_id: str, offset_ms: int = 0) -> Participant:
    at = START_MS + offset_ms
    preset = PresetId(new_id())
    return Participant(
        ParticipantId(new_id(offset_ms)), app_id, meeting_id, custom_id, "group_call_host", preset, at, at, name="Ada"
    )


def presets_of(app: App) -> tuple[Preset, ...]:
    return default_presets(app.id, [new_id() for _ in NAMES], START_MS)


def test_a_token_leads_to_its_account_and_nothing_else_does(stores: Stores) -> None:
    stores.accounts.add(Account(ACCOUNT, "Ada", START_MS), "f" * 64)
    assert stores.accounts.account_of_token("f" * 64) == ACCOUNT
    assert stores.accounts.account_of_token("e" * 64) is None


def test_an_account_is_not_added_twice_and_a_token_belongs_to_one(stores: Stores) -> None:
    stores.accounts.add(Account(ACCOUNT, "Ada", START_MS), "f" * 64)
    with pytest.raises(ConditionFailed):
        stores.accounts.add(Account(ACCOUNT, "Eve", START_MS), "e" * 64)
    assert stores.accounts.account_of_token("e" * 64) is None
    with pytest.raises(ConditionFailed):
        stores.accounts.add(Account(AccountId("b" * 32), "Eve", START_MS), "f" * 64)
    assert stores.accounts.account_of_token("f" * 64) == ACCOUNT


def test_an_app_comes_with_its_presets_and_key(stores: Stores) -> None:
    app = an_app()
    presets, key = presets_of(app), a_key(app)
    stores.apps.add(app, presets, key)
    assert stores.apps.get(ACCOUNT, app.id) == app
    assert stores.apps.get(AccountId("b" * 32), app.id) is None
    assert stores.apps.api_key(key.key) == key and stores.apps.api_key("API") is None
    assert [found.name for found in stores.presets.in_app(app.id)] == sorted(preset.name for preset in presets)
    for preset in presets:
        named = stores.presets.named(app.id, preset.name)
        assert named == PresetName(preset.id, preset.name, preset.created_at_ms, preset.updated_at_ms)
        assert stores.presets.by_id(app.id, preset.id) == preset
    assert stores.presets.named(app.id, "emperor") is None
    assert stores.presets.named(app.id, "\U0001f980" * 256) is None
    assert stores.apps.api_key("\U0001f980" * 5000) is None and stores.apps.api_key("") is None
    assert stores.presets.by_id(an_app().id, presets[0].id) is None


def test_an_app_that_cannot_be_added_whole_is_not_added(stores: Stores) -> None:
    first, second = an_app(), an_app()
    stores.apps.add(first, presets_of(first), a_key(first, "APITAKEN"))
    with pytest.raises(ConditionFailed):
        stores.apps.add(second, presets_of(second), a_key(second, "APITAKEN"))
    assert stores.apps.get(ACCOUNT, second.id) is None
    assert list(stores.presets.in_app(second.id)) == []


def test_apps_are_listed_by_age_either_way(stores: Stores) -> None:
    apps = [an_app(offset) for offset in (0, 5, 10)]
    for app in apps:
        stores.apps.add(app, (), a_key(app))
    assert list(stores.apps.in_account(ACCOUNT, newest_first=False)) == apps
    assert list(stores.apps.in_account(ACCOUNT, newest_first=True)) == apps[::-1]
    assert list(stores.apps.in_account(AccountId("b" * 32), newest_first=True)) == []


def test_a_meeting_comes_back_as_it_was_stored(stores: Stores) -> None:
    app_id = AppId(new_id())
    meeting = a_meeting(
        app_id,
        title="Ünïcode ✓",
        status=MeetingStatus.INACTIVE,
        persist_chat=True,
        session_keep_alive_time_in_secs=12.5,
        ai_config={"transcription": {"keywords": []}},
    )
    stores.meetings.add(meeting)
    assert stores.meetings.get(app_id, meeting.id) == meeting
    assert stores.meetings.get(AppId(new_id()), meeting.id) is None
    with pytest.raises(ConditionFailed):
        stores.meetings.add(meeting)


def test_meetings_are_listed_newest_first_and_by_app(stores: Stores) -> None:
    mine, other = AppId(new_id()), AppId(new_id())
    meetings = [a_meeting(mine, offset) for offset in range(30)]
    for meeting in [*meetings, a_meeting(other)]:
        stores.meetings.add(meeting)
    assert list(stores.meetings.newest_first(mine)) == meetings[::-1]


def test_a_meeting_is_replaced_only_from_the_version_that_was_read(stores: Stores) -> None:
    meeting = a_meeting(AppId(new_id()))
    with pytest.raises(ConditionFailed):
        stores.meetings.replace(meeting, observed=meeting)
    stores.meetings.add(meeting)
    newer = changed(meeting, {"title": "new"}, START_MS + 1)
    stores.meetings.replace(newer, observed=meeting)
    with pytest.raises(ConditionFailed):
        stores.meetings.replace(changed(meeting, {"title": "late"}, START_MS + 2), observed=meeting)
    assert stores.meetings.get(meeting.app_id, meeting.id) == newer


def test_of_many_writers_from_one_version_one_wins(stores: Stores) -> None:
    meeting = a_meeting(AppId(new_id()))
    stores.meetings.add(meeting)
    won = _how_many_win(
        8,
        lambda n: stores.meetings.replace(changed(meeting, {"title": str(n)}, START_MS), observed=meeting),
    )
    assert won == 1


def test_a_participant_is_found_by_either_id_until_it_is_deleted(stores: Stores) -> None:
    app_id, meeting_id = AppId(new_id()), MeetingId(new_id())
    ada = a_participant(app_id, meeting_id, "ada")
    stores.participants.add(ada)
    assert stores.participants.get(app_id, meeting_id, ada.id) == ada
    assert stores.participants.by_custom_id(app_id, meeting_id, "ada") == ada
    assert stores.participants.by_custom_id(app_id, MeetingId(new_id()), "ada") is None
    stores.participants.delete(ada)
    assert stores.participants.get(app_id, meeting_id, ada.id) is None
    assert stores.participants.by_custom_id(app_id, meeting_id, "ada") is None
    with pytest.raises(ConditionFailed):
        stores.participants.delete(ada)
    with pytest.raises(ConditionFailed):
        stores.participants.replace(dataclasses.replace(ada, version=2), observed_version=1)
    stores.participants.add(a_participant(app_id, meeting_id, "ada"))


def test_a_custom_id_is_taken_once_per_meeting_however_many_try(stores: Stores) -> None:
    app_id, meeting_id = AppId(new_id()), MeetingId(new_id())
    won = _how_many_win(8, lambda _: stores.participants.add(a_participant(app_id, meeting_id, "ada")))
    assert won == 1
    assert len(list(stores.participants.newest_first(app_id, meeting_id))) == 1
    stores.participants.add(a_participant(app_id, MeetingId(new_id()), "ada"))


@pytest.mark.parametrize("custom_id", ["x" * 256, "\U0001f980" * 256, "a#b/c d\x00"])
def test_any_custom_id_within_the_limit_can_be_kept(stores: Stores, custom_id: str) -> None:
    app_id, meeting_id = AppId(new_id()), MeetingId(new_id())
    participant = a_participant(app_id, meeting_id, custom_id)
    stores.participants.add(participant)
    assert stores.participants.by_custom_id(app_id, meeting_id, custom_id) == participant


def test_participants_are_listed_newest_first(stores: Stores) -> None:
    app_id, meeting_id = AppId(new_id()), MeetingId(new_id())
    people = [a_participant(app_id, meeting_id, str(offset), offset) for offset in range(5)]
    for participant in people:
        stores.participants.add(participant)
    assert list(stores.participants.newest_first(app_id, meeting_id)) == people[::-1]


def test_pages_of_participants_have_totals_however_many_come_and_go(stores: Stores) -> None:
    app_id, meeting_id = AppId(new_id()), MeetingId(new_id())
    assert stores.participants.page(app_id, meeting_id, PageRequest()).total_count == 0
    people = [a_participant(app_id, meeting_id, str(offset), offset) for offset in range(7)]
    for participant in people:
        stores.participants.add(participant)
    stores.participants.delete(people.pop(3))
    page = stores.participants.page(app_id, meeting_id, PageRequest(2, 4))
    assert (list(page.items), page.total_count) == (people[::-1][4:], 6)
    assert (page.start_offset, page.end_offset) == (5, 6)


def test_one_look_tells_all_that_adding_a_participant_needs(stores: Stores) -> None:
    app = an_app()
    stores.apps.add(app, presets_of(app), a_key(app))
    meeting = a_meeting(app.id)
    stores.meetings.add(meeting)
    ada = a_participant(app.id, meeting.id, "ada")
    stores.participants.add(ada)
    seen = stores.participants.entrance(app.id, meeting.id, "ada", "group_call_host")
    assert (seen.meeting, seen.participant) == (meeting, ada)
    assert seen.preset is not None and seen.preset.name == "group_call_host"
    assert stores.participants.entrance(app.id, MeetingId(new_id()), "bob", "x" * 3000) == Entrance(None, None, None)


def _how_many_win(writers: int, write: Callable[[int], None]) -> int:
    """Call `write` in as many threads at once and count those that neither lost nor were told to try again."""
    barrier, won = threading.Barrier(writers), []

    def run(number: int) -> None:
        barrier.wait(timeout=10)
        for _ in range(20):
            try:
                write(number)
                won.append(number)
                return
            except Contention:
                continue
            except ConditionFailed:
                return

    threads = [threading.Thread(target=run, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return len(won)
