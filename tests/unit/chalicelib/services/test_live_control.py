"""What is asked for a live call reaches the node that owns it; what cannot reach it changes nothing."""

import base64
from collections.abc import Callable
from dataclasses import replace

import jwt
import pytest

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.grants import Source
from chalicelib.contract.node_commands import (
    MAX_SELECTED,
    GrantsPatch,
    PeerSelector,
    RpcAnswer,
    SendData,
    TrackSelector,
    UpdatePeers,
)
from chalicelib.contract.node_messages import Admission, EventType, LeaveReason
from chalicelib.domain.meeting import Meeting, MeetingStatus
from chalicelib.domain.session import EndReason, SessionStatus
from chalicelib.services import live_control
from chalicelib.services.live_control import EVERYBODY
from chalicelib.services.live_control_ports import NodeReply
from chalicelib.services.meetings import change_meeting
from tests.fakes.fleet import FakeFleet
from tests.session_life import NODE, Installation, installation

ADA, NOBODY = PeerSelector(identities=("ada",)), PeerSelector(identities=("nobody",))


class Call:
    """A meeting in which ada and bob are."""

    def __init__(self) -> None:
        self.place: Installation = installation()
        self.fleet = FakeFleet(self.place.clock, self.place.deps.signer.signing_key)
        self.place.deps = replace(self.place.deps, node_post=self.fleet)
        self.deps, self.app_id = self.place.deps, self.place.app.id
        self.place.node()
        self.meeting: Meeting = self.place.meeting()
        self.ada, self.bob = self.enters("ada"), self.enters("bob")

    def enters(self, identity: str) -> Admission:
        admission = self.place.join(self.place.token(self.meeting, identity))
        self.fleet.enter(admission)
        return admission

    def identities(self) -> list[str]:
        return [peer.identity for peer in self.fleet.rooms[self.ada.session_id].peers.values()]


@pytest.fixture
def call() -> Call:
    return Call()


def refusal(act: Callable[[], object]) -> ErrorId:
    with pytest.raises(ParleyError) as refused:
        act()
    return refused.value.error


EVERYTHING_THAT_CAN_BE_ASKED: dict[str, Callable[[Call], object]] = {
    "live_peers": lambda c: live_control.live_peers(c.deps, c.app_id, c.meeting.id),
    "kick": lambda c: live_control.kick(c.deps, c.app_id, c.meeting.id, ADA),
    "kick_all": lambda c: live_control.kick_all(c.deps, c.app_id, c.meeting.id),
    "mute": lambda c: live_control.mute(
        c.deps, c.app_id, c.meeting.id, ADA, TrackSelector(sources=(Source.MICROPHONE,))
    ),
    "mute_all": lambda c: live_control.mute_all(c.deps, c.app_id, c.meeting.id, allow_unmute=False),
    "patch_permissions": lambda c: live_control.patch_permissions(
        c.deps, c.app_id, c.meeting.id, ADA, GrantsPatch(hidden=True)
    ),
    "update_participant": lambda c: live_control.update_participant(
        c.deps, c.app_id, c.meeting.id, UpdatePeers(ADA, name="x")
    ),
    "update_subscriptions": lambda c: live_control.update_subscriptions(
        c.deps, c.app_id, c.meeting.id, ADA, ("TR_1",), subscribe=False
    ),
    "send_data": lambda c: live_control.send_data(c.deps, c.app_id, c.meeting.id, SendData(EVERYBODY, "aGk=")),
    "update_room_metadata": lambda c: live_control.update_room_metadata(c.deps, c.app_id, c.meeting.id, "m"),
    "move": lambda c: live_control.move(c.deps, c.app_id, c.meeting.id, ADA, c.place.meeting("there").id),
    "perform_rpc": lambda c: live_control.perform_rpc(c.deps, c.app_id, c.meeting.id, "ada", "m", "p", 1000),
}
ASKED = pytest.mark.parametrize("ask", EVERYTHING_THAT_CAN_BE_ASKED.values(), ids=EVERYTHING_THAT_CAN_BE_ASKED)


@ASKED
def test_the_owner_is_asked(call: Call, ask: Callable[[Call], object]) -> None:
    ask(call)
    assert call.fleet.commands


@ASKED
def test_a_silent_node_is_told_and_nothing_is_written(call: Call, ask: Callable[[Call], object]) -> None:
    call.fleet.silent = True
    before = call.place.session(call.ada)
    assert refusal(lambda: ask(call)) is ErrorId.NODE_UNREACHABLE
    assert call.place.session(call.ada) == before
    assert call.identities() == ["ada", "bob"]


@ASKED
def test_without_a_session_nobody_is_asked(call: Call, ask: Callable[[Call], object]) -> None:
    empty = Call()
    empty.meeting = empty.place.meeting("empty")
    assert refusal(lambda: ask(empty)) is ErrorId.NO_ACTIVE_SESSION
    call.place.pass_time(6)  # the node is dead
    assert refusal(lambda: ask(call)) is ErrorId.NO_ACTIVE_SESSION
    assert not call.fleet.commands


@ASKED
def test_another_apps_meeting_looks_like_one_that_is_not_there(call: Call, ask: Callable[[Call], object]) -> None:
    call.app_id = type(call.app_id)("018f0000-0000-7000-8000-00000000ffff")
    assert refusal(lambda: ask(call)) is ErrorId.MEETING_NOT_FOUND


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (NodeReply(502, b"<html>"), ErrorId.NODE_UNREACHABLE),
        (NodeReply(200, b"[]"), ErrorId.NODE_UNREACHABLE),
        (NodeReply(200, b'{"success": true, "data": 5}'), ErrorId.NODE_UNREACHABLE),
        (NodeReply(200, b"[" * 100_000), ErrorId.NODE_UNREACHABLE),
        (NodeReply(404, b'{"success": false, "error": {"id": "route_not_found"}}'), ErrorId.NODE_UNREACHABLE),
        (NodeReply(401, b'{"success": false, "error": {"id": "credential_invalid"}}'), ErrorId.NODE_UNREACHABLE),
        (NodeReply(500, b'{"success": false, "error": 5}'), ErrorId.NODE_UNREACHABLE),
        (NodeReply(409, b'{"success": false, "error": {"id": "stale_epoch"}}'), ErrorId.NO_ACTIVE_SESSION),
        (NodeReply(503, b'{"success": false, "error": {"id": "busy"}}'), ErrorId.BUSY),
    ],
)
def test_what_a_node_says_is_believed_no_further_than_it_makes_sense(
    call: Call, reply: NodeReply, error: ErrorId
) -> None:
    call.fleet.reply_next = reply
    assert refusal(lambda: live_control.kick_all(call.deps, call.app_id, call.meeting.id)) is error
    assert call.place.session(call.ada).status is SessionStatus.ACTIVE


def test_a_kick_is_the_nodes_to_report(call: Call) -> None:
    (kicked,) = live_control.kick(call.deps, call.app_id, call.meeting.id, ADA)
    assert (kicked.identity, kicked.participant_id) == ("ada", call.ada.participant_id)
    assert call.identities() == ["bob"]
    assert call.place.session(call.ada).live_peers == 2
    call.place.leave(call.ada, 1, reason=LeaveReason.KICKED)
    assert call.place.session(call.ada).live_peers == 1


def test_kick_all_ends_the_session_in_the_same_breath(call: Call) -> None:
    gone = live_control.kick_all(call.deps, call.app_id, call.meeting.id)
    assert [peer.identity for peer in gone] == ["ada", "bob"]
    session = call.place.session(call.ada)
    assert (session.status, session.live_peers) == (SessionStatus.ENDED, 0)
    assert session.ending is not None
    assert session.ending.reason is EndReason.HOST_ENDED
    peers = list(call.deps.sessions.peers(call.app_id, session.session_id))
    assert [peer.leave_reason for peer in peers] == [LeaveReason.KICKED, LeaveReason.KICKED]
    accepted = call.place.report(call.ada, 1, EventType.PEER_LEFT, reason=LeaveReason.KICKED)
    assert [refused.fenced for refused in accepted.refused] == [True]
    assert call.place.join(call.place.token(call.meeting, "ada")).epoch == session.epoch + 1


def test_kick_all_ends_a_session_in_its_grace_too(call: Call) -> None:
    call.place.leave(call.ada, 1)
    call.place.leave(call.bob, 2)
    call.fleet.rooms.clear()
    assert live_control.kick_all(call.deps, call.app_id, call.meeting.id) == ()
    assert call.place.session(call.ada).status is SessionStatus.ENDED


def test_nobody_found_is_an_error_and_naming_nobody_too(call: Call) -> None:
    deps, app_id, meeting_id = call.deps, call.app_id, call.meeting.id
    assert refusal(lambda: live_control.kick(deps, app_id, meeting_id, NOBODY)) is ErrorId.PARTICIPANT_NOT_FOUND
    strange = TrackSelector(sids=("TR_x",))
    assert refusal(lambda: live_control.mute(deps, app_id, meeting_id, ADA, strange)) is ErrorId.TRACK_NOT_FOUND
    crowd = PeerSelector(identities=("x",) * (MAX_SELECTED + 1))
    for who in (PeerSelector(), crowd):
        with pytest.raises(ParleyError, match="invalid_field"):
            live_control.kick(deps, app_id, meeting_id, who)


def test_mute_all_for_good_takes_the_right_away_and_a_patch_gives_it_back(call: Call) -> None:
    deps, app_id, meeting_id = call.deps, call.app_id, call.meeting.id
    for peer in live_control.mute_all(deps, app_id, meeting_id, allow_unmute=False):
        assert Source.MICROPHONE not in peer.grants.publish_sources
    patch = GrantsPatch(publish_sources=(Source.MICROPHONE,))
    (ada,) = live_control.patch_permissions(deps, app_id, meeting_id, ADA, patch)
    assert ada.grants.publish_sources == (Source.MICROPHONE,)


def test_room_metadata_is_kept_with_the_session_and_told_to_who_comes(call: Call) -> None:
    session = live_control.update_room_metadata(call.deps, call.app_id, call.meeting.id, "release")
    assert session.room_metadata == "release"
    assert call.place.session(call.ada).room_metadata == "release"
    assert call.enters("cyd").room_metadata == "release"
    assert live_control.live_peers(call.deps, call.app_id, call.meeting.id).metadata == "release"
    too_long = "x" * (64 * 1024 + 1)
    error = refusal(lambda: live_control.update_room_metadata(call.deps, call.app_id, call.meeting.id, too_long))
    assert error is ErrorId.INVALID_FIELD


def test_data_is_counted_by_who_gets_it(call: Call) -> None:
    payload = base64.b64encode(b"hi").decode()
    for who, count in ((EVERYBODY, 2), (ADA, 1), (NOBODY, 0)):
        assert live_control.send_data(call.deps, call.app_id, call.meeting.id, SendData(who, payload)) == count


def test_an_rpc_returns_what_the_client_said(call: Call) -> None:
    call.fleet.rpc_answer = RpcAnswer("", 1500, "no")
    answer = live_control.perform_rpc(call.deps, call.app_id, call.meeting.id, "ada", "m", "p", 20_000)
    assert answer == RpcAnswer("", 1500, "no")
    for payload, timeout_ms in (("p", 0), ("p", 20_001), ("p" * 15_361, 1000)):
        with pytest.raises(ParleyError, match="invalid_field"):
            live_control.perform_rpc(call.deps, call.app_id, call.meeting.id, "ada", "m", payload, timeout_ms)


def moved_token(call: Call) -> str:
    assert call.fleet.commands[-1].move_peers is not None
    (move,) = call.fleet.commands[-1].move_peers.moves
    return move.token


class TestMoving:
    def test_a_moved_participant_has_a_token_for_the_other_meeting(self, call: Call) -> None:
        there = call.place.meeting("there")
        (moved,) = live_control.move(call.deps, call.app_id, call.meeting.id, ADA, there.id)
        assert moved.identity == "ada"
        admission = call.place.join(moved_token(call))
        assert (admission.meeting_id, admission.identity, admission.name) == (there.id, "ada", "Ada")
        assert admission.grants == call.ada.grants
        assert call.identities() == ["bob"]

    def test_with_another_preset_if_one_is_named(self, call: Call) -> None:
        there = call.place.meeting("there")
        live_control.move(call.deps, call.app_id, call.meeting.id, ADA, there.id, preset_name="group_call_participant")
        found = call.deps.participants.by_custom_id(call.app_id, there.id, "ada")
        assert found is not None
        assert found.preset_name == "group_call_participant"

    def test_who_came_with_a_livekit_token_keeps_what_it_granted(self, call: Call) -> None:
        key = call.place.api_key
        now = call.place.clock.ms // 1000
        video = {"roomJoin": True, "room": call.meeting.id, "canPublish": False}
        payload = {"iss": key.key, "sub": "lea", "exp": now + 60, "nbf": now, "video": video}
        lea = call.place.join(jwt.encode(payload, key.secret, algorithm="HS256"))
        call.fleet.enter(lea)
        there = call.place.meeting("there")
        live_control.move(call.deps, call.app_id, call.meeting.id, PeerSelector(identities=("lea",)), there.id)
        admission = call.place.join(moved_token(call))
        assert (admission.grants, admission.meeting_id) == (lea.grants, there.id)
        assert not admission.grants.publish_sources

    def test_to_where_nobody_can_go_nobody_is_sent(self, call: Call) -> None:
        deps, app_id, here = call.deps, call.app_id, call.meeting.id
        closed = call.place.meeting("closed")
        change_meeting(deps, app_id, closed.id, {"status": MeetingStatus.INACTIVE})
        there = call.place.meeting("there").id
        for to, preset, error in (
            ("nowhere", None, ErrorId.MEETING_NOT_FOUND),
            (closed.id, None, ErrorId.MEETING_INACTIVE),
            (here, None, ErrorId.INVALID_FIELD),
            (there, "no such preset", ErrorId.UNKNOWN_PRESET),
        ):
            with pytest.raises(ParleyError, match=error.id):
                live_control.move(deps, app_id, here, ADA, to, preset_name=preset)
        assert call.identities() == ["ada", "bob"]


def test_every_command_is_new_and_for_the_owner(call: Call) -> None:
    for _ in range(3):
        live_control.live_peers(call.deps, call.app_id, call.meeting.id)
    assert len(call.fleet.commands) == 3
    assert call.place.session(call.ada).owner_node_id == NODE
