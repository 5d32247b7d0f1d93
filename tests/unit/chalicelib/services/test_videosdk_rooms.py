"""VideoSDK's rooms as meetings."""

import pytest

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.node_messages import EventType
from chalicelib.domain.livekit_claims import RoomConfig
from chalicelib.domain.meeting import MeetingFilter
from chalicelib.domain.paging import PageRequest
from chalicelib.domain.room import cleared
from chalicelib.domain.videosdk_room import room_id_of
from chalicelib.services.meetings import list_meetings
from chalicelib.services.rooms import make_room as make_livekit_room
from chalicelib.services.videosdk_rooms import find_by_any_id, make_room, room_ids, visitors
from tests.session_life import installation


def test_a_room_is_found_by_each_of_its_ids() -> None:
    parley = installation()
    made = make_room(parley.deps, parley.app.id, "class-7b")
    for wanted in (made.id, made.room.name, "class-7b"):
        assert find_by_any_id(parley.deps, parley.app.id, wanted) == made
    for absent in ("class-7c", "", "abcd-efgh-ijkl", "01890000-0000-7000-8000-000000000000"):
        with pytest.raises(ParleyError) as error:
            find_by_any_id(parley.deps, parley.app.id, absent)
        assert error.value.error is ErrorId.MEETING_NOT_FOUND


def test_a_custom_id_may_look_like_a_meetings_id() -> None:
    parley = installation()
    theirs = "8f0c1f5e-6a0c-4a3e-9d55-0d6c7a9b1e2f"
    made = make_room(parley.deps, parley.app.id, theirs)
    assert find_by_any_id(parley.deps, parley.app.id, theirs) == made


def test_a_custom_id_makes_one_room_and_none_makes_a_room_each_time() -> None:
    parley = installation()
    first = make_room(parley.deps, parley.app.id, "class-7b")
    assert make_room(parley.deps, parley.app.id, "class-7b") == first
    assert make_room(parley.deps, parley.app.id, "").id != make_room(parley.deps, parley.app.id, "").id
    assert list_meetings(parley.deps, parley.app.id, PageRequest(), MeetingFilter()).total_count == 3


def test_an_id_that_another_room_has_is_not_taken_over() -> None:
    parley = installation()
    make_livekit_room(parley.deps, parley.app.id, room_id_of(parley.app.id, "class-7b"), RoomConfig())
    with pytest.raises(ParleyError) as error:
        make_room(parley.deps, parley.app.id, "class-7b")
    assert error.value.error is ErrorId.ALREADY_EXISTS
    with pytest.raises(ParleyError):
        find_by_any_id(parley.deps, parley.app.id, "class-7b")


def test_both_ids_stay_when_livekit_deletes_the_room() -> None:
    parley = installation()
    made = make_room(parley.deps, parley.app.id, "class-7b")
    assert cleared(made.room) == made.room


def test_the_stays_of_a_participant_belong_together() -> None:
    parley = installation()
    parley.node()
    meeting = parley.meeting()
    first = parley.join(parley.token(meeting, "ada"))
    parley.pass_time(3, "nd_aaaaaaaa")
    bob = parley.join(parley.token(meeting, "bob"))
    parley.report(first, 1, EventType.PEER_LEFT)
    parley.pass_time(2, "nd_aaaaaaaa")
    again = parley.join(parley.token(meeting, "ada"))
    people = visitors(parley.deps, parley.session(first))
    assert [[peer.peer_id for peer in visitor.peers] for visitor in people] == [
        [first.peer_id, again.peer_id],
        [bob.peer_id],
    ]
    assert all(visitor.is_there for visitor in people)
    assert len(visitors(parley.deps, parley.session(first), 1)) == 1
    assert room_ids(parley.deps, parley.app.id, [parley.session(first)]) == {meeting.id: meeting.id}
    assert room_ids(parley.deps, parley.app.id, []) == {}
