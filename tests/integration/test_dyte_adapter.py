"""Dyte's REST API v2 over real HTTP, as its customers' backends call it: plain requests with Basic authorization."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

import app as composition
from chalicelib.services.accounts import create_account
from chalicelib.services.apps import create_app
from tests.integration.control_plane import ControlPlane, running_control_plane

UNKNOWN = "01890000-0000-7000-8000-000000000000"
Json = dict[str, Any]


@dataclass(frozen=True)
class Dyte:
    """A customer's HTTP client."""

    http: httpx.Client

    def __call__(self, method: str, path: str, body: Json | None = None, **query: str) -> httpx.Response:
        return self.http.request(method, path, json=body, params=query)

    def data(self, method: str, path: str, body: Json | None = None, **query: str) -> Any:
        answer = self(method, path, body, **query)
        assert answer.status_code in {200, 201} and answer.json()["success"] is True, answer.text
        return answer.json()["data"]

    def meeting(self, **options: Any) -> str:
        made: str = self.data("POST", "/meetings", options)["id"]
        return made


def dyte(plane: ControlPlane, org_id: str, api_key: str) -> Dyte:
    basic = base64.b64encode(f"{org_id}:{api_key}".encode()).decode()
    return Dyte(httpx.Client(base_url=f"{plane.url}/dyte/v2", headers={"Authorization": f"Basic {basic}"}))


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    with running_control_plane() as running:
        yield running


@pytest.fixture
def call(plane: ControlPlane) -> Dyte:
    return dyte(plane, plane.app_id, plane.api_token)


@pytest.fixture
def stranger(plane: ControlPlane) -> Dyte:
    account = create_account(plane.deps, "somebody else")
    app = create_app(plane.deps, account.account.id, "theirs").app
    return dyte(plane, app.id, account.api_token)


def test_a_meeting_is_made_read_listed_and_changed(call: Dyte) -> None:
    answer = call("POST", "/meetings", {"title": "Standup", "preferred_region": "ap-south-1", "waiting_room": False})
    assert answer.status_code == 201
    made = answer.json()["data"]
    assert (made["title"], made["preferred_region"], made["status"]) == ("Standup", "ap-south-1", "ACTIVE")
    assert call.data("GET", f"/meetings/{made['id']}") == made
    listed = call("GET", "/meetings", search="standup", per_page="1").json()
    assert [meeting["id"] for meeting in listed["data"]] == [made["id"]]
    assert listed["paging"] == {"total_count": 1, "start_offset": 1, "end_offset": 1}
    changed = call.data("PATCH", f"/meetings/{made['id']}", {"status": "INACTIVE"})
    assert (changed["status"], changed["preferred_region"]) == ("INACTIVE", "ap-south-1")


def test_the_bucket_config_keeps_dytes_name(call: Dyte, plane: ControlPlane) -> None:
    made = call.data("POST", "/meetings", {"recording_config": {"dyte_bucket_config": {"enabled": True}}})
    assert made["recording_config"]["dyte_bucket_config"] == {"enabled": True}
    assert "realtimekit_bucket_config" not in str(call.data("GET", f"/meetings/{made['id']}"))
    seen = plane.sdk().realtime_kit.meetings.get_meeting_by_id(
        made["id"], account_id=plane.account_id, app_id=plane.app_id
    )
    assert seen.data and seen.data.recording_config
    assert seen.data.recording_config.realtimekit_bucket_config


def test_a_participant_is_added_under_either_name_with_the_default_preset(call: Dyte) -> None:
    path = f"/meetings/{call.meeting()}/participants"
    answer = call("POST", path, {"client_specific_id": "u-1", "name": "Ada"})
    assert answer.status_code == 201
    added = answer.json()["data"]
    assert added["custom_participant_id"] == added["client_specific_id"] == "u-1"
    assert added["preset_name"] == "group_call_host" and added["token"]
    again = call.data("POST", path, {"custom_participant_id": "u-1", "preset_name": "group_call_participant"})
    assert (again["id"], again["preset_name"]) == (added["id"], "group_call_participant")
    one = f"{path}/{added['id']}"
    assert call.data("GET", one)["client_specific_id"] == "u-1"
    assert [each["id"] for each in call.data("GET", path)] == [added["id"]]
    assert call.data("PATCH", one, {"name": "Ada L."})["name"] == "Ada L."
    assert call.data("POST", one + "/token")["token"]
    gone = call.data("DELETE", one)
    assert gone["client_specific_id"] == "u-1" and "id" not in gone
    assert call("GET", one).status_code == 404


def test_presets_are_made_read_changed_and_removed(call: Dyte) -> None:
    listed = call.data("GET", "/presets")
    host = next(preset for preset in listed if preset["name"] == "group_call_host")
    whole = call.data("GET", f"/presets/{host['id']}")
    copy = {part: whole[part] for part in ("config", "permissions", "ui")}
    made = call.data("POST", "/presets", {"name": "mine", **copy})
    path = f"/presets/{made['id']}"
    changed = call.data("PATCH", path, {"permissions": {"can_record": False}})
    assert changed["permissions"] == whole["permissions"] | {"can_record": False}
    assert call.data("DELETE", path)["name"] == "mine"
    assert call("GET", path).status_code == 404


def test_an_active_session_and_what_acts_on_it_say_that_there_is_none(call: Dyte) -> None:
    path = f"/meetings/{call.meeting()}/active-session"
    for method, action, body in (
        ("GET", "", None),
        ("POST", "/kick", {"participant_ids": [UNKNOWN]}),
        ("POST", "/kick-all", None),
        ("POST", "/mute", {"custom_participant_ids": ["u"]}),
        ("POST", "/mute-all", {"allow_unmute": True}),
    ):
        answer = call(method, path + action, body)
        assert answer.status_code == 404, (action, answer.text)
        error = answer.json()["error"]
        assert (error["code"], error["id"]) == (404, "no_active_session")
    assert call.data("GET", "/sessions") == {"sessions": []}
    assert call("GET", f"/sessions/{UNKNOWN}").status_code == 404


def test_errors_have_dytes_shape(call: Dyte) -> None:
    answer = call("GET", f"/meetings/{UNKNOWN}")
    assert answer.json() == {
        "success": False,
        "error": {"code": 404, "id": "meeting_not_found", "message": "no such meeting"},
    }
    assert answer.headers["x-should-retry"] == "false"


@pytest.mark.parametrize(
    ("method", "path", "body", "pointer"),
    [
        ("POST", "/meetings", {"title": 7}, "/title"),
        ("POST", "/meetings", {"preferred_region": "mars-1"}, "/preferred_region"),
        ("POST", "/meetings", {"recording_config": {"dyte_bucket_config": {}}}, "/recording_config"),
        ("POST", "/meetings/{meeting}/participants", {}, "/custom_participant_id"),
        ("POST", "/meetings/{meeting}/participants", {"client_specific_id": ""}, "/custom_participant_id"),
        ("POST", "/orgs", {"name": ""}, "/name"),
    ],
)
def test_bad_input_is_400_and_names_the_field(call: Dyte, method: str, path: str, body: Json, pointer: str) -> None:
    answer = call(method, path.format(meeting=call.meeting()), body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["source"]["pointer"].startswith(pointer)


def test_a_waiting_room_is_refused_instead_of_being_forgotten(call: Dyte) -> None:
    answer = call("POST", "/meetings", {"waiting_room": True})
    assert answer.status_code == 501 and answer.json()["error"]["source"]["pointer"] == "/waiting_room"


def test_what_is_no_json_is_415_in_dytes_shape(call: Dyte) -> None:
    answer = call.http.post("/meetings", content=b"title=x", headers={"Content-Type": "text/plain"})
    assert answer.status_code == answer.json()["error"]["code"] == 415
    assert set(answer.json()) == {"success", "error"}


@pytest.mark.parametrize("raw", [b"{", b"\xff", b"[" * 40 + b"]" * 40, b"[1]", b'"x"'])
def test_what_is_no_body_is_400_in_dytes_shape(call: Dyte, raw: bytes) -> None:
    answer = call.http.post("/meetings", content=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400 and answer.json()["error"]["code"] == 400
    assert set(answer.json()) == {"success", "error"}


def test_both_halves_of_a_key_pair_are_a_credential_too(plane: ControlPlane, call: Dyte) -> None:
    meeting = call.meeting()
    pair = dyte(plane, plane.app.api_key.key, plane.app.api_key.secret)
    assert pair.data("GET", f"/meetings/{meeting}")["id"] == meeting


def test_a_wrong_credential_is_401_whatever_is_wrong_with_it(plane: ControlPlane, stranger: Dyte) -> None:
    key = plane.app.api_key
    theirs = base64.b64decode(stranger.http.headers["Authorization"].removeprefix("Basic ")).decode().partition(":")
    wrong = [
        (plane.app_id, "pat_wrong"),
        (plane.app_id, ""),
        (plane.app_id, key.secret),
        (plane.app_id, theirs[2]),  # another account's token
        (theirs[0], plane.api_token),
        (UNKNOWN, plane.api_token),
        (plane.account_id, plane.api_token),
        (key.key, "wrong"),
        (key.key, ""),
        (key.key, "ü"),
        ("APInone", key.secret),
        ("", ""),
        ("x" * 600, "x" * 600),
        ("KEY#../..", "x"),
    ]
    bodies = []
    for org_id, api_key in wrong:
        answer = dyte(plane, org_id, api_key)("GET", "/meetings")
        assert answer.status_code == 401, (org_id, answer.text)
        bodies.append(answer.json())
    assert all(body == bodies[0] for body in bodies)
    assert set(bodies[0]) == {"success", "error"}


@pytest.mark.parametrize("header", ["", "Basic", "Basic %%%", "Bearer {token}", "Basic " + "A" * 5000])
def test_another_kind_of_credential_is_401(plane: ControlPlane, header: str) -> None:
    headers = {"Authorization": header.format(token=plane.api_token)}
    answer = httpx.get(f"{plane.url}/dyte/v2/meetings", headers=headers)
    assert answer.status_code == 401 and answer.json()["success"] is False


def test_another_organizations_things_look_like_absent_ones(call: Dyte, stranger: Dyte) -> None:
    meeting = call.meeting()
    added = call.data("POST", f"/meetings/{meeting}/participants", {"client_specific_id": "u"})
    for method, path, body in (
        ("GET", "/meetings/{meeting}", None),
        ("PATCH", "/meetings/{meeting}", {"title": "x"}),
        ("GET", "/meetings/{meeting}/participants", None),
        ("GET", "/meetings/{meeting}/participants/" + added["id"], None),
        ("DELETE", "/meetings/{meeting}/participants/" + added["id"], None),
        ("GET", "/meetings/{meeting}/active-session", None),
        ("POST", "/meetings/{meeting}/active-session/kick-all", None),
    ):
        theirs = stranger(method, path.format(meeting=meeting), body)
        absent = stranger(method, path.format(meeting=UNKNOWN), body)
        assert (theirs.status_code, theirs.json()) == (absent.status_code, absent.json()) and absent.status_code == 404


def test_organizations_are_made_listed_and_read_with_the_accounts_token(plane: ControlPlane, call: Dyte) -> None:
    answer = call("POST", "/orgs", {"name": "Acme of Dyte"})
    assert answer.status_code == 201
    made = answer.json()["data"]
    assert call.data("GET", f"/orgs/{made['id']}")["name"] == "Acme of Dyte"
    assert [org["id"] for org in call.data("GET", "/orgs", search="acme of")] == [made["id"]]
    new = dyte(plane, made["api_key"]["key"], made["api_key"]["secret"])
    assert new.data("GET", "/meetings") == []
    refused = new("POST", "/orgs", {"name": "more"})
    assert refused.status_code == 403 and refused.json()["error"]["id"] == "not_allowed"
    path = f"/orgs/{made['id']}"
    assert call("POST", "/orgs", {"name": "Acme of Dyte"}).status_code == 409
    assert call.data("PATCH", path, {"name": "Renamed of Dyte"})["name"] == "Renamed of Dyte"
    meeting = new.meeting()
    in_use = call("DELETE", path)
    assert (in_use.status_code, in_use.json()["error"]["id"]) == (409, "in_use"), meeting
    empty = call.data("POST", "/orgs", {"name": "empty"})["id"]
    assert call.data("DELETE", f"/orgs/{empty}")["id"] == empty
    for gone in (empty, UNKNOWN):
        assert call("GET", f"/orgs/{gone}").status_code == 404


def test_joins_are_not_audited_and_other_changes_are(plane: ControlPlane, call: Dyte) -> None:
    meeting = call.meeting(title="audited")
    call.data("POST", f"/meetings/{meeting}/participants", {"client_specific_id": "u"})
    base = f"{plane.url}/client/v4/accounts/{plane.account_id}/realtime/kit/{plane.app_id}"
    log = httpx.get(f"{base}/audit-log?per_page=2", headers={"Authorization": f"Bearer {plane.api_token}"}).json()
    newest = log["data"]["entries"][0]
    assert (newest["action"], newest["outcome"], newest["target"]["id"]) == (
        "POST /dyte/v2/meetings",
        "success",
        meeting,
    )
    assert newest["actor"].startswith("api_token:")


def test_a_post_under_an_idempotency_key_is_done_once_and_answered_alike(call: Dyte) -> None:
    path = f"/meetings/{call.meeting()}/participants"
    headers = {"Idempotency-Key": "one-of-dyte"}
    first = call.http.post(path, json={"client_specific_id": "u"}, headers=headers)
    second = call.http.post(path, json={"client_specific_id": "u"}, headers=headers)
    assert first.status_code == second.status_code == 201
    assert second.json() == first.json() and second.headers["Idempotency-Replayed"] == "true"


def test_every_call_is_authenticated_first(plane: ControlPlane) -> None:
    for path, methods in composition.app.routes.items():
        if path.startswith("/dyte/v2/"):
            for method in methods:
                url = plane.url + path.replace("{", "").replace("}", "")
                answer = httpx.request(method, url, json={})
                assert answer.status_code == 401, (method, path, answer.text)


def test_no_call_answers_5xx_but_for_what_is_not_there_yet(call: Dyte) -> None:
    for path, methods in composition.app.routes.items():
        if path.startswith("/dyte/v2/"):
            for method in methods:
                filled = path.removeprefix("/dyte/v2").replace("{", "").replace("}", "")
                answer = call(method, filled, {} if method != "GET" else None)
                assert answer.status_code < 500 or answer.status_code == 501, (method, path, answer.text)
                assert answer.json()["success"] is (answer.status_code < 300), (method, path)
