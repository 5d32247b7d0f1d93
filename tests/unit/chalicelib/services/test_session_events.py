"""What nodes may report, and what is done with the rest."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import PeerId, SessionId
from chalicelib.contract.node_messages import EventBatch, EventsAccepted, EventType, LeaveReason, RefusedEvent
from chalicelib.services.ports import Contention
from chalicelib.services.session_end import end_if_over
from chalicelib.services.session_events import MAX_TRACKS, PEERS_AT_ONCE, take_events
from tests.session_life import NODE, OTHER, Installation, event_of, installation


@pytest.fixture
def place() -> Installation:
    made = installation()
    made.node()
    return made


def take(place: Installation, *events: Any, node_id: Any = NODE) -> EventsAccepted:
    return take_events(place.deps, node_id, EventBatch(tuple(events)))


def test_a_batch_is_taken_in_order(place: Installation) -> None:
    meeting = place.meeting()
    ada, bob = place.join(place.token(meeting, "ada")), place.join(place.token(meeting, "bob"))
    accepted = take(
        place,
        event_of(ada, 1, EventType.PEER_CONNECTED),
        event_of(bob, 2, EventType.PEER_CONNECTED),
        event_of(ada, 3, EventType.PEER_LEFT, reason=LeaveReason.CLIENT_LEFT),
        event_of(bob, 4, EventType.PEER_LEFT),
    )
    assert accepted == EventsAccepted(4)
    session = place.session(ada)
    assert (session.live_peers, session.last_event_seq, session.empty_since_ms) == (0, 4, place.clock.ms)


def test_one_bad_event_does_not_stop_the_others(place: Installation) -> None:
    ada = place.join(place.token(place.meeting()))
    nobody = PeerId(place.peer_id())
    accepted = take(
        place,
        event_of(ada, 1, EventType.PEER_LEFT, peer_id=nobody),
        event_of(ada, 1, EventType.TRACK_PUBLISHED),
        event_of(ada, 0, EventType.PEER_CONNECTED),
        event_of(ada, 1, EventType.PEER_LEFT, peer_id="not-an-id"),
        event_of(ada, 1, EventType.TRACK_PUBLISHED, track_sid="a.b[0]"),
        event_of(ada, 1, EventType.TRACK_PUBLISHED, track_sid="TR_1", source="x" * 65),
        event_of(ada, 5, EventType.PEER_LEFT),
    )
    assert accepted.handled == 7
    assert accepted.refused == (
        RefusedEvent(0, "participant_not_found"),
        *(RefusedEvent(index, "invalid_field") for index in range(1, 6)),
    )
    assert place.session(ada).live_peers == 0


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"epoch": 2}, "stale_epoch"),
        ({"session_id": SessionId("00000000-0000-7000-8000-000000000000")}, "session_not_found"),
    ],
)
def test_events_of_what_the_node_does_not_own_fence_it(place: Installation, fields: Any, error: str) -> None:
    ada = place.join(place.token(place.meeting()))
    assert take(place, event_of(ada, 1, EventType.PEER_LEFT, **fields)).refused == (RefusedEvent(0, error, True),)
    assert place.session(ada).live_peers == 1


def test_another_node_cannot_report_on_a_session(place: Installation) -> None:
    ada = place.join(place.token(place.meeting()))
    accepted = take(place, event_of(ada, 1, EventType.PEER_LEFT), node_id=OTHER)
    assert accepted.refused == (RefusedEvent(0, "stale_epoch", True),)
    assert place.session(ada).live_peers == 1


def test_events_after_the_end_fence_the_node(place: Installation) -> None:
    ada = place.join(place.token(place.meeting(keep_alive_s=0)))
    place.leave(ada, 1)
    assert end_if_over(place.deps, ada.app_id, ada.session_id)
    assert take(place, event_of(ada, 2, EventType.PEER_CONNECTED)).refused == (RefusedEvent(0, "session_ended", True),)


def test_a_late_report_counts_from_when_it_happened(place: Installation) -> None:
    ada = place.join(place.token(place.meeting()))
    place.pass_time(30, NODE)
    place.leave(ada, 1, age_ms=20_000)
    assert place.session(ada).empty_since_ms == ada.session_started_at_ms + 10_000
    assert place.session(ada).peer_balance_ms == 10_000


def test_a_peer_that_never_connected_is_counted_out(place: Installation) -> None:
    ada = place.join(place.token(place.meeting()))
    place.leave(ada, 1, reason=LeaveReason.JOIN_ABORTED)
    peer = place.deps.sessions.peer(ada.app_id, ada.session_id, ada.peer_id)
    assert peer is not None
    assert (peer.connected_at_ms, peer.leave_reason) == (None, LeaveReason.JOIN_ABORTED)


def test_what_happens_to_a_peer_after_its_leave_is_passed_over(place: Installation) -> None:
    meeting = place.meeting()
    ada = place.join(place.token(meeting, "ada"))
    place.join(place.token(meeting, "bob"))
    place.leave(ada, 1)
    for seq, kind in ((2, EventType.PEER_LEFT), (3, EventType.PEER_CONNECTED)):
        assert place.report(ada, seq, kind) == EventsAccepted(1)
    assert place.session(ada).live_peers == 1


def test_an_event_that_was_taken_is_handled_when_it_comes_again(place: Installation) -> None:
    ada = place.join(place.token(place.meeting()))
    for seq in (3, 3, 2):
        assert place.report(ada, seq, EventType.PEER_CONNECTED) == EventsAccepted(1)
        place.clock.advance(1)
    peer = place.deps.sessions.peer(ada.app_id, ada.session_id, ada.peer_id)
    assert peer is not None
    assert peer.connected_at_ms == ada.session_started_at_ms
    assert place.session(ada).last_event_seq == 3


def test_a_peer_cannot_have_tracks_without_end(place: Installation) -> None:
    ada = place.join(place.token(place.meeting()))
    events = [event_of(ada, seq, EventType.TRACK_PUBLISHED, track_sid=f"TR_{seq}") for seq in range(1, MAX_TRACKS + 2)]
    assert take(place, *events).refused == (RefusedEvent(MAX_TRACKS, "invalid_field"),)


def test_a_batch_that_is_too_long_is_refused(place: Installation) -> None:
    ada = place.join(place.token(place.meeting()))
    with pytest.raises(ParleyError) as refused:
        take(place, *[event_of(ada, 1, EventType.PEER_CONNECTED)] * 101)
    assert refused.value.error is ErrorId.INVALID_FIELD


def test_what_could_not_be_done_now_is_left_to_be_sent_again(place: Installation) -> None:
    ada, bob = (place.join(place.token(place.meeting(), name)) for name in ("ada", "bob"))
    sessions = place.deps.sessions

    class Contended:
        def __getattr__(self, name: str) -> Any:
            return getattr(sessions, name)

        def record(self, observed: Any, *rest: Any) -> None:
            if observed.session_id == bob.session_id:
                raise Contention
            sessions.record(observed, *rest)

    place.deps = replace(place.deps, sessions=Contended())
    events = [event_of(ada, 1, EventType.PEER_LEFT), event_of(bob, 1, EventType.PEER_LEFT)]
    assert take(place, *events) == EventsAccepted(1)
    place.deps = replace(place.deps, sessions=sessions)
    assert take(place, events[1]) == EventsAccepted(1)
    assert place.session(ada).live_peers == place.session(bob).live_peers == 0


def test_a_slow_table_does_not_make_the_node_wait_in_vain(place: Installation) -> None:
    two = [place.join(place.token(place.meeting())) for _ in range(2)]
    sessions = place.deps.sessions

    class Slow:
        def __getattr__(self, name: str) -> Any:
            return getattr(sessions, name)

        def record(self, *arguments: Any) -> None:
            place.clock.advance(1_200)
            sessions.record(*arguments)

    place.deps = replace(place.deps, sessions=Slow())
    events = [event_of(two[seq % 2], seq, EventType.PEER_CONNECTED) for seq in range(1, 9)]
    assert take(place, *events).handled == 3


def test_events_of_one_session_are_one_write_whatever_happens_to_a_peer_in_them(place: Installation) -> None:
    meeting = place.meeting()
    ada, bob = place.join(place.token(meeting, "ada")), place.join(place.token(meeting, "bob"))
    sessions, writes = place.deps.sessions, []

    class Counting:
        def __getattr__(self, name: str) -> Any:
            return getattr(sessions, name)

        def record(self, observed: Any, reports: Any, now_ms: int) -> None:
            writes.append(len(reports))
            sessions.record(observed, reports, now_ms)

    place.deps = replace(place.deps, sessions=Counting())
    accepted = take(
        place,
        event_of(ada, 1, EventType.PEER_CONNECTED),
        event_of(ada, 2, EventType.TRACK_PUBLISHED, track_sid="TR_1", source="camera"),
        event_of(ada, 2, EventType.TRACK_PUBLISHED, track_sid="TR_9", source="camera"),
        event_of(ada, 3, EventType.TRACK_UNPUBLISHED, track_sid="TR_1"),
        event_of(ada, 4, EventType.TRACK_PUBLISHED, track_sid="TR_2", source="microphone"),
        event_of(bob, 5, EventType.PEER_LEFT),
        event_of(bob, 6, EventType.TRACK_PUBLISHED, track_sid="TR_3"),
        event_of(ada, 7, EventType.PEER_LEFT, peer_id=place.peer_id()),
    )
    assert accepted == EventsAccepted(8, (RefusedEvent(7, "participant_not_found"),))
    assert writes == [5]
    peers = {peer.identity: peer for peer in sessions.peers(place.app.id, ada.session_id)}
    assert [track.sid for track in peers["ada"].tracks] == ["TR_2"]
    assert peers["bob"].left_at_ms is not None and peers["bob"].tracks == ()
    assert (place.session(ada).live_peers, place.session(ada).last_event_seq) == (1, 5)


def test_more_peers_than_a_transaction_takes_are_several(place: Installation) -> None:
    meeting = place.meeting()
    many = [place.join(place.token(meeting, str(number))) for number in range(PEERS_AT_ONCE + 1)]
    accepted = take(place, *(event_of(one, seq, EventType.PEER_LEFT) for seq, one in enumerate(many, 1)))
    assert accepted == EventsAccepted(PEERS_AT_ONCE + 1)
    assert place.session(many[0]).live_peers == 0
