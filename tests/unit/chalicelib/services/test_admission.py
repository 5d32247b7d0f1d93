"""Who is let in, into which session, and who is not."""

from dataclasses import replace
from typing import Any

import jwt
import pytest

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.grants import Grants, Source
from chalicelib.contract.ids import PeerId
from chalicelib.contract.node_messages import AdmissionAnswer, EventType, LeaveReason
from chalicelib.domain.meeting import MeetingStatus
from chalicelib.domain.session import EndReason, SessionStatus
from chalicelib.services.apps import create_app
from chalicelib.services.meetings import change_meeting
from chalicelib.services.participants import issue_token, revoke_tokens
from tests.session_life import NODE, OTHER, Installation, installation


@pytest.fixture
def place() -> Installation:
    made = installation()
    made.node()
    return made


def refusal(place: Installation, token: str, **fields: Any) -> ErrorId:
    with pytest.raises(ParleyError) as refused:
        place.answer(token, **fields)
    return refused.value.error


def livekit_token(place: Installation, meeting_id: str, identity: str = "lk", **video: Any) -> str:
    now_s = place.clock.ms // 1000
    claims = {
        "iss": place.api_key.key,
        "sub": identity,
        "nbf": now_s,
        "exp": now_s + 600,
        "name": "Linda K",
        "metadata": '{"team": 1}',
        "attributes": {"role": "guest"},
        "video": {"roomJoin": True, "room": meeting_id, **video},
    }
    return jwt.encode(claims, place.api_key.secret, algorithm="HS256")


def test_a_participant_gets_what_its_preset_grants(place: Installation) -> None:
    meeting = place.meeting("stand-up")
    host = place.join(place.token(meeting, "ada", preset="group_call_host"))
    viewer = place.join(place.token(meeting, "bob", preset="webinar_viewer"))
    assert set(host.grants.publish_sources) == set(Source)
    assert viewer.grants.publish_sources == ()
    assert viewer.grants.subscribe
    assert (host.identity, host.name, host.meeting_title, host.epoch) == ("ada", "Ada", "stand-up", 1)
    assert (host.app_id, host.meeting_id, host.session_started_at_ms) == (place.app.id, meeting.id, place.clock.ms)


def test_everybody_of_a_meeting_joins_the_same_session(place: Installation) -> None:
    meeting = place.meeting()
    ada, bob = place.join(place.token(meeting, "ada")), place.join(place.token(meeting, "bob"))
    again = place.join(place.token(meeting, "ada"))
    assert ada.session_id == bob.session_id == again.session_id
    assert place.session(ada).live_peers == 3


def test_the_same_request_again_is_answered_alike_and_counted_once(place: Installation) -> None:
    token, peer_id = place.token(place.meeting()), place.peer_id()
    assert place.join(token, peer_id) == place.join(token, peer_id)
    assert place.session(place.join(token, peer_id)).live_peers == 1


def test_a_peer_id_cannot_be_used_by_somebody_else_or_after_leaving(place: Installation) -> None:
    meeting = place.meeting()
    ada = place.join(place.token(meeting, "ada"))
    place.join(place.token(meeting, "bob"))
    assert refusal(place, place.token(meeting, "cy"), peer_id=ada.peer_id) is ErrorId.ALREADY_EXISTS
    place.leave(ada, 1)
    assert refusal(place, place.token(meeting, "ada"), peer_id=ada.peer_id) is ErrorId.ALREADY_EXISTS


def test_a_session_of_another_node_is_named_and_nothing_is_written(place: Installation) -> None:
    place.node(OTHER)
    meeting = place.meeting()
    ada = place.join(place.token(meeting, "ada"))
    before = place.session(ada)
    answer = place.answer(place.token(meeting, "bob"), node_id=OTHER)
    assert answer.admission is None
    assert answer.owned_elsewhere is not None
    assert (answer.owned_elsewhere.owner_node_id, answer.owned_elsewhere.owner_url) == (NODE, f"http://{NODE}:7000")
    assert place.session(ada) == before


def test_a_session_of_a_dead_node_ends_and_the_meeting_moves(place: Installation) -> None:
    place.node(OTHER)
    meeting = place.meeting()
    ada = place.join(place.token(meeting, "ada"))
    place.pass_time(6, OTHER)
    bob = place.join(place.token(meeting, "bob"), node_id=OTHER)

    old, new = place.session(ada), place.session(bob)
    assert old.ending is not None
    assert (old.status, old.live_peers, old.ending.reason) == (SessionStatus.ENDED, 0, EndReason.NODE_LOST)
    assert (new.epoch, new.owner_node_id, new.live_peers) == (2, OTHER, 1)
    assert place.report(ada, 1, EventType.PEER_LEFT).refused[0].fenced


def test_a_join_after_the_grace_starts_a_new_session_though_no_sweep_has_run(place: Installation) -> None:
    meeting = place.meeting()
    ada = place.join(place.token(meeting))
    place.leave(ada, 1)
    place.pass_time(61, NODE)
    again = place.join(place.token(meeting))
    assert again.session_id != ada.session_id
    assert place.session(ada).status is SessionStatus.ENDED


def test_a_join_inside_the_grace_keeps_the_session(place: Installation) -> None:
    meeting = place.meeting()
    ada = place.join(place.token(meeting))
    place.leave(ada, 1)
    place.pass_time(59, NODE)
    again = place.join(place.token(meeting))
    assert again.session_id == ada.session_id
    assert place.session(again).empty_since_ms is None


def test_dead_credentials_are_told_apart(place: Installation) -> None:
    meeting = place.meeting()
    participant = place.participant(meeting)
    token = issue_token(place.deps, place.app.account_id, participant).text
    assert refusal(place, "") is ErrorId.TOKEN_MISSING
    assert refusal(place, "garbage") is ErrorId.TOKEN_INVALID
    assert refusal(place, token[:-4] + "AAAA") is ErrorId.TOKEN_INVALID
    revoke_tokens(place.deps, place.home(meeting), participant.id)
    assert refusal(place, token) is ErrorId.TOKEN_REVOKED
    fresh = place.token(meeting)
    place.join(fresh)
    place.delete(meeting, participant.id)
    assert refusal(place, fresh) is ErrorId.TOKEN_REVOKED
    late = place.token(meeting)
    place.pass_time(24 * 3600 + 6)
    place.beat(NODE)
    assert refusal(place, late) is ErrorId.TOKEN_EXPIRED


def test_an_inactive_meeting_lets_nobody_in(place: Installation) -> None:
    meeting = place.meeting()
    token = place.token(meeting)
    change_meeting(place.deps, place.app.id, meeting.id, {"status": MeetingStatus.INACTIVE})
    assert refusal(place, token) is ErrorId.MEETING_INACTIVE
    assert list(place.deps.sessions.newest_first(place.app.id)) == []


def test_a_node_must_be_known_and_heard_of(place: Installation) -> None:
    token = place.token(place.meeting())
    assert refusal(place, token, node_id=OTHER) is ErrorId.NODE_NOT_REGISTERED
    place.pass_time(6)
    assert refusal(place, token) is ErrorId.BUSY
    node = place.deps.nodes.get(NODE)
    assert node is not None
    place.deps.nodes.mark_gone(node, LeaveReason.NODE_LOST, place.clock.ms)
    assert refusal(place, token) is ErrorId.NODE_NOT_REGISTERED


def test_a_draining_node_keeps_its_sessions_and_takes_no_new_ones(place: Installation) -> None:
    meeting, other = place.meeting(), place.meeting()
    place.join(place.token(meeting, "ada"))
    place.beat(NODE, draining=True)
    place.join(place.token(meeting, "bob"))
    assert refusal(place, place.token(other)) is ErrorId.NO_NODE_AVAILABLE


def test_a_peer_id_must_be_one(place: Installation) -> None:
    assert refusal(place, place.token(place.meeting()), peer_id=PeerId("x#y")) is ErrorId.INVALID_FIELD


def test_a_livekit_token_makes_its_participant_and_brings_its_grants(place: Installation) -> None:
    meeting = place.meeting()
    admission = place.join(livekit_token(place, meeting.id, canPublishSources=["microphone"], canPublishData=False))
    assert admission.grants == Grants(publish_sources=(Source.MICROPHONE,), subscribe=True)
    assert (admission.identity, admission.name) == ("lk", "Linda K")
    assert (admission.metadata, admission.attributes) == ('{"team": 1}', {"role": "guest"})
    again = place.join(livekit_token(place, meeting.id))
    assert again.participant_id == admission.participant_id
    assert set(again.grants.publish_sources) == set(Source)


def test_a_livekit_token_for_an_id_of_no_meeting_is_refused(place: Installation) -> None:
    assert refusal(place, livekit_token(place, place.peer_id())) is ErrorId.MEETING_NOT_FOUND


def test_a_livekit_token_of_one_app_does_not_open_the_meeting_of_another(place: Installation) -> None:
    meeting = place.meeting()
    place.api_key = create_app(place.deps, place.app.account_id, "production").api_key
    assert refusal(place, livekit_token(place, meeting.id)) is ErrorId.MEETING_NOT_FOUND


def test_admission_takes_three_requests_of_the_store(place: Installation) -> None:
    calls: list[str] = []

    class Counting:
        def __getattr__(self, name: str) -> Any:
            calls.append(name)
            return getattr(sessions, name)

    meeting = place.meeting()
    tokens = [place.token(meeting, identity) for identity in ("ada", "bob")]
    sessions = place.deps.sessions
    place.deps = replace(place.deps, sessions=Counting())
    for token in tokens:
        place.answer(token)
    assert calls == ["doorway", "inside", "create", "doorway", "inside", "add_peer"]


def test_a_check_writes_nothing_and_says_what_a_join_would_get(place: Installation) -> None:
    meeting = place.meeting("stand-up")
    token = place.token(meeting, "ada")
    assert place.answer(token, check_only=True) == AdmissionAnswer()
    assert place.answer(livekit_token(place, meeting.id, "new"), check_only=True) == AdmissionAnswer()
    assert place.deps.participants.by_custom_id(place.app.id, meeting.id, "new") is None
    change_meeting(place.deps, place.app.id, meeting.id, {"status": MeetingStatus.INACTIVE})
    assert refusal(place, token, check_only=True) is ErrorId.MEETING_INACTIVE
