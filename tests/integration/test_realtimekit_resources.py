"""The REST resources through the official SDK in strict mode, over real HTTP, on a real local database."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import jwt
import pytest
from cloudflare import BadRequestError, Cloudflare, NotFoundError

from chalicelib.services.accounts import create_account
from chalicelib.services.apps import create_app
from tests.integration.control_plane import ControlPlane, running_control_plane

UNKNOWN = "01890000-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    with running_control_plane() as running:
        yield running


@pytest.fixture
def sdk(plane: ControlPlane) -> Cloudflare:
    return plane.sdk()


@pytest.fixture
def fresh(plane: ControlPlane) -> dict[str, str]:
    """Path arguments of an app of its own."""
    app = create_app(plane.deps, plane.app.app.account_id, f"fresh {uuid.uuid4()}").app
    return {"account_id": plane.account_id, "app_id": app.id}


def test_an_app_is_made_with_a_key_pair_and_listed(plane: ControlPlane, sdk: Cloudflare) -> None:
    made = sdk.realtime_kit.apps.post(account_id=plane.account_id, name="Staging of Ada")
    assert made.success and made.data and made.data.app and made.data.app.id
    extra = made.data.model_extra or {}
    assert extra["api_key"]["key"].startswith("API") and len(extra["api_key"]["secret"]) >= 43
    listed = sdk.realtime_kit.apps.get(account_id=plane.account_id, search="of ada")
    assert [(app.id, app.name) for app in listed.data or []] == [(made.data.app.id, "Staging of Ada")]
    assert listed.paging and listed.paging.total_count == 1
    newest = sdk.realtime_kit.apps.get(account_id=plane.account_id, per_page=1, sort_order="DESC")
    assert newest.data and newest.data[0].id == made.data.app.id
    assert "secret" not in json.dumps(listed.model_dump(mode="json"))


def test_every_app_starts_with_the_default_presets(sdk: Cloudflare, fresh: dict[str, str]) -> None:
    listed = sdk.realtime_kit.presets.get(**fresh)
    names = {preset.name for preset in listed.data}
    assert names == {
        "group_call_host",
        "group_call_participant",
        "webinar_presenter",
        "webinar_viewer",
        "audio_room_host",
        "audio_room_listener",
    }
    assert (listed.paging.total_count, listed.paging.start_offset, listed.paging.end_offset) == (6, 1, 6)
    for preset in listed.data:
        whole = sdk.realtime_kit.presets.get_preset_by_id(preset.id or "", **fresh)
        assert whole.data.name == preset.name
    found = sdk.realtime_kit.presets.get(**fresh, search="VIEWER")
    assert [preset.name for preset in found.data] == ["webinar_viewer"]


def test_a_meeting_is_made_with_defaults_and_read_back(sdk: Cloudflare, fresh: dict[str, str]) -> None:
    made = sdk.realtime_kit.meetings.create(fresh["app_id"], account_id=fresh["account_id"], title="Standup")
    assert made.data and made.data.title == "Standup" and made.data.status == "ACTIVE"
    assert made.data.session_keep_alive_time_in_secs == 60 and made.data.record_on_start is False
    assert abs((datetime.now(UTC) - made.data.created_at).total_seconds()) < 60
    read = sdk.realtime_kit.meetings.get_meeting_by_id(made.data.id, **fresh)
    assert read.data and read.data.model_dump() == made.data.model_dump()


def test_a_meeting_keeps_everything_it_was_given(sdk: Cloudflare, fresh: dict[str, str]) -> None:
    options: dict[str, Any] = {
        "title": "Everything ✓",
        "persist_chat": True,
        "record_on_start": True,
        "live_stream_on_start": None,
        "summarize_on_end": True,
        "transcribe_on_end": True,
        "session_keep_alive_time_in_secs": 12.5,
        "recording_config": {
            "audio_config": {"channel": "mono", "codec": "MP3"},
            "video_config": {"codec": "VP8", "width": 640, "watermark": {"position": "right top"}},
            "max_seconds": 60,
            "file_name_prefix": "x",
        },
        "ai_config": {
            "transcription": {"language": "de", "keywords": ["Parley"], "profanity_filter": True},
            "summarization": {"word_limit": 150, "text_format": "plain_text", "summary_type": "lecture"},
        },
    }
    app_id, account_id = fresh["app_id"], fresh["account_id"]
    made = sdk.realtime_kit.meetings.create(app_id, account_id=account_id, **options)
    assert made.data
    read = sdk.realtime_kit.meetings.get_meeting_by_id(made.data.id, **fresh)
    assert read.data
    kept = read.data.model_dump(mode="json", exclude_unset=True)
    options["live_stream_on_start"] = False
    assert {name: kept[name] for name in options} == options


def test_meetings_are_listed_newest_first_in_pages_with_counts(sdk: Cloudflare, fresh: dict[str, str]) -> None:
    app_id, account_id = fresh["app_id"], fresh["account_id"]
    empty = sdk.realtime_kit.meetings.get(app_id, account_id=account_id)
    assert (empty.paging.total_count, empty.paging.start_offset, empty.paging.end_offset) == (0, 0, 0)
    made = [sdk.realtime_kit.meetings.create(app_id, account_id=account_id, title=f"No {n}") for n in range(5)]
    ids = [meeting.data.id for meeting in made if meeting.data]
    second = sdk.realtime_kit.meetings.get(app_id, account_id=account_id, page_no=2, per_page=2)
    assert {meeting.id for meeting in second.data} <= set(ids) and len(second.data) == 2
    assert (second.paging.total_count, second.paging.start_offset, second.paging.end_offset) == (5, 3, 4)
    everything = sdk.realtime_kit.meetings.get(app_id, account_id=account_id, page_no=0)
    assert sorted(meeting.id for meeting in everything.data) == sorted(ids)
    assert [meeting.created_at for meeting in everything.data] == sorted(
        (meeting.created_at for meeting in everything.data), reverse=True
    )


def test_meetings_are_found_by_title_id_status_and_time(sdk: Cloudflare, fresh: dict[str, str]) -> None:
    app_id, account_id = fresh["app_id"], fresh["account_id"]
    first = sdk.realtime_kit.meetings.create(app_id, account_id=account_id, title="Board Meeting").data
    second = sdk.realtime_kit.meetings.create(app_id, account_id=account_id, title="Retro").data
    assert first and second
    sdk.realtime_kit.meetings.update_meeting_by_id(second.id, **fresh, status="INACTIVE")

    def found(**query: Any) -> set[str]:
        answer = sdk.realtime_kit.meetings.get(app_id, account_id=account_id, **query)
        return {meeting.id for meeting in answer.data}

    assert found(search="board") == {first.id}
    assert found(search=second.id) == {second.id}
    assert found(status="INACTIVE") == {second.id}
    assert found(start_time=first.created_at) == {first.id, second.id}
    assert found(end_time="2001-01-01T00:00:00Z") == set()


def test_a_patch_changes_only_what_it_names(sdk: Cloudflare, fresh: dict[str, str]) -> None:
    made = sdk.realtime_kit.meetings.create(
        fresh["app_id"], account_id=fresh["account_id"], title="Before", persist_chat=True
    )
    assert made.data
    changed = sdk.realtime_kit.meetings.update_meeting_by_id(
        made.data.id, **fresh, title="After", session_keep_alive_time_in_secs=0
    )
    assert changed.data and (changed.data.title, changed.data.persist_chat) == ("After", True)
    assert changed.data.session_keep_alive_time_in_secs == 0
    assert changed.data.updated_at >= made.data.updated_at and changed.data.created_at == made.data.created_at


def _meeting(sdk: Cloudflare, fresh: dict[str, str]) -> str:
    made = sdk.realtime_kit.meetings.create(fresh["app_id"], account_id=fresh["account_id"], title="With people")
    assert made.data
    return made.data.id


def test_a_participant_gets_a_token_that_says_who_and_where(
    plane: ControlPlane, sdk: Cloudflare, fresh: dict[str, str]
) -> None:
    meeting = _meeting(sdk, fresh)
    added = sdk.realtime_kit.meetings.add_participant(
        meeting, **fresh, custom_participant_id="ada", preset_name="group_call_host", name="Ada", picture=None
    )
    assert added.data and added.data.name == "Ada" and added.data.preset_name == "group_call_host"
    claims = plane.deps.signer.verify_participant(added.data.token, plane.deps.now_ms())
    assert (claims.participant_id, claims.meeting_id, claims.app_id) == (added.data.id, meeting, fresh["app_id"])
    assert (claims.account_id, claims.identity, claims.generation) == (plane.account_id, "ada", 1)
    expires = datetime.fromisoformat((added.data.model_extra or {})["token_expires_at"])
    assert int(expires.timestamp()) == claims.expires_at == claims.issued_at + 86_400
    assert jwt.get_unverified_header(added.data.token) == {"alg": "EdDSA", "typ": "JWT", "kid": plane.deps.signer.kid}


def test_adding_the_same_custom_id_again_updates_the_participant(sdk: Cloudflare, fresh: dict[str, str]) -> None:
    meeting = _meeting(sdk, fresh)

    def add(**more: Any) -> Any:
        return sdk.realtime_kit.meetings.add_participant(meeting, **fresh, custom_participant_id="ada", **more).data

    first = add(preset_name="group_call_host", name="Ada")
    again = add(preset_name="webinar_viewer", picture="https://example.org/a.png")
    assert (again.id, again.created_at) == (first.id, first.created_at)
    assert (again.name, again.picture, again.preset_name) == ("Ada", "https://example.org/a.png", "webinar_viewer")
    assert again.token != first.token
    listed = sdk.realtime_kit.meetings.get_meeting_participants(meeting, **fresh)
    assert listed.paging.total_count == 1


def test_participants_are_listed_read_changed_and_deleted(sdk: Cloudflare, fresh: dict[str, str]) -> None:
    kit, meeting = sdk.realtime_kit.meetings, _meeting(sdk, fresh)
    people = [
        kit.add_participant(meeting, **fresh, custom_participant_id=name, preset_name="group_call_participant").data
        for name in ("ada", "grace", "barbara")
    ]
    page = kit.get_meeting_participants(meeting, **fresh, page_no=1, per_page=2)
    assert (len(page.data), page.paging.total_count, page.paging.end_offset) == (2, 3, 2)
    ada = people[0]
    assert ada
    where = {**fresh, "meeting_id": meeting}
    changed = kit.edit_participant(ada.id, **where, name="Countess", preset_name="group_call_host")
    assert changed.data and changed.data.token
    read = kit.get_meeting_participant(ada.id, **where)
    assert (read.data.name, read.data.preset_name) == ("Countess", "group_call_host")
    assert "token" not in (read.data.model_extra or {})
    gone = kit.delete_meeting_participant(ada.id, **where)
    assert gone.data and gone.data.custom_participant_id == "ada" and gone.data.preset_id
    for call in (kit.get_meeting_participant, kit.delete_meeting_participant, kit.refresh_participant_token):
        with pytest.raises(NotFoundError):
            call(ada.id, **where)
    again = kit.add_participant(meeting, **fresh, custom_participant_id="ada", preset_name="group_call_host")
    assert again.data and again.data.id != ada.id


def test_a_refresh_gives_a_new_token_and_kills_the_old_ones_when_asked(
    plane: ControlPlane, sdk: Cloudflare, fresh: dict[str, str]
) -> None:
    kit, meeting = sdk.realtime_kit.meetings, _meeting(sdk, fresh)
    added = kit.add_participant(meeting, **fresh, custom_participant_id="ada", preset_name="group_call_host").data
    assert added
    where = {**fresh, "meeting_id": meeting}
    refreshed = kit.refresh_participant_token(added.id, **where)
    claims = plane.deps.signer.verify_participant(refreshed.data.token, plane.deps.now_ms())
    assert claims.generation == 1 and refreshed.data.token != added.token
    extra = {"revoke_previous_tokens": True, "token_lifetime_in_secs": 60}
    revoking = kit.refresh_participant_token(added.id, **where, extra_body=extra)
    claims = plane.deps.signer.verify_participant(revoking.data.token, plane.deps.now_ms())
    assert claims.generation == 2 and claims.expires_at - claims.issued_at == 60


def test_another_accounts_things_look_like_nothing(plane: ControlPlane, sdk: Cloudflare, fresh: dict[str, str]) -> None:
    meeting = _meeting(sdk, fresh)
    other = create_account(plane.deps, "other")
    foreign = plane.sdk(other.api_token)
    with pytest.raises(NotFoundError) as own_credential_other_path:
        foreign.realtime_kit.meetings.get_meeting_by_id(meeting, **fresh)
    with pytest.raises(NotFoundError) as no_such_account:
        foreign.realtime_kit.meetings.get_meeting_by_id(meeting, app_id=fresh["app_id"], account_id="0" * 32)
    assert own_credential_other_path.value.body == no_such_account.value.body
    with pytest.raises(NotFoundError) as other_app:
        foreign.realtime_kit.meetings.get_meeting_by_id(meeting, app_id=fresh["app_id"], account_id=other.account.id)
    assert _error(other_app.value.body)["id"] == "app_not_found"
    second = create_app(plane.deps, plane.app.app.account_id, "second").app
    with pytest.raises(NotFoundError):
        sdk.realtime_kit.meetings.get_meeting_by_id(meeting, account_id=plane.account_id, app_id=second.id)


def _error(body: Any) -> dict[str, Any]:
    assert body["success"] is False and body["result"] is None and body["messages"] == []
    assert body["errors"][0]["message"] == body["error"]["message"]
    error: dict[str, Any] = body["error"]
    return error


def _post(plane: ControlPlane, path: str, **options: Any) -> httpx.Response:
    base = f"{plane.url}/client/v4/accounts/{plane.account_id}/realtime/kit"
    headers = {"Authorization": f"Bearer {plane.api_token}", "Content-Type": "application/json"}
    return httpx.post(base + path, headers={**headers, **options.pop("headers", {})}, **options)


@pytest.mark.parametrize(
    ("content", "headers", "status", "error_id"),
    [
        (b'{"title": "x"', {}, 400, "invalid_json"),
        (b"\xff\xfe", {}, 400, "invalid_json"),
        (b'{"title": "\\ud800"}', {}, 400, "invalid_json"),
        (b"[" * 100_000 + b"]" * 100_000, {}, 400, "invalid_json"),
        (b'{"ai_config": ' + b'{"a":' * 40 + b"1" + b"}" * 41, {}, 400, "invalid_json"),
        (b"[]", {}, 400, "invalid_field"),
        (b'{"title": 5}', {}, 400, "invalid_field"),
        (b'{"title": "' + b"x" * 257 + b'"}', {}, 400, "invalid_field"),
        (b'{"persist_chat": "true"}', {}, 400, "invalid_field"),
        (b'{"session_keep_alive_time_in_secs": "60"}', {}, 400, "invalid_field"),
        (b'{"session_keep_alive_time_in_secs": 600.5}', {}, 400, "invalid_field"),
        (b'{"session_keep_alive_time_in_secs": 1e999}', {}, 400, "invalid_json"),
        (b'{"ai_config": {"transcription": {"language": "xx"}}}', {}, 400, "invalid_field"),
        (b'{"title": "' + b"x" * 300_000 + b'"}', {}, 413, "body_too_large"),
        (b"{}", {"Content-Type": "text/plain"}, 415, "unsupported_media_type"),
        (b"{}", {"Authorization": ""}, 401, "credential_missing"),
        (b"{}", {"Authorization": "Bearer nobody"}, 401, "credential_invalid"),
        (b"{}", {"Authorization": "Bearer " + "x" * 5000}, 401, "credential_invalid"),
        (b'{"recording_config": {"storage_config": {"secret": "s3"}}}', {}, 400, "invalid_field"),
        (b'{"recording_config": {"storage_config": {"type": "gcs"}}}', {}, 501, "engine_not_available"),
    ],
)
def test_bad_input_is_refused_in_the_envelope_and_stores_nothing(
    plane: ControlPlane,
    sdk: Cloudflare,
    fresh: dict[str, str],
    content: bytes,
    headers: dict[str, str],
    status: int,
    error_id: str,
) -> None:
    answer = _post(plane, f"/{fresh['app_id']}/meetings", content=content, headers=headers)
    assert answer.status_code == status, answer.text
    error = _error(answer.json())
    assert (error["code"], error["id"]) == (status, error_id)
    assert answer.headers["x-should-retry"] == "false"
    listed = sdk.realtime_kit.meetings.get(fresh["app_id"], account_id=fresh["account_id"])
    assert listed.paging.total_count == 0


def test_a_wrong_field_is_pointed_at(sdk: Cloudflare, fresh: dict[str, str]) -> None:
    with pytest.raises(BadRequestError) as refused:
        sdk.realtime_kit.meetings.create(
            fresh["app_id"],
            account_id=fresh["account_id"],
            ai_config={"summarization": {"word_limit": 5}},
        )
    error = refused.value.errors[0]
    assert error.code == 40002 and "/ai_config/summarization/word_limit" in (error.message or "")
    body: Any = refused.value.body
    assert body["errors"][0]["source"] == {"pointer": "/ai_config/summarization/word_limit"}


@pytest.mark.parametrize("query", [{"page_no": -1}, {"per_page": 101}, {"status": "OPEN"}, {"start_time": "noon"}])
def test_a_wrong_query_is_pointed_at(sdk: Cloudflare, fresh: dict[str, str], query: dict[str, Any]) -> None:
    with pytest.raises(BadRequestError) as refused:
        sdk.realtime_kit.meetings.get(fresh["app_id"], account_id=fresh["account_id"], **query)
    body: Any = refused.value.body
    assert body["errors"][0]["source"] == {"pointer": f"/{next(iter(query))}"}


def test_an_unknown_preset_or_meeting_adds_nobody(sdk: Cloudflare, fresh: dict[str, str]) -> None:
    kit, meeting = sdk.realtime_kit.meetings, _meeting(sdk, fresh)
    with pytest.raises(BadRequestError) as unknown_preset:
        kit.add_participant(meeting, **fresh, custom_participant_id="ada", preset_name="emperor")
    assert _error(unknown_preset.value.body)["id"] == "unknown_preset"
    assert kit.get_meeting_participants(meeting, **fresh).paging.total_count == 0
    for missing in (UNKNOWN, "not-a-uuid", "MTG#1"):
        with pytest.raises(NotFoundError) as unknown_meeting:
            kit.add_participant(missing, **fresh, custom_participant_id="ada", preset_name="group_call_host")
        assert _error(unknown_meeting.value.body)["id"] in {"meeting_not_found", "route_not_found"}


def test_x_auth_key_is_a_credential_too(plane: ControlPlane) -> None:
    url = f"{plane.url}/client/v4/accounts/{plane.account_id}/realtime/kit/apps"
    assert httpx.get(url, headers={"X-Auth-Key": plane.api_token}).status_code == 200


def test_a_method_that_does_not_exist_is_answered_in_the_envelope(plane: ControlPlane) -> None:
    url = f"{plane.url}/client/v4/accounts/{plane.account_id}/realtime/kit/apps"
    answer = httpx.delete(url, headers={"Authorization": f"Bearer {plane.api_token}"})
    assert answer.status_code == 405 and _error(answer.json())["id"] == "method_not_allowed"
    assert answer.headers["allow"]


def test_a_poll_without_options_or_without_a_session_is_refused(
    plane: ControlPlane, sdk: Cloudflare, fresh: dict[str, str]
) -> None:
    path = f"/{fresh['app_id']}/meetings/{_meeting(sdk, fresh)}/active-session/poll"
    answer = _post(plane, path, json={"question": "x", "options": []})
    error = answer.json()["errors"][0]
    assert (answer.status_code, error["source"]["pointer"]) == (400, "/options")
    answer = _post(plane, path, json={"question": "x", "options": ["a"]})
    assert (answer.status_code, _error(answer.json())["id"]) == (404, "no_active_session")
    assert answer.headers["x-should-retry"] == "false"
