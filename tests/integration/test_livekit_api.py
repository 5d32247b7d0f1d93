"""LiveKit's server API on the real control plane: rooms, dispatches, errors, rights, both encodings. Those methods that
act on people in a call are in test_livekit_api_live.py."""

import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import jwt
import pytest
import requests
from livekit import api
from livekit.protocol import models, room
from livekit.protocol.agent_dispatch import RoomAgentDispatch

from tests.integration.control_plane import ControlPlane, running_control_plane

ABSENT_ID = "01890000-0000-7000-8000-000000000000"
ROOM_METHODS = [
    "CreateRoom",
    "ListRooms",
    "DeleteRoom",
    "ListParticipants",
    "GetParticipant",
    "RemoveParticipant",
    "MutePublishedTrack",
    "UpdateParticipant",
    "UpdateSubscriptions",
    "SendData",
    "UpdateRoomMetadata",
    "ForwardParticipant",
    "MoveParticipant",
    "PerformRpc",
]
DISPATCH_METHODS = ["CreateDispatch", "DeleteDispatch", "ListDispatch"]


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    with running_control_plane() as running:
        yield running


@pytest.fixture
async def livekit(plane: ControlPlane) -> AsyncIterator[api.LiveKitAPI]:
    async with api.LiveKitAPI(plane.url, plane.app.api_key.key, plane.app.api_key.secret) as client:
        yield client


def bearer(plane: ControlPlane, **grants: Any) -> dict[str, str]:
    key = plane.app.api_key
    token = (
        api.AccessToken(key.key, key.secret).with_identity("backend").with_grants(api.VideoGrants(**grants)).to_jwt()
    )
    return {"Authorization": f"Bearer {token}"}


def everything(plane: ControlPlane, room: str) -> dict[str, str]:
    grants = {"room_create": True, "room_list": True, "room_admin": True, "room": room, "destination_room": "goal"}
    return bearer(plane, **grants)


def call(plane: ControlPlane, method: str, body: Any, headers: dict[str, str], service: str = "RoomService") -> Any:
    url = f"{plane.url}/twirp/livekit.{service}/{method}"
    return requests.post(url, json=body, headers=headers, timeout=10)


async def refused(awaitable: Any) -> tuple[str, int]:
    with pytest.raises(api.TwirpError) as caught:
        await awaitable
    return caught.value.code, caught.value.status


async def test_a_room_is_made_listed_changed_and_deleted_by_the_official_client(livekit: api.LiveKitAPI) -> None:
    request = api.CreateRoomRequest(
        name="daily", empty_timeout=600, departure_timeout=30, max_participants=4, metadata="m"
    )
    made = await livekit.room.create_room(request)
    assert (made.name, made.empty_timeout, made.departure_timeout, made.max_participants) == ("daily", 600, 30, 4)
    assert made.metadata == "m"
    assert made.sid.startswith("RM_")
    assert made.creation_time_ms // 1000 == made.creation_time > 1_700_000_000
    assert {codec.mime for codec in made.enabled_codecs} >= {"audio/opus", "video/VP8", "video/H264"}
    again = await livekit.room.create_room(api.CreateRoomRequest(name="daily", metadata="n"))
    assert (again.sid, again.metadata, again.max_participants) == (made.sid, "n", 4)
    listed = await livekit.room.list_rooms(api.ListRoomsRequest())
    assert [each.name for each in listed.rooms] == ["daily"]
    changed = await livekit.room.update_room_metadata(api.UpdateRoomMetadataRequest(room="daily", metadata="p"))
    assert changed.metadata == "p"
    named = await livekit.room.list_rooms(api.ListRoomsRequest(names=["daily", "never"]))
    assert [each.metadata for each in named.rooms] == ["p"]
    people = await livekit.room.list_participants(api.ListParticipantsRequest(room="daily"))
    assert list(people.participants) == []
    await livekit.room.delete_room(api.DeleteRoomRequest(room="daily"))
    assert list((await livekit.room.list_rooms(api.ListRoomsRequest())).rooms) == []
    assert await refused(livekit.room.delete_room(api.DeleteRoomRequest(room="daily"))) == ("not_found", 404)


async def test_a_room_is_a_meeting_and_a_meeting_is_a_room(plane: ControlPlane, livekit: api.LiveKitAPI) -> None:
    await livekit.room.create_room(api.CreateRoomRequest(name="both", departure_timeout=45))
    meetings = plane.sdk().realtime_kit.meetings
    listed = meetings.get(plane.app_id, account_id=plane.account_id, search="both").data
    assert listed is not None
    assert [(each.title, each.session_keep_alive_time_in_secs) for each in listed] == [("both", 45)]
    made = meetings.create(plane.app_id, account_id=plane.account_id, title="from rest").data
    assert made is not None
    found = await livekit.room.create_room(api.CreateRoomRequest(name=made.id, metadata="by id"))
    assert (found.name, found.metadata) == (made.id, "by id")
    for name in ("both", made.id):
        await livekit.room.delete_room(api.DeleteRoomRequest(room=name))


async def test_dispatches_are_made_listed_and_deleted_by_the_official_client(livekit: api.LiveKitAPI) -> None:
    request = api.CreateAgentDispatchRequest(room="agents", agent_name="helper", metadata="m", attributes={"k": "v"})
    made = await livekit.agent_dispatch.create_dispatch(request)
    assert made.id.startswith("AD_")
    assert (made.agent_name, made.room, made.metadata, dict(made.attributes)) == ("helper", "agents", "m", {"k": "v"})
    assert made.state.created_at > 1_700_000_000 * 10**9
    config = [RoomAgentDispatch(agent_name="second")]
    await livekit.room.create_room(api.CreateRoomRequest(name="agents", agents=config))
    listed = await livekit.agent_dispatch.list_dispatch("agents")
    assert [each.agent_name for each in listed] == ["helper", "second"]
    assert (await livekit.agent_dispatch.get_dispatch(made.id, "agents")) == made
    gone = await livekit.agent_dispatch.delete_dispatch(made.id, "agents")
    assert gone.state.deleted_at > 0
    assert [each.agent_name for each in await livekit.agent_dispatch.list_dispatch("agents")] == ["second"]
    assert (await refused(livekit.agent_dispatch.delete_dispatch(made.id, "agents")))[0] == "not_found"
    await livekit.room.delete_room(api.DeleteRoomRequest(room="agents"))
    assert await livekit.agent_dispatch.list_dispatch("agents") == []


async def test_what_nobody_is_there_for_says_so(livekit: api.LiveKitAPI) -> None:
    await livekit.room.create_room(api.CreateRoomRequest(name="empty"))
    who = {"room": "empty", "identity": "ada"}
    rooms = livekit.room
    absent = ("not_found", 404)
    assert await refused(rooms.get_participant(api.RoomParticipantIdentity(**who))) == absent
    assert await refused(rooms.remove_participant(api.RoomParticipantIdentity(**who))) == absent
    assert await refused(rooms.update_participant(api.UpdateParticipantRequest(**who, name="x"))) == absent
    mute = api.MuteRoomTrackRequest(**who, track_sid="TR_x", muted=True)
    assert await refused(rooms.mute_published_track(mute)) == absent
    unmute = api.MuteRoomTrackRequest(**who, track_sid="TR_x", muted=False)
    assert await refused(rooms.mute_published_track(unmute)) == ("failed_precondition", 412)
    assert await refused(rooms.send_data(api.SendDataRequest(room="empty", data=b"x"))) == absent
    subscriptions = api.UpdateSubscriptionsRequest(**who, track_sids=["TR_x"], subscribe=True)
    assert await refused(rooms.update_subscriptions(subscriptions)) == absent
    move = api.MoveParticipantRequest(**who, destination_room="empty")
    assert await refused(rooms.move_participant(move)) == absent
    forward = api.ForwardParticipantRequest(**who, destination_room="other")
    assert await refused(rooms.forward_participant(forward)) == ("unimplemented", 501)
    for name in ("never", ABSENT_ID):
        assert await refused(rooms.update_room_metadata(api.UpdateRoomMetadataRequest(room=name))) == absent
        assert list((await rooms.list_participants(api.ListParticipantsRequest(room=name))).participants) == []
    await rooms.delete_room(api.DeleteRoomRequest(room="empty"))


def test_json_is_taken_in_both_casings_and_answered_with_every_field(plane: ControlPlane) -> None:
    for body in ({"name": "json", "maxParticipants": 2}, {"name": "json", "max_participants": 2, "unknown": [1]}):
        answer = call(plane, "CreateRoom", body, everything(plane, ""))
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "application/json"
        told = answer.json()
        assert (told["name"], told["max_participants"], told["num_participants"]) == ("json", 2, 0)
        assert told["creation_time"].isdecimal()
        assert told["active_recording"] is False
    listed = call(plane, "ListRooms", {"names": ["json"]}, everything(plane, "")).json()
    assert [each["name"] for each in listed["rooms"]] == ["json"]
    assert call(plane, "DeleteRoom", {"room": "json"}, everything(plane, "")).json() == {}


def test_protobuf_is_answered_in_protobuf_whatever_the_client_accepts(plane: ControlPlane) -> None:
    url = f"{plane.url}/twirp/livekit.RoomService/CreateRoom"
    body = room.CreateRoomRequest(name="binary", metadata="\u00fc\U0001f980").SerializeToString()
    for accept in ("*/*", "application/protobuf", "application/json", None):
        headers = {**everything(plane, ""), "Content-Type": "application/protobuf", "Accept": accept}
        answer = requests.post(url, data=body, headers=headers, timeout=10)
        assert answer.headers["Content-Type"] == "application/protobuf"
        assert models.Room.FromString(answer.content).metadata == "\u00fc\U0001f980"
    call(plane, "DeleteRoom", {"room": "binary"}, everything(plane, ""))


@pytest.mark.parametrize("method", ROOM_METHODS)
def test_every_method_of_rooms_is_there_and_needs_its_grant(plane: ControlPlane, method: str) -> None:
    body = {"room": "r", "name": "r", "identity": "i", "destination_room": "goal", "destination_identity": "i"}
    wrong = [
        bearer(plane),
        bearer(plane, room_join=True, room="r"),
        bearer(plane, room_admin=True, room="another", room_record=True, ingress_admin=True),
        bearer(plane, room_admin=True),
    ]
    for headers in wrong:
        answer = call(plane, method, body, headers)
        assert answer.status_code == 401
        assert answer.json() == {
            "code": "unauthenticated",
            "msg": "permissions denied",
            "meta": {"error_id": "not_allowed"},
        }
    if method in ("ForwardParticipant", "MoveParticipant"):
        assert call(plane, method, body, bearer(plane, room_admin=True, room="r")).status_code == 401
    told = call(plane, method, body, everything(plane, "r"))
    assert told.status_code in (200, 404, 412, 501), told.text
    assert told.json().get("code") not in ("bad_route", "unauthenticated", "malformed")


@pytest.mark.parametrize("method", DISPATCH_METHODS)
def test_every_method_of_dispatches_is_there_and_needs_room_admin(plane: ControlPlane, method: str) -> None:
    body = {"room": "d", "agent_name": "a", "dispatch_id": "AD_x"}
    for headers in (bearer(plane, room_create=True), bearer(plane, room_admin=True, room="other")):
        assert call(plane, method, body, headers, "AgentDispatchService").status_code == 401
    answer = call(plane, method, body, everything(plane, "d"), "AgentDispatchService")
    assert answer.status_code in (200, 404), answer.text


def test_methods_are_those_of_the_official_client(plane: ControlPlane) -> None:
    from chalicelib.api.twirp import agent_dispatch_service, room_service

    assert sorted(room_service.METHODS) == sorted(ROOM_METHODS)
    assert sorted(agent_dispatch_service.METHODS) == sorted(DISPATCH_METHODS)


@pytest.mark.parametrize("service", ["Egress", "Ingress", "SIP", "Connector"])
def test_services_that_parley_has_not_say_so(plane: ControlPlane, service: str) -> None:
    answer = call(plane, "ListThings", {}, everything(plane, ""), service)
    assert (answer.status_code, answer.json()["code"]) == (501, "unimplemented")


@pytest.mark.parametrize(
    ("path", "content_type", "body", "status", "code"),
    [
        ("RoomService/NoSuchMethod", "application/json", b"{}", 404, "bad_route"),
        ("NoService/CreateRoom", "application/json", b"{}", 404, "bad_route"),
        ("RoomService/CreateRoom", "text/plain", b"{}", 404, "bad_route"),
        ("RoomService/CreateRoom", "application/json", b"{", 400, "malformed"),
        ("RoomService/CreateRoom", "application/json", b"[]", 400, "malformed"),
        ("RoomService/CreateRoom", "application/json", b'"x"', 400, "malformed"),
        ("RoomService/CreateRoom", "application/json", b'{"name": 7}', 400, "malformed"),
        ("RoomService/CreateRoom", "application/json", b'{"max_participants": -1}', 400, "malformed"),
        ("RoomService/CreateRoom", "application/json", b'{"name": "\\ud800"}', 400, "malformed"),
        ("RoomService/CreateRoom", "application/json", b'{"a":' * 200 + b"1" + b"}" * 200, 400, "malformed"),
        ("RoomService/CreateRoom", "application/json", b'{"name": "' + b"x" * 300_000 + b'"}', 400, "malformed"),
        ("RoomService/CreateRoom", "application/protobuf", b"\xff\xff\xff", 400, "malformed"),
        ("RoomService/CreateRoom", "application/protobuf", b"\x0a\x02\xff\xfe", 400, "malformed"),
        ("RoomService/CreateRoom", "application/protobuf", b"\x0a\x01", 400, "malformed"),
        ("RoomService/CreateRoom", "application/protobuf", b"", 400, "invalid_argument"),
        ("RoomService/CreateRoom", "application/json", b"", 400, "invalid_argument"),
        ("RoomService/CreateRoom", "application/json", b'{"name": ""}', 400, "invalid_argument"),
        ("RoomService/CreateRoom", "application/json", b'{"name": "%s"}' % (b"x" * 257), 400, "invalid_argument"),
        (
            "RoomService/CreateRoom",
            "application/json",
            b'{"name":"a","departure_timeout":601}',
            400,
            "invalid_argument",
        ),
        ("RoomService/CreateRoom", "application/json", b'{"name":"a","egress":{}}', 501, "unimplemented"),
    ],
)
def test_bad_input_is_answered_in_twirps_form(
    plane: ControlPlane, path: str, content_type: str, body: bytes, status: int, code: str
) -> None:
    headers = {**everything(plane, ""), "Content-Type": content_type}
    answer = requests.post(f"{plane.url}/twirp/livekit.{path}", data=body, headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["Content-Type"] == "application/json"
    if code == "invalid_argument":
        assert answer.json()["meta"]["argument"] in ("name", "departure_timeout")


def test_another_method_than_post_is_a_bad_route(plane: ControlPlane) -> None:
    answer = requests.get(f"{plane.url}/twirp/livekit.RoomService/ListRooms", timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (404, "bad_route")


def test_the_rooms_of_another_app_look_absent(plane: ControlPlane) -> None:
    from chalicelib.services.apps import create_app

    call(plane, "CreateRoom", {"name": "mine"}, everything(plane, ""))
    other = create_app(plane.deps, plane.app.app.account_id, "another app").api_key
    grants = {"roomAdmin": True, "roomCreate": True, "roomList": True, "room": "mine"}
    token = jwt.encode({"iss": other.key, "exp": int(time.time()) + 600, "video": grants}, other.secret, "HS256")
    headers = {"Authorization": f"Bearer {token}"}
    assert call(plane, "ListRooms", {}, headers).json() == {"rooms": []}
    for method in ("DeleteRoom", "UpdateRoomMetadata", "GetParticipant"):
        absent = call(plane, method, {"room": "mine", "identity": "i"}, headers)
        assert (absent.status_code, absent.json()["msg"]) == (404, "requested room does not exist")
    call(plane, "DeleteRoom", {"room": "mine"}, everything(plane, ""))


def test_calls_count_for_the_rate_limit_and_are_in_the_audit_log(plane: ControlPlane) -> None:
    answer = call(plane, "CreateRoom", {"name": "seen"}, everything(plane, ""))
    assert "RateLimit" in answer.headers
    entries = list(plane.deps.audit.newest_first(f"APP#{plane.app_id}", _all(), None, 5)[0])
    assert entries[0].actor == f"api_key:{plane.app.api_key.key}"
    assert (entries[0].target["method"], entries[0].target["name"]) == ("CreateRoom", "seen")
    call(plane, "ListRooms", {}, everything(plane, ""))
    assert plane.deps.audit.newest_first(f"APP#{plane.app_id}", _all(), None, 1)[0][0] == entries[0]
    call(plane, "DeleteRoom", {"room": "seen"}, everything(plane, ""))


def _all() -> Any:
    from chalicelib.domain.audit import AuditFilter

    return AuditFilter()


def test_json_answers_are_json(plane: ControlPlane) -> None:
    raw = call(plane, "ListRooms", {}, everything(plane, "")).text
    assert json.loads(raw) == {"rooms": []}
