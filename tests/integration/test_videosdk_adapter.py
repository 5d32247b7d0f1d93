"""VideoSDK's REST API v2 over real HTTP, as its customers' backends call it: plain requests with a JWT."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
import pytest

import app as composition
from chalicelib.domain.app import ApiKey
from chalicelib.services.accounts import create_account
from chalicelib.services.apps import create_app
from tests.integration.control_plane import ControlPlane, running_control_plane

UNKNOWN = "01890000-0000-7000-8000-000000000000"
Json = dict[str, Any]


@dataclass(frozen=True)
class VideoSdk:
    """A customer's HTTP client."""

    http: httpx.Client

    def __call__(self, method: str, path: str, body: Json | None = None, **query: str) -> httpx.Response:
        return self.http.request(method, path, json=body, params=query or None)

    def got(self, method: str, path: str, body: Json | None = None, **query: str) -> Json:
        answer = self(method, path, body, **query)
        assert answer.status_code == 200, answer.text
        told: Json = answer.json()
        return told


def token_of(key: ApiKey, **claims: Any) -> str:
    now = int(time.time())
    whole = {"apikey": key.key, "permissions": ["allow_join", "allow_mod"], "iat": now, "exp": now + 600, **claims}
    return jwt.encode(whole, key.secret, algorithm="HS256")


def videosdk(plane: ControlPlane, token: str) -> VideoSdk:
    return VideoSdk(httpx.Client(base_url=f"{plane.url}/videosdk/v2", headers={"Authorization": token}))


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    with running_control_plane() as running:
        yield running


@pytest.fixture
def key(plane: ControlPlane, request: pytest.FixtureRequest) -> ApiKey:
    """A key pair of an app of this test's own."""
    return create_app(plane.deps, plane.app.app.account_id, request.node.name[:200]).api_key


@pytest.fixture
def call(plane: ControlPlane, key: ApiKey) -> VideoSdk:
    return videosdk(plane, token_of(key))


@pytest.fixture
def stranger(plane: ControlPlane) -> VideoSdk:
    account = create_account(plane.deps, "somebody else")
    return videosdk(plane, token_of(create_app(plane.deps, account.account.id, "theirs").api_key))


def test_a_room_is_made_validated_fetched_and_listed(plane: ControlPlane, call: VideoSdk) -> None:
    made = call.got("POST", "/rooms", {"region": "sg001"})
    room_id = made["roomId"]
    assert [len(part) for part in room_id.split("-")] == [4, 4, 4]
    assert (made["disabled"], made["customRoomId"], made["userId"]) == (False, None, plane.account_id)
    assert made["links"]["get_room"] == f"/videosdk/v2/rooms/{room_id}"
    assert made["createdAt"].endswith("Z") and made["id"]
    assert call.got("GET", f"/rooms/validate/{room_id}") == made
    assert call.got("POST", f"/rooms/validate/{room_id}") == made
    assert call.got("GET", f"/rooms/{room_id}") == made
    assert httpx.get(plane.url + made["links"]["get_room"], headers=call.http.headers).json() == made
    assert call.got("GET", "/rooms") == {
        "pageInfo": {"currentPage": 1, "perPage": 20, "lastPage": 1, "total": 1},
        "data": [made],
    }


def test_a_room_answers_to_the_id_that_its_customer_gave_it(call: VideoSdk) -> None:
    custom = "Class 7b, ü"
    made = call.got("POST", "/rooms", {"customRoomId": custom})
    assert made["customRoomId"] == custom
    assert call.got("POST", "/rooms", {"customRoomId": custom})["roomId"] == made["roomId"]
    assert call.got("GET", f"/rooms/validate/{custom}") == call.got("GET", f"/rooms/{custom}") == made
    assert call.got("GET", "/sessions", None, customRoomId=custom, roomId=made["roomId"])["data"] == []
    other = call.got("POST", "/rooms", {"customRoomId": "class-7c"})["roomId"]
    assert call("GET", "/sessions", None, customRoomId=custom, roomId=other).status_code == 400


def test_a_room_is_a_meeting(plane: ControlPlane, key: ApiKey, call: VideoSdk) -> None:
    made = call.got("POST", "/rooms", {"customRoomId": "shared"})
    meetings = plane.sdk().realtime_kit.meetings
    seen = meetings.get_meeting_by_id(made["id"], account_id=plane.account_id, app_id=key.app_id)
    assert seen.data and seen.data.title == "shared"
    other = meetings.create(key.app_id, account_id=plane.account_id, title="made otherwise").data
    assert other is not None
    assert call.got("GET", f"/rooms/{other.id}")["roomId"] == other.id


def test_pages_of_rooms_have_videosdks_counts(call: VideoSdk) -> None:
    made = [call.got("POST", "/rooms", {})["roomId"] for _ in range(5)]
    second = call.got("GET", "/rooms", None, page="2", perPage="2")
    assert second["pageInfo"] == {"currentPage": 2, "perPage": 2, "lastPage": 3, "total": 5}
    everything = [
        room["roomId"] for page in "123" for room in call.got("GET", "/rooms", None, page=page, perPage="2")["data"]
    ]
    assert sorted(everything) == sorted(made)


def test_a_deactivated_room_is_there_and_not_valid(call: VideoSdk) -> None:
    room_id = call.got("POST", "/rooms", {"customRoomId": "over"})["roomId"]
    assert call.got("POST", "/rooms/deactivate", {"roomId": "over"})["disabled"] is True
    assert call.got("GET", f"/rooms/{room_id}")["disabled"] is True
    refused = call("GET", f"/rooms/validate/{room_id}")
    assert refused.status_code == 403 and refused.json()["error"] == "the room is disabled"


def test_what_is_not_there_is_404_in_videosdks_shape(call: VideoSdk) -> None:
    room = call("GET", "/rooms/abcd-efgh-ijkl")
    assert room.json() == {
        "statusCode": 404,
        "code": 4003,
        "name": "INVALID_MEETING_ID",
        "message": "no such room",
        "error": "no such room",
    }
    made = call.got("POST", "/rooms", {})["roomId"]
    for method, path, body in (
        ("GET", f"/sessions/{UNKNOWN}", None),
        ("GET", "/sessions/no-uuid", None),
        ("GET", f"/sessions/{UNKNOWN}/participants", None),
        ("GET", f"/sessions/{UNKNOWN}/participants/active", None),
        ("POST", "/sessions/end", {"roomId": made}),
        ("POST", "/sessions/end", {"roomId": made, "sessionId": UNKNOWN}),
        ("POST", "/sessions/participants/remove", {"roomId": made, "participantId": "u"}),
        ("GET", "/sessions?roomId=none", None),
    ):
        answer = call(method, path, body)
        assert answer.status_code == answer.json()["statusCode"] == 404, (path, answer.text)
    assert call.got("GET", "/sessions", None, roomId=made) == {
        "pageInfo": {"currentPage": 1, "perPage": 20, "lastPage": 1, "total": 0},
        "data": [],
    }
    assert call("GET", "/sessions/", None).status_code == 200  # as VideoSDK's own examples write it


@pytest.mark.parametrize(
    ("method", "path", "body", "pointer"),
    [
        ("POST", "/rooms", {"customRoomId": ""}, "/customRoomId"),
        ("POST", "/rooms", {"customRoomId": "x" * 257}, "/customRoomId"),
        ("POST", "/rooms", {"customRoomId": 7}, "/customRoomId"),
        ("POST", "/rooms", {"webhook": "x"}, "/webhook"),
        ("POST", "/rooms/deactivate", {}, "/roomId"),
        ("POST", "/sessions/end", {}, "/roomId"),
        ("POST", "/sessions/end", {"roomId": "x", "sessionId": 3}, "/sessionId"),
        ("POST", "/sessions/participants/remove", {"roomId": "x"}, "/participantId"),
        ("GET", "/rooms?page=0", None, "/page"),
        ("GET", "/rooms?perPage=101", None, "/perPage"),
        ("GET", "/sessions?page=x", None, "/page"),
    ],
)
def test_bad_input_is_400_and_names_the_field(
    call: VideoSdk, method: str, path: str, body: Json | None, pointer: str
) -> None:
    answer = call(method, path, body)
    assert (answer.status_code, answer.json()["pointer"]) == (400, pointer), answer.text


@pytest.mark.parametrize("name", ["webhook", "autoCloseConfig", "autoStartConfig"])
def test_what_would_never_happen_is_refused(call: VideoSdk, name: str) -> None:
    answer = call("POST", "/rooms", {name: {"type": "session-ends"}})
    assert (answer.status_code, answer.json()["pointer"]) == (501, f"/{name}")


def test_what_is_no_json_is_415_in_videosdks_shape(call: VideoSdk) -> None:
    answer = call.http.post("/rooms", content=b"x", headers={"Content-Type": "text/plain"})
    assert answer.status_code == answer.json()["statusCode"] == 415


@pytest.mark.parametrize("raw", [b"{", b"\xff", b"[1]", b"[" * 40 + b"]" * 40])
def test_what_is_no_body_is_400(call: VideoSdk, raw: bytes) -> None:
    answer = call.http.post("/rooms", content=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code == answer.json()["statusCode"] == 400


def test_contradicting_permissions_are_error_4008(plane: ControlPlane, key: ApiKey) -> None:
    for permissions in (["ask_join", "allow_join"], ["ask_join", "allow_mod"]):
        answer = videosdk(plane, token_of(key, permissions=permissions))("GET", "/rooms")
        assert (answer.status_code, answer.json()["code"]) == (400, 4008)
        assert answer.json()["name"] == "INVALID_PERMISSIONS"


def test_a_token_that_must_ask_may_look_and_change_nothing(plane: ControlPlane, key: ApiKey, call: VideoSdk) -> None:
    room_id = call.got("POST", "/rooms", {})["roomId"]
    asking = videosdk(plane, token_of(key, permissions=["ask_join"]))
    assert asking.got("GET", f"/rooms/validate/{room_id}")["roomId"] == room_id
    for path in ("/rooms", "/rooms/deactivate", "/sessions/end", "/sessions/participants/remove"):
        assert asking("POST", path, {"roomId": room_id, "participantId": "u"}).status_code == 403, path


def test_a_token_for_one_room_sees_that_room_only(plane: ControlPlane, key: ApiKey, call: VideoSdk) -> None:
    mine = call.got("POST", "/rooms", {"customRoomId": "mine"})
    other = call.got("POST", "/rooms", {})["roomId"]
    confined = videosdk(plane, token_of(key, version=2, roles=["crawler"], roomId=mine["roomId"]))
    assert confined.got("GET", "/rooms/mine")["id"] == mine["id"]
    assert confined.got("GET", "/sessions", None, roomId="mine")["data"] == []
    assert confined("GET", f"/rooms/{other}").json() == call("GET", "/rooms/none").json()
    assert confined("POST", "/rooms/deactivate", {"roomId": other}).status_code == 404
    for method, path in (("GET", "/rooms"), ("GET", "/sessions"), ("POST", "/rooms")):
        assert confined(method, path, {}).status_code == 403, path


def test_bearer_before_the_token_is_taken_too(plane: ControlPlane, key: ApiKey) -> None:
    assert videosdk(plane, f"Bearer {token_of(key)}").got("GET", "/rooms")["data"] == []


def test_a_wrong_token_is_401_whatever_is_wrong_with_it(plane: ControlPlane, key: ApiKey, stranger: VideoSdk) -> None:
    other = create_app(plane.deps, plane.app.app.account_id, "another of the same account").api_key
    wrong = [
        "nonsense",
        plane.api_token,
        f"Basic {token_of(key)}",
        token_of(key, apikey=other.key),
        token_of(other, apikey=key.key),
        jwt.encode({"apikey": key.key, "permissions": ["allow_join"]}, key.secret, algorithm="HS256"),
        jwt.encode({"apikey": key.key, "exp": 2**33}, None, algorithm="none"),
    ]
    bodies = [
        (answer.status_code, answer.json()) for answer in (videosdk(plane, text)("GET", "/rooms") for text in wrong)
    ]
    assert all(body == bodies[0] for body in bodies)
    assert bodies[0][0] == 401 and bodies[0][1]["code"] == 4002
    assert httpx.get(f"{plane.url}/videosdk/v2/rooms").status_code == 401
    late = videosdk(plane, token_of(key, exp=int(time.time()) - 60))("GET", "/rooms")
    assert (late.status_code, late.json()["error"]) == (401, "the token has expired")


def test_another_apps_rooms_look_like_absent_ones(call: VideoSdk, stranger: VideoSdk) -> None:
    made = call.got("POST", "/rooms", {"customRoomId": "ours"})
    absent = stranger("GET", "/rooms/none")
    for wanted in (made["roomId"], made["id"], "ours"):
        for method, path, body in (
            ("GET", f"/rooms/{wanted}", None),
            ("GET", f"/rooms/validate/{wanted}", None),
            ("POST", "/rooms/deactivate", {"roomId": wanted}),
            ("POST", "/sessions/end", {"roomId": wanted}),
            ("GET", f"/sessions?roomId={wanted}", None),
            ("GET", f"/sessions?customRoomId={wanted}", None),
        ):
            answer = stranger(method, path, body)
            assert (answer.status_code, answer.json()) == (404, absent.json()), path
    theirs = stranger.got("POST", "/rooms", {"customRoomId": "ours"})
    assert theirs["roomId"] != made["roomId"] and theirs["id"] != made["id"]


def test_every_call_is_authenticated_first_and_none_breaks(plane: ControlPlane, call: VideoSdk) -> None:
    for path, methods in composition.app.routes.items():
        if path.startswith("/videosdk/v2/"):
            filled = path.removeprefix("/videosdk/v2").replace("{", "").replace("}", "")
            for method in methods:
                anonymous = httpx.request(method, f"{plane.url}/videosdk/v2{filled}", json={})
                assert anonymous.status_code == 401, (method, path, anonymous.text)
                answer = call(method, filled, {} if method != "GET" else None)
                assert answer.status_code < 500 or answer.status_code == 501, (method, path, answer.text)
