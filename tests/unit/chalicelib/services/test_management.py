"""Managing apps, API keys and meetings: quotas, names, rotation with an overlap, deletion and its clean-up."""

import pytest

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AccountId, AppId
from chalicelib.contract.limits import MAX_API_KEYS, MAX_APPS
from chalicelib.domain.app import App
from chalicelib.domain.meeting import MeetingOptions
from chalicelib.services import callers
from chalicelib.services.api_keys import create_api_key, list_api_keys, revoke_api_key, rotate_api_key
from chalicelib.services.apps import change_app, create_app, delete_app
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.meetings import create_meeting, delete_meeting
from chalicelib.services.participants import Home, add_participant
from chalicelib.services.purging import clean_up_all
from tests.fakes.clock import FakeClock
from tests.fakes.dependencies import fake_dependencies

ACCOUNT = AccountId("a" * 32)


class NoSessions:
    """No meeting has ever had a session."""

    def pointer(self, app_id: AppId, meeting_id: str) -> None:
        return None


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def deps(clock: FakeClock) -> Dependencies:
    return fake_dependencies(clock, sessions=NoSessions())


@pytest.fixture
def app(deps: Dependencies) -> App:
    return create_app(deps, ACCOUNT, "dev").app


def refusal(error: pytest.ExceptionInfo[ParleyError]) -> tuple[ErrorId, str | None]:
    return error.value.error, error.value.pointer


def test_names_of_apps_are_unique_in_an_account(deps: Dependencies, app: App) -> None:
    with pytest.raises(ParleyError) as refused:
        create_app(deps, ACCOUNT, "dev")
    assert refusal(refused) == (ErrorId.ALREADY_EXISTS, "/name")
    create_app(deps, AccountId("b" * 32), "dev")
    other = create_app(deps, ACCOUNT, "staging").app
    with pytest.raises(ParleyError) as refused:
        change_app(deps, other, {"name": "dev"})
    assert refusal(refused) == (ErrorId.ALREADY_EXISTS, "/name")
    change_app(deps, app, {"name": "old"})
    assert change_app(deps, other, {"name": "dev"}).name == "dev"


def test_an_account_has_so_many_apps(deps: Dependencies) -> None:
    for number in range(MAX_APPS):
        create_app(deps, ACCOUNT, str(number))
    with pytest.raises(ParleyError) as refused:
        create_app(deps, ACCOUNT, "one more")
    assert refused.value.error is ErrorId.QUOTA_REACHED


def test_a_key_is_rotated_with_an_overlap(deps: Dependencies, app: App, clock: FakeClock) -> None:
    (first,) = list_api_keys(deps, app)
    made, old = rotate_api_key(deps, app, first.key, overlap_s=60)
    assert old.key == first.key and made.key != first.key and made.secret
    assert {key.key for key in list_api_keys(deps, app)} == {first.key, made.key}
    clock.advance(59_999)
    assert callers.api_key(deps, first.key) is not None
    clock.advance(1)
    assert callers.api_key(deps, first.key) is None and callers.api_key(deps, made.key) is not None
    assert [key.key for key in list_api_keys(deps, app)] == [made.key]
    with pytest.raises(ParleyError) as refused:
        rotate_api_key(deps, app, first.key, overlap_s=60)
    assert refused.value.error is ErrorId.API_KEY_NOT_FOUND


def test_a_second_rotation_does_not_prolong_the_first(deps: Dependencies, app: App, clock: FakeClock) -> None:
    (first,) = list_api_keys(deps, app)
    _, old = rotate_api_key(deps, app, first.key, overlap_s=60)
    _, again = rotate_api_key(deps, app, first.key, overlap_s=3600)
    assert again.expires_at_ms == old.expires_at_ms


def test_a_revoked_key_is_gone_at_once(deps: Dependencies, app: App) -> None:
    made = create_api_key(deps, app, "backend")
    assert callers.api_key(deps, made.key) == made
    revoke_api_key(deps, app, made.key)
    assert callers.api_key(deps, made.key) is None
    with pytest.raises(ParleyError) as refused:
        revoke_api_key(deps, app, made.key)
    assert refused.value.error is ErrorId.API_KEY_NOT_FOUND


def test_keys_of_another_app_are_not_there(deps: Dependencies, app: App) -> None:
    (theirs,) = list_api_keys(deps, create_app(deps, ACCOUNT, "other").app)
    with pytest.raises(ParleyError) as refused:
        revoke_api_key(deps, app, theirs.key)
    assert refused.value.error is ErrorId.API_KEY_NOT_FOUND


def test_an_app_has_so_many_keys_and_expired_ones_do_not_count(deps: Dependencies, app: App, clock: FakeClock) -> None:
    for _ in range(MAX_API_KEYS - 1):
        create_api_key(deps, app, "")
    with pytest.raises(ParleyError) as refused:
        create_api_key(deps, app, "")
    assert refused.value.error is ErrorId.QUOTA_REACHED
    revoke_api_key(deps, app, list_api_keys(deps, app)[0].key)
    rotate_api_key(deps, app, list_api_keys(deps, app)[0].key, overlap_s=1)
    clock.advance(1_000)
    create_api_key(deps, app, "")
    assert len(deps.api_keys.ring(app.id).keys) == MAX_API_KEYS


def test_an_app_with_meetings_says_so_and_stays(deps: Dependencies, app: App) -> None:
    meeting = create_meeting(deps, app.id, MeetingOptions())
    with pytest.raises(ParleyError) as refused:
        delete_app(deps, app)
    assert refused.value.error is ErrorId.IN_USE and "1 meeting:" in refused.value.message
    delete_meeting(deps, app.id, meeting.id)
    (key,) = list_api_keys(deps, app)
    delete_app(deps, app)
    assert deps.apps.get(ACCOUNT, app.id) is None and callers.api_key(deps, key.key) is None
    assert callers.app_of_account(deps, ACCOUNT, app.id) is None
    create_app(deps, ACCOUNT, "dev")  # the name is free


def test_a_deleted_meeting_takes_its_participants_along(deps: Dependencies, app: App) -> None:
    meeting = create_meeting(deps, app.id, MeetingOptions())
    home = Home(ACCOUNT, app.id, meeting.id)
    for number in range(120):
        add_participant(deps, home, str(number), "group_call_host", {})
    delete_meeting(deps, app.id, meeting.id)
    assert list(deps.participants.newest_first(app.id, meeting.id)) == []
    assert list(deps.purges.pending()) == []
    with pytest.raises(ParleyError) as refused:
        delete_meeting(deps, app.id, meeting.id)
    assert refused.value.error is ErrorId.MEETING_NOT_FOUND


def test_a_clean_up_that_was_interrupted_goes_on_with_the_sweep(
    deps: Dependencies, app: App, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting = create_meeting(deps, app.id, MeetingOptions())
    add_participant(deps, Home(ACCOUNT, app.id, meeting.id), "one", "group_call_host", {})
    deps.meetings.delete(meeting)  # and whoever did it died here
    assert len(list(deps.purges.pending())) == 1
    assert clean_up_all(deps) == 1
    assert list(deps.participants.newest_first(app.id, meeting.id)) == [] and list(deps.purges.pending()) == []
