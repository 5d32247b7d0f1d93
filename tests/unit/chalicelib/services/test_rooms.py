"""Rooms over fakes: names, making one by joining, settings, limits, and when a room is there."""

import dataclasses
from typing import Any

import jwt
import pytest

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.grants import Grants, Source
from chalicelib.contract.ids import MeetingId
from chalicelib.contract.limits import MAX_KEEP_ALIVE_SECONDS
from chalicelib.contract.node_commands import MAX_ROOM_METADATA_BYTES
from chalicelib.contract.node_messages import EventType
from chalicelib.domain.app import App
from chalicelib.domain.livekit_claims import AgentOrder, RoomConfig
from chalicelib.domain.meeting import MeetingStatus
from chalicelib.services import rooms
from chalicelib.services.agent_dispatch import MAX_DISPATCHES, create_dispatch, delete_dispatch, list_dispatches
from chalicelib.services.meetings import change_meeting
from tests.session_life import NODE, Installation, installation


@pytest.fixture
def place() -> Installation:
    made = installation()
    made.node()
    return made


def token(place: Installation, room: str, identity: str = "lk", **claims: Any) -> str:
    video = {"roomJoin": True, "room": room, **claims.pop("video", {})}
    payload = {"iss": place.api_key.key, "sub": identity, "exp": place.clock.ms // 1000 + 600, "video": video, **claims}
    return jwt.encode(payload, place.api_key.secret, "HS256")


def refusal(place: Installation, text: str, *, check_only: bool = False) -> ErrorId:
    with pytest.raises(ParleyError) as refused:
        place.answer(text, check_only=check_only)
    return refused.value.error


def names(place: Installation, *wanted: str) -> list[str]:
    return [state.meeting.room.name or state.meeting.id for state in rooms.list_rooms(place.deps, place.app.id, wanted)]


def create(place: Installation, name: str, **config: Any) -> rooms.RoomState:
    return rooms.create_room(place.deps, place.app.id, name, RoomConfig(**config))


def without_auto_create(place: Installation) -> None:
    stored: dict[Any, App] = place.deps.apps._apps.rows  # type: ignore[attr-defined]
    for key, app in stored.items():
        stored[key] = dataclasses.replace(app, auto_create_rooms=False)


def test_a_join_makes_the_room_it_names_as_its_token_says(place: Installation) -> None:
    config = {"emptyTimeout": 9, "departureTimeout": 7, "maxParticipants": 2, "metadata": "topic"}
    agents = {"agents": [{"agentName": "helper", "metadata": "m"}]}
    admission = place.join(token(place, "daily", roomConfig=config | agents, kind="agent"))
    assert (admission.room_name, admission.room_metadata, admission.max_participants) == ("daily", "topic", 2)
    assert (admission.meeting_title, admission.kind) == ("daily", "agent")
    meeting = rooms.get_room(place.deps, place.app.id, "daily")
    assert meeting.id == admission.meeting_id
    assert meeting.options.session_keep_alive_time_in_secs == 7
    assert [each.agent_name for each in list_dispatches(place.deps, meeting, "")] == ["helper"]


def test_the_second_join_finds_the_room_by_its_name_and_by_its_id(place: Installation) -> None:
    first = place.join(token(place, "daily"))
    by_name = place.join(token(place, "daily", "bob", roomConfig={"maxParticipants": 1}))
    by_id = place.join(token(place, first.meeting_id, "eve"))
    assert {first.session_id} == {by_name.session_id, by_id.session_id}
    assert by_id.max_participants == 0


def test_a_check_makes_nothing(place: Installation) -> None:
    assert place.answer(token(place, "daily"), check_only=True).admission is None
    assert rooms.find_room(place.deps, place.app.id, "daily") is None


def test_an_app_that_makes_no_rooms_refuses_names_that_are_not_there(place: Installation) -> None:
    create(place, "daily")
    without_auto_create(place)
    place.join(token(place, "daily"))
    for check_only in (True, False):
        assert refusal(place, token(place, "other"), check_only=check_only) is ErrorId.MEETING_NOT_FOUND


@pytest.mark.parametrize("room", ["", "01890000-0000-7000-8000-000000000000"])
def test_no_room_is_made_for_an_empty_name_or_for_what_looks_like_an_id(place: Installation, room: str) -> None:
    assert refusal(place, token(place, room)) is ErrorId.MEETING_NOT_FOUND
    assert refusal(place, token(place, room), check_only=True) is ErrorId.MEETING_NOT_FOUND


def test_a_preset_named_by_the_token_gives_its_rights_within_those_of_the_token(place: Installation) -> None:
    admission = place.join(token(place, "daily", roomPreset="group_call_host", video={"canPublishSources": ["camera"]}))
    assert admission.grants.publish_sources == (Source.CAMERA,)
    viewer = place.join(token(place, "daily", "bob", roomPreset="webinar_viewer"))
    assert viewer.grants.publish_sources == ()
    assert viewer.grants != Grants()
    assert refusal(place, token(place, "daily", "eve", roomPreset="nonsense")) is ErrorId.UNKNOWN_PRESET


def test_a_full_room_lets_nobody_in_but_those_who_come_back(place: Installation) -> None:
    create(place, "daily", max_participants=2)
    ada, bob = (place.join(token(place, "daily", name)) for name in ("ada", "bob"))
    for check_only in (True, False):
        assert refusal(place, token(place, "daily", "eve"), check_only=check_only) is ErrorId.MEETING_FULL
    again = place.join(token(place, "daily", "ada"))
    assert again.session_id == ada.session_id
    assert refusal(place, token(place, "daily", "eve")) is ErrorId.MEETING_FULL
    place.leave(ada, 1)
    assert refusal(place, token(place, "daily", "eve")) is ErrorId.MEETING_FULL
    place.leave(bob, 2)
    place.join(token(place, "daily", "eve"))


def test_a_room_that_was_made_is_there_until_its_empty_timeout(place: Installation) -> None:
    state = create(place, "daily", empty_timeout_s=30, metadata="m")
    assert state.opened is not None
    assert names(place) == names(place, "daily") == ["daily"]
    assert names(place, "other") == []
    place.pass_time(31, NODE)
    assert names(place) == names(place, "daily") == []
    assert create(place, "daily").meeting == state.meeting


def test_a_room_is_there_while_its_session_lives_and_not_longer(place: Installation) -> None:
    create(place, "daily", empty_timeout_s=3600, departure_timeout_s=10)
    admission = place.join(token(place, "daily"))
    place.report(admission, 1, EventType.TRACK_PUBLISHED, track_sid="TR_1", source="camera", mime_type="video/VP8")
    (state,) = rooms.list_rooms(place.deps, place.app.id, [])
    assert state.session is not None
    assert (state.session.live_peers, state.publishers) == (1, 1)
    place.leave(admission, 2)
    assert names(place) == ["daily"]
    place.pass_time(11, NODE)
    assert names(place) == names(place, "daily") == []


def test_a_list_holds_each_room_once_the_newest_first(place: Installation) -> None:
    create(place, "a")
    place.clock.advance(1)
    place.join(token(place, "b"))
    place.clock.advance(1)
    meeting = place.meeting()
    place.join(place.token(meeting))
    assert names(place) == [meeting.id, "b", "a"]
    assert names(place, "a", "a", meeting.id) == ["a", meeting.id]
    with pytest.raises(ParleyError) as refused:
        names(place, *map(str, range(rooms.MAX_NAMES + 1)))
    assert refused.value.pointer == "/names"


def test_making_a_room_again_sets_what_is_said_and_nothing_else(place: Installation) -> None:
    create(place, "daily", max_participants=5, metadata="old", departure_timeout_s=9)
    state = create(place, "daily", metadata="new")
    assert state.meeting.room.metadata == "new"
    assert state.meeting.room.max_participants == 5
    assert state.meeting.options.session_keep_alive_time_in_secs == 9


def test_a_meeting_is_a_room_by_its_id(place: Installation) -> None:
    meeting = place.meeting()
    state = create(place, meeting.id, max_participants=1)
    assert state.meeting.id == meeting.id
    assert state.meeting.options.title == "standup"
    place.join(place.token(meeting))
    assert refusal(place, place.token(meeting, "bob")) is ErrorId.MEETING_FULL


@pytest.mark.parametrize(
    ("name", "config", "error", "pointer"),
    [
        ("", {}, ErrorId.INVALID_FIELD, "/name"),
        ("x" * 257, {}, ErrorId.INVALID_FIELD, "/name"),
        ("01890000-0000-7000-8000-000000000000", {}, ErrorId.MEETING_NOT_FOUND, None),
        ("a", {"metadata": "x" * (MAX_ROOM_METADATA_BYTES + 1)}, ErrorId.INVALID_FIELD, "/metadata"),
        ("a", {"departure_timeout_s": MAX_KEEP_ALIVE_SECONDS + 1}, ErrorId.INVALID_FIELD, "/departure_timeout"),
        ("a", {"agents": (AgentOrder(""),)}, ErrorId.INVALID_FIELD, "/agent_name"),
    ],
)
def test_a_room_that_can_not_be_is_not_made(
    place: Installation, name: str, config: dict[str, Any], error: ErrorId, pointer: str | None
) -> None:
    with pytest.raises(ParleyError) as refused:
        create(place, name, **config)
    assert (refused.value.error, refused.value.pointer) == (error, pointer)
    assert rooms.find_room(place.deps, place.app.id, name) is None


def test_deleting_a_room_that_waits_forgets_what_was_set_and_keeps_the_meeting(place: Installation) -> None:
    made = create(place, "daily", max_participants=2, metadata="m", agents=(AgentOrder("helper"),)).meeting
    rooms.delete_room(place.deps, place.app.id, "daily")
    assert names(place) == []
    left = rooms.get_room(place.deps, place.app.id, "daily")
    assert (left.id, left.room.max_participants, left.room.metadata) == (made.id, 0, "")
    assert list_dispatches(place.deps, left, "") == []
    for name in ("daily", "never"):
        with pytest.raises(ParleyError) as refused:
            rooms.delete_room(place.deps, place.app.id, name)
        assert refused.value.error is ErrorId.MEETING_NOT_FOUND


def test_metadata_of_a_room_that_waits_is_what_its_session_starts_with(place: Installation) -> None:
    create(place, "daily", metadata="old")
    state = rooms.update_metadata(place.deps, place.app.id, "daily", "new")
    assert state.meeting.room.metadata == "new"
    assert place.join(token(place, "daily")).room_metadata == "new"
    with pytest.raises(ParleyError) as refused:
        rooms.update_metadata(place.deps, place.app.id, "never", "x")
    assert refused.value.error is ErrorId.MEETING_NOT_FOUND


def test_an_inactive_meeting_is_closed_to_livekit_tokens_too(place: Installation) -> None:
    meeting = create(place, "daily").meeting
    change_meeting(place.deps, place.app.id, meeting.id, {"status": MeetingStatus.INACTIVE})
    assert refusal(place, token(place, "daily")) is ErrorId.MEETING_INACTIVE


def test_dispatches_are_kept_up_to_a_number_and_removed_by_id(place: Installation) -> None:
    meeting = create(place, "daily").meeting
    made = []
    for number in range(MAX_DISPATCHES):
        place.clock.advance(1)
        made.append(create_dispatch(place.deps, meeting, AgentOrder(f"a{number}")))
    assert list_dispatches(place.deps, meeting, "") == made
    assert list_dispatches(place.deps, meeting, made[3].id) == [made[3]]
    with pytest.raises(ParleyError) as refused:
        create_dispatch(place.deps, meeting, AgentOrder("one more"))
    assert refused.value.error is ErrorId.QUOTA_REACHED
    assert delete_dispatch(place.deps, meeting, made[3].id) == made[3]
    for gone in (made[3].id, "", "AD_x"):
        with pytest.raises(ParleyError) as refused:
            delete_dispatch(place.deps, meeting, gone)
        assert refused.value.error is ErrorId.AGENT_DISPATCH_NOT_FOUND


def test_the_rooms_of_another_app_are_not_there(place: Installation) -> None:
    create(place, "daily")
    other = MeetingId("another-app")
    assert rooms.list_rooms(place.deps, other, []) == []  # type: ignore[arg-type]
    assert rooms.find_room(place.deps, other, "daily") is None  # type: ignore[arg-type]
