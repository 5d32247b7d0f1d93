"""What readers see of sessions, and of who was in them."""

from typing import Any

import pytest

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.node_messages import LeaveReason
from chalicelib.domain.paging import PageRequest
from chalicelib.domain.session import SessionStatus
from chalicelib.domain.session_filter import SessionFilter, SessionOrder, SessionState
from chalicelib.services.sessions import (
    AttendeeFilter,
    AttendeeOrder,
    active_session,
    get_attendee,
    get_session,
    list_attendees,
    list_sessions,
)
from tests.session_life import NODE, Installation, installation

PAGE = PageRequest()


@pytest.fixture
def place() -> Installation:
    made = installation()
    made.node()
    return made


def titles(place: Installation, page: PageRequest = PAGE, **wanted: Any) -> list[str]:
    found = list_sessions(place.deps, place.app.id, page, SessionFilter(**wanted))
    return [session.meeting_title for session in found.items]


def test_a_meeting_without_a_session_says_so(place: Installation) -> None:
    meeting = place.meeting()
    for meeting_id, error in ((meeting.id, ErrorId.NO_ACTIVE_SESSION), ("nonsense", ErrorId.MEETING_NOT_FOUND)):
        with pytest.raises(ParleyError) as refused:
            active_session(place.deps, place.app.id, meeting_id)
        assert refused.value.error is error


def test_an_active_session_is_shown_until_it_is_over_though_nothing_was_swept(place: Installation) -> None:
    meeting = place.meeting()
    ada = place.join(place.token(meeting))
    assert active_session(place.deps, place.app.id, meeting.id).live_peers == 1
    place.leave(ada, 1)
    place.pass_time(59, NODE)
    assert active_session(place.deps, place.app.id, meeting.id).session_id == ada.session_id
    place.pass_time(1, NODE)
    with pytest.raises(ParleyError, match="no_active_session"):
        active_session(place.deps, place.app.id, meeting.id)
    assert place.session(ada).status is SessionStatus.ACTIVE
    assert get_session(place.deps, place.app.id, ada.session_id).status is SessionStatus.ENDED


def test_sessions_of_a_dead_node_are_shown_as_ended(place: Installation) -> None:
    meeting = place.meeting()
    ada = place.join(place.token(meeting))
    place.pass_time(6)
    with pytest.raises(ParleyError, match="no_active_session"):
        active_session(place.deps, place.app.id, meeting.id)
    (session,) = list_sessions(place.deps, place.app.id, PAGE, SessionFilter()).items
    assert (session.status, session.live_peers) == (SessionStatus.ENDED, 0)
    (attendee,) = list_attendees(place.deps, place.app.id, ada.session_id, PAGE, AttendeeFilter()).items
    assert (attendee.peer.left_at_ms, attendee.peer.leave_reason) == (
        ada.session_started_at_ms,
        LeaveReason.NODE_LOST,
    )


def test_an_unknown_session_is_not_found(place: Installation) -> None:
    for session_id in ("nonsense", place.peer_id()):
        with pytest.raises(ParleyError, match="session_not_found"):
            get_session(place.deps, place.app.id, session_id)


def test_lists_are_filtered_sorted_and_paged(place: Installation) -> None:
    admissions = {}
    for title in ("alpha", "beta", "gamma"):
        meeting = place.meeting(title, keep_alive_s=0)
        admissions[title] = place.join(place.token(meeting))
        place.pass_time(10, NODE)
    place.leave(admissions["alpha"], 1, age_ms=25_000)
    place.leave(admissions["beta"], 1)

    assert titles(place) == ["gamma", "beta", "alpha"]
    assert titles(place, descending=False) == ["alpha", "beta", "gamma"]
    assert titles(place, state=SessionState.LIVE) == ["gamma"]
    assert titles(place, state=SessionState.ENDED) == ["beta", "alpha"]
    assert titles(place, search="BE") == ["beta"]
    assert titles(place, search=admissions["gamma"].meeting_id) == ["gamma"]
    assert titles(place, meeting_id=admissions["alpha"].meeting_id) == ["alpha"]
    assert titles(place, from_ms=admissions["beta"].session_started_at_ms) == ["gamma", "beta"]
    assert titles(place, to_ms=admissions["beta"].session_started_at_ms) == ["beta", "alpha"]
    assert titles(place, order=SessionOrder.MINUTES) == ["beta", "gamma", "alpha"]
    assert titles(place, PageRequest(page_no=2, per_page=2)) == ["alpha"]


def test_attendees_are_filtered_sorted_and_taken_together(place: Installation) -> None:
    meeting = place.meeting()
    first = place.join(place.token(meeting, "ada"))
    place.pass_time(10, NODE)
    bob = place.join(place.token(meeting, "bob"))
    place.leave(first, 1)
    place.pass_time(30, NODE)
    second = place.join(place.token(meeting, "ada"))
    place.pass_time(5, NODE)

    def listed(**wanted: Any) -> list[tuple[str, int]]:
        page = list_attendees(place.deps, place.app.id, bob.session_id, PAGE, AttendeeFilter(**wanted))
        return [(attendee.peer.identity, attendee.stayed_ms // 1000) for attendee in page.items]

    assert listed() == [("ada", 10), ("bob", 35), ("ada", 5)]
    assert listed(descending=True) == [("ada", 5), ("bob", 35), ("ada", 10)]
    assert listed(order=AttendeeOrder.DURATION) == [("ada", 5), ("ada", 10), ("bob", 35)]
    assert listed(consolidated=True) == [("ada", 15), ("bob", 35)]
    assert listed(search="BO") == [("bob", 35)]
    by_participant = get_attendee(place.deps, place.app.id, bob.session_id, first.participant_id)
    assert by_participant.peer.peer_id == second.peer_id
    by_peer = get_attendee(place.deps, place.app.id, bob.session_id, first.peer_id)
    assert by_peer.peer.peer_id == first.peer_id
    with pytest.raises(ParleyError, match="participant_not_found"):
        get_attendee(place.deps, place.app.id, bob.session_id, "nobody")
