"""The extensions over HTTP on a real local database: API keys, app and meeting deletion, validation, audit log, keys of
idempotent calls."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from cloudflare import Cloudflare

from tests.integration.control_plane import ControlPlane, running_control_plane


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    with running_control_plane() as running:
        yield running


class Kit:
    """Plain HTTP to the account's tree."""

    def __init__(self, plane: ControlPlane) -> None:
        base = f"{plane.url}/client/v4/accounts/{plane.account_id}/realtime/kit"
        self.client = httpx.Client(base_url=base, headers={"Authorization": f"Bearer {plane.api_token}"}, timeout=20)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.client.request(method, path, json=body, headers=sent)
        return answer.status_code, answer.json()


@pytest.fixture(scope="module")
def kit(plane: ControlPlane) -> Iterator[Kit]:
    made = Kit(plane)
    with made.client:
        yield made


@pytest.fixture
def sdk(plane: ControlPlane) -> Cloudflare:
    return plane.sdk()


def test_an_app_lives_from_its_creation_to_its_removal(plane: ControlPlane, kit: Kit) -> None:
    status, made = kit("POST", "/apps", {"name": "short-lived"})
    app = made["data"]["app"]["id"]
    assert status == 200
    assert kit("POST", "/apps", {"name": "short-lived"})[0] == 409
    status, whole = kit("GET", f"/apps/{app}")
    assert whole["data"]["settings"] == {"auto_create_rooms": True}
    assert whole["data"]["rate_limits"]["account"] == {"requests": 3500, "window_s": 300}
    status, changed = kit("PATCH", f"/apps/{app}", {"name": "renamed", "settings": {"auto_create_rooms": False}})
    assert (status, changed["data"]["name"]) == (200, "renamed")
    assert kit("GET", f"/apps/{app}")[1]["data"]["settings"] == {"auto_create_rooms": False}
    meeting = kit("POST", f"/{app}/meetings", {"title": "x"})[1]["data"]["id"]
    status, refused = kit("DELETE", f"/apps/{app}")
    assert (status, refused["error"]["id"]) == (409, "in_use") and "1 meeting" in refused["error"]["message"]
    assert kit("DELETE", f"/{app}/meetings/{meeting}")[0] == 200
    assert kit("DELETE", f"/apps/{app}")[0] == 200
    assert kit("GET", f"/apps/{app}")[0] == 404 == kit("GET", f"/{app}/presets")[0]
    _, log = kit("GET", "/audit-log?outcome=failure")
    assert ("DELETE /apps/{app_id}", "in_use") in [(one["action"], one["error_id"]) for one in log["data"]["entries"]]


def test_api_keys_are_made_rotated_and_revoked(plane: ControlPlane, kit: Kit) -> None:
    path = f"/{plane.app_id}/api-keys"
    status, made = kit("POST", path, {"name": "backend"})
    assert status == 201 and made["data"]["key"].startswith("API") and len(made["data"]["secret"]) >= 43
    key = made["data"]["id"]
    status, rotated = kit("POST", f"{path}/{key}/rotate", {"overlap_in_secs": 3600})
    assert status == 201 and rotated["data"]["replaces"]["id"] == key and rotated["data"]["replaces"]["expires_at"]
    _, listed = kit("GET", path)
    assert {key, rotated["data"]["id"]} <= {one["id"] for one in listed["data"]}
    assert "secret" not in str(listed)
    assert kit("DELETE", f"{path}/{key}")[0] == 200
    assert kit("DELETE", f"{path}/{key}")[1]["error"]["id"] == "api_key_not_found"
    status, wrong = kit("POST", f"{path}/{rotated['data']['id']}/rotate", {"overlap_in_secs": -1})
    assert (status, wrong["errors"][0]["source"]["pointer"]) == (400, "/overlap_in_secs")


def test_a_meeting_is_validated_and_removed_with_its_participants(
    plane: ControlPlane, kit: Kit, sdk: Cloudflare
) -> None:
    meetings = f"/{plane.app_id}/meetings"
    meeting = kit("POST", meetings, {"title": "gone soon"})[1]["data"]["id"]
    added = {"custom_participant_id": "ada", "preset_name": "group_call_host"}
    person = kit("POST", f"{meetings}/{meeting}/participants", added)[1]["data"]["id"]
    found = kit("GET", f"{meetings}/{meeting}/validate")[1]["data"]
    assert (found["exists"], found["active"], found["live"], found["full"]) == (True, True, False, False)
    kit("PATCH", f"{meetings}/{meeting}", {"status": "INACTIVE"})
    assert kit("GET", f"{meetings}/{meeting}/validate")[1]["data"]["active"] is False
    assert kit("DELETE", f"{meetings}/{meeting}")[0] == 200
    assert kit("GET", f"{meetings}/{meeting}/validate")[1]["data"]["exists"] is False
    for path in ("", "/participants", f"/participants/{person}"):
        assert kit("GET", f"{meetings}/{meeting}{path}")[1]["error"]["id"] == "meeting_not_found"
    assert kit("DELETE", f"{meetings}/{meeting}")[0] == 404
    listed = sdk.realtime_kit.meetings.get(plane.app_id, account_id=plane.account_id, search="gone")
    assert listed.data == []


def test_a_post_with_a_key_is_done_once_secrets_included(plane: ControlPlane, kit: Kit) -> None:
    meetings = f"/{plane.app_id}/meetings"
    first = kit("POST", meetings, {"title": "once"}, idempotency_key="m-1")
    assert first == kit("POST", meetings, {"title": "once"}, idempotency_key="m-1")
    assert kit("POST", meetings, {"title": "twice"}, idempotency_key="m-1")[0] == 422
    keys = f"/{plane.app_id}/api-keys"
    made = kit("POST", keys, {"name": "once"}, idempotency_key="k-1")
    assert made == kit("POST", keys, {"name": "once"}, idempotency_key="k-1") and made[1]["data"]["secret"]
    assert [one["name"] for one in kit("GET", keys)[1]["data"]].count("once") == 1


def test_the_audit_log_is_read_page_by_page_and_filtered(plane: ControlPlane, kit: Kit) -> None:
    for number in range(3):
        kit("POST", f"/{plane.app_id}/meetings", {"title": f"logged {number}"})
    seen: list[str] = []
    before = ""
    while True:
        _, page = kit("GET", f"/{plane.app_id}/audit-log?per_page=2&action=meetings&before={before}")
        seen += [entry["id"] for entry in page["data"]["entries"]]
        before = page["data"]["next"]
        if not before:
            break
    assert len(seen) >= 3 and seen == sorted(set(seen), reverse=True)
    actor = kit("GET", f"/{plane.app_id}/audit-log")[1]["data"]["entries"][0]["actor"]
    assert actor.startswith("api_token:") and actor.removeprefix("api_token:") not in plane.api_token
    assert kit("GET", f"/{plane.app_id}/audit-log?actor=nobody")[1]["data"]["entries"] == []
    status, wrong = kit("GET", f"/{plane.app_id}/audit-log?outcome=maybe")
    assert (status, wrong["errors"][0]["source"]["pointer"]) == (400, "/outcome")
