"""The same tests for sessions, peers and nodes in DynamoDB and for their fakes, through the use cases."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import NodeId
from chalicelib.contract.node_messages import Admission, EventType, Heartbeat, LeaveReason
from chalicelib.domain.meeting import MeetingStatus
from chalicelib.domain.node import Node
from chalicelib.domain.peer import PublishedTrack
from chalicelib.domain.session import EndReason, SessionStatus, consumed_ms, ending_of
from chalicelib.services.apps import create_app
from chalicelib.services.meetings import change_meeting
from chalicelib.services.ports import ConditionFailed, StoreUnavailable
from chalicelib.services.session_end import end_if_over, end_now
from chalicelib.services.session_ports import PeerConnected, PeerLeft, PeerReport, TrackPublished, TrackUnpublished
from chalicelib.services.session_sweep import sweep
from chalicelib.stores import table
from chalicelib.stores.dead_letters import DeadLetterItem, DynamoDeadLetters
from tests.real_stores import real_stores
from tests.session_life import NODE, OTHER, Installation, installation

THREADS = 8


@pytest.fixture(params=["fake", "dynamodb"])
def place(request: pytest.FixtureRequest) -> Installation:
    if request.param == "fake":
        return installation()
    request.getfixturevalue("fresh_table")
    return installation(**real_stores())


def together(calls: list[Callable[[], Any]]) -> list[Any]:
    """Run the calls at the same moment and return what they returned or raised, in order."""
    results: list[Any] = [None] * len(calls)
    barrier = threading.Barrier(len(calls))

    def run(index: int) -> None:
        barrier.wait()
        try:
            results[index] = calls[index]()
        except Exception as error:
            results[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def test_the_first_join_creates_the_session_and_what_belongs_to_it(place: Installation) -> None:
    place.node()
    meeting = place.meeting("stand-up")
    admission = place.join(place.token(meeting))

    session = place.session(admission)
    assert (session.status, session.epoch, session.live_peers, session.max_concurrent_peers) == (
        SessionStatus.ACTIVE,
        1,
        1,
        1,
    )
    assert (session.owner_node_id, session.meeting_title, session.keep_alive_ms) == (NODE, "stand-up", 60_000)
    assert session.empty_since_ms is None
    assert session.ending is None
    pointer = place.deps.sessions.pointer(place.app.id, meeting.id)
    assert pointer is not None
    assert (pointer.session_id, pointer.owner_node_id, pointer.epoch) == (session.session_id, NODE, 1)
    assert list(place.deps.sessions.newest_first(place.app.id)) == [session]
    assert list(place.deps.sessions.owned_by(NODE)) == [session]
    (peer,) = place.deps.sessions.peers(place.app.id, session.session_id)
    assert (peer.peer_id, peer.identity, peer.name, peer.preset_name) == (
        admission.peer_id,
        "ada",
        "Ada",
        "group_call_host",
    )
    assert (peer.joined_at_ms, peer.connected_at_ms, peer.left_at_ms, peer.tracks) == (place.clock.ms, None, None, ())


def test_eight_first_joins_at_once_make_one_session(place: Installation) -> None:
    place.node()
    meeting = place.meeting()
    tokens = [place.token(meeting, f"user{number}") for number in range(THREADS)]
    results = together([lambda token=token: place.join(token) for token in tokens])

    assert all(isinstance(result, Admission) for result in results), results
    assert len({(result.session_id, result.epoch) for result in results}) == 1
    session = place.session(results[0])
    assert (session.live_peers, session.max_concurrent_peers, session.epoch) == (THREADS, THREADS, 1)
    assert len(list(place.deps.sessions.peers(place.app.id, session.session_id))) == THREADS
    assert len(list(place.deps.sessions.newest_first(place.app.id))) == 1


def test_two_nodes_racing_for_a_meeting_get_one_owner(place: Installation) -> None:
    place.node(NODE)
    place.node(OTHER)
    meeting = place.meeting()
    tokens = [place.token(meeting, f"user{number}") for number in range(THREADS)]
    turns = zip(tokens, [NODE, OTHER] * (THREADS // 2), strict=True)
    results = together([lambda token=token, node=node: place.answer(token, None, node) for token, node in turns])

    admitted = [result.admission for result in results if result.admission]
    elsewhere = [result.owned_elsewhere for result in results if result.owned_elsewhere]
    session = place.session(admitted[0])
    assert len(admitted) == len(elsewhere) == session.live_peers == THREADS // 2
    assert {owner.owner_node_id for owner in elsewhere} == {session.owner_node_id}


def test_the_same_peer_racing_with_itself_counts_once(place: Installation) -> None:
    place.node()
    token, peer_id = place.token(place.meeting()), place.peer_id()
    results = together([lambda: place.join(token, peer_id) for _ in range(THREADS)])

    assert len({result.session_id for result in results}) == 1
    assert place.session(results[0]).live_peers == 1


def test_joins_and_leaves_at_once_keep_the_count_exact(place: Installation) -> None:
    place.node()
    meeting = place.meeting()
    first = [place.join(place.token(meeting, f"first{number}")) for number in range(4)]
    tokens = [place.token(meeting, f"then{number}") for number in range(4)]
    joins = [lambda token=token: place.join(token) for token in tokens]

    def leave_all() -> None:
        for seq, admission in enumerate(first, start=1):
            place.leave(admission, seq)

    results = together([*joins, leave_all])
    assert not [result for result in results if isinstance(result, Exception)], results
    session = place.session(first[0])
    peers = list(place.deps.sessions.peers(place.app.id, session.session_id))
    assert session.live_peers == 4 == sum(peer.left_at_ms is None for peer in peers)
    assert 4 <= session.max_concurrent_peers <= 8
    assert session.empty_since_ms is None


def test_maximum_concurrency_remembers_the_peak(place: Installation) -> None:
    place.node()
    meeting = place.meeting()
    ada, bob = place.join(place.token(meeting, "ada")), place.join(place.token(meeting, "bob"))
    place.leave(ada, 1)
    place.leave(bob, 2)
    cy = place.join(place.token(meeting, "cy"))

    session = place.session(cy)
    assert (session.live_peers, session.max_concurrent_peers) == (1, 2)
    assert session.empty_since_ms is None


def test_a_join_decided_on_an_old_count_is_decided_again(place: Installation) -> None:
    place.node()
    meeting = place.meeting()
    ada, bob = place.join(place.token(meeting, "ada")), place.join(place.token(meeting, "bob"))
    at_peak = place.session(ada)
    place.leave(ada, 1)
    below = place.session(bob)
    joining = replace(next(place.deps.sessions.peers(place.app.id, bob.session_id)), peer_id=place.peer_id())
    with pytest.raises(ConditionFailed):
        place.deps.sessions.add_peer(at_peak, joining)
    place.deps.sessions.add_peer(below, joining)
    with pytest.raises(ConditionFailed):
        place.deps.sessions.add_peer(below, replace(joining, peer_id=place.peer_id()))
    session = place.session(bob)
    assert (session.live_peers, session.max_concurrent_peers) == (2, 2)


def test_events_are_written_to_the_peer(place: Installation) -> None:
    place.node()
    ada = place.join(place.token(place.meeting()))
    place.clock.advance(1500)
    place.report(ada, 1, EventType.PEER_CONNECTED, age_ms=500)
    place.report(ada, 2, EventType.TRACK_PUBLISHED, track_sid="TR_1", source="camera", mime_type="video/VP8")
    place.report(ada, 3, EventType.TRACK_PUBLISHED, track_sid="TR_2", source="microphone", mime_type="audio/opus")
    place.report(ada, 4, EventType.TRACK_UNPUBLISHED, track_sid="TR_1")

    peer = place.deps.sessions.peer(ada.app_id, ada.session_id, ada.peer_id)
    assert peer is not None
    assert peer.connected_at_ms == ada.session_started_at_ms + 1000
    assert peer.tracks == (PublishedTrack("TR_2", "microphone", "audio/opus", place.clock.ms),)

    place.clock.advance(58_500)
    place.leave(ada, 5, reason=LeaveReason.CONNECTION_LOST)
    peer = place.deps.sessions.peer(ada.app_id, ada.session_id, ada.peer_id)
    assert peer is not None
    assert (peer.left_at_ms, peer.leave_reason) == (place.clock.ms, LeaveReason.CONNECTION_LOST)
    session = place.session(ada)
    assert (session.live_peers, session.empty_since_ms, session.last_event_seq) == (0, place.clock.ms, 5)
    assert consumed_ms(session, place.clock.ms + 999) == 60_000


def test_an_event_sent_twice_counts_once(place: Installation) -> None:
    place.node()
    meeting = place.meeting()
    ada, bob = place.join(place.token(meeting, "ada")), place.join(place.token(meeting, "bob"))
    for _ in range(2):
        place.leave(ada, 1)
    assert place.session(bob).live_peers == 1


def test_the_store_refuses_an_old_seq_a_peer_that_left_and_a_wrong_hint(place: Installation) -> None:
    place.node()
    meeting = place.meeting()
    ada, bob = place.join(place.token(meeting, "ada")), place.join(place.token(meeting, "bob"))
    place.leave(ada, 5)
    session, now_ms = place.session(ada), place.clock.ms
    record = place.deps.sessions.record
    with pytest.raises(ConditionFailed):
        record(session, [PeerReport(bob.peer_id, 5, PeerConnected(now_ms))], now_ms)
    with pytest.raises(ConditionFailed):
        record(session, [PeerReport(ada.peer_id, 6, PeerLeft(now_ms, LeaveReason.KICKED))], now_ms)
    with pytest.raises(ConditionFailed):
        record(
            replace(session, live_peers=2), [PeerReport(bob.peer_id, 6, PeerLeft(now_ms, LeaveReason.KICKED))], now_ms
        )
    with pytest.raises(ConditionFailed):
        record(replace(session, epoch=2), [PeerReport(bob.peer_id, 6, PeerConnected(now_ms))], now_ms)
    with pytest.raises(ConditionFailed):
        record(replace(session, owner_node_id=OTHER), [PeerReport(bob.peer_id, 6, PeerConnected(now_ms))], now_ms)
    assert place.session(ada) == session


def test_a_session_ends_once_and_its_epoch_is_never_used_again(place: Installation) -> None:
    place.node()
    meeting = place.meeting()
    ada = place.join(place.token(meeting))
    place.leave(ada, 1)
    left_ms = place.clock.ms
    place.pass_time(59, NODE)
    assert not end_if_over(place.deps, ada.app_id, ada.session_id)
    place.pass_time(10, NODE)
    results = together([lambda: end_if_over(place.deps, ada.app_id, ada.session_id) for _ in range(THREADS)])

    assert results == [True] * THREADS
    session = place.session(ada)
    assert session.status is SessionStatus.ENDED
    assert session.ending is not None
    assert (session.ending.at_ms, session.ending.reason) == (left_ms + 60_000, EndReason.ALL_PEERS_LEFT)
    assert list(place.deps.sessions.newest_first(place.app.id)) == [session]
    assert list(place.deps.sessions.owned_by(NODE)) == []
    pointer = place.deps.sessions.pointer(place.app.id, meeting.id)
    assert pointer is not None
    assert (pointer.session_id, pointer.epoch) == (None, 1)

    again = place.join(place.token(meeting, "bob"))
    assert again.session_id != ada.session_id
    assert again.epoch == 2


def test_a_rejoin_and_the_end_of_the_grace_at_once_leave_no_peer_behind(place: Installation) -> None:
    place.node()
    meeting = place.meeting(keep_alive_s=0)
    ada = place.join(place.token(meeting))
    token = place.token(meeting)
    place.leave(ada, 1)
    results = together(
        [lambda: end_if_over(place.deps, ada.app_id, ada.session_id), lambda: place.join(token)] * (THREADS // 2)
    )
    assert not [result for result in results if isinstance(result, Exception)], results
    admissions = [result for result in results if isinstance(result, Admission)]
    assert {admission.epoch for admission in admissions} == {2}
    assert place.session(admissions[0]).live_peers == THREADS // 2
    assert place.session(ada).status is SessionStatus.ENDED


def test_a_lost_node_takes_its_peers_with_it_in_batches(place: Installation) -> None:
    place.node()
    meeting = place.meeting()
    people = [place.join(place.token(meeting, f"user{number}")) for number in range(43)]
    place.pass_time(10, NODE)
    last_seen_ms = place.clock.ms
    place.pass_time(6)
    done = sweep(place.deps)

    assert (done.nodes_lost, done.sessions_ended, done.failures) == (1, 1, 0)
    session = place.session(people[0])
    assert session.ending is not None
    assert (session.status, session.live_peers, session.max_concurrent_peers) == (SessionStatus.ENDED, 0, 43)
    assert (session.ending.at_ms, session.ending.reason) == (last_seen_ms, EndReason.NODE_LOST)
    peers = list(place.deps.sessions.peers(place.app.id, session.session_id))
    assert {(peer.left_at_ms, peer.leave_reason) for peer in peers} == {(last_seen_ms, LeaveReason.NODE_LOST)}
    assert consumed_ms(session, 0) == sum(last_seen_ms - peer.joined_at_ms for peer in peers)


def test_ending_that_stopped_half_way_is_finished_by_the_next_run(place: Installation) -> None:
    place.node()
    meeting = place.meeting()
    ada = place.join(place.token(meeting))
    place.join(place.token(meeting, "bob"))
    place.pass_time(6)
    node = place.deps.nodes.get(NODE)
    assert node is not None
    place.deps.nodes.mark_gone(node, LeaveReason.NODE_LOST, place.clock.ms)
    session = place.session(ada)
    ending = ending_of(session, place.deps.nodes.get(NODE), place.clock.ms)
    assert ending is not None
    place.deps.sessions.begin_ending(session, ending, place.clock.ms)

    refused = place.report(ada, 1, EventType.PEER_LEFT).refused
    assert [(entry.error, entry.fenced) for entry in refused] == [("session_ended", True)]
    assert sweep(place.deps).sessions_ended == 1
    assert place.session(ada).status is SessionStatus.ENDED
    assert place.session(ada).ending == ending


def test_a_write_whose_answer_was_lost_counts_once(place: Installation) -> None:
    class LosesAnswers:
        def __getattr__(self, name: str) -> Any:
            return getattr(sessions, name)

        def add_peer(self, *arguments: Any, **options: Any) -> None:
            sessions.add_peer(*arguments, **options)
            raise StoreUnavailable("the answer was lost")

        def create(self, *arguments: Any) -> None:
            sessions.create(*arguments)
            raise StoreUnavailable("the answer was lost")

    sessions = place.deps.sessions
    place.node()
    meeting = place.meeting()
    deps = replace(place.deps, sessions=LosesAnswers())
    for number, identity in enumerate(("ada", "bob"), start=1):
        token, peer_id = place.token(meeting, identity), place.peer_id()
        whole, place.deps = place.deps, deps
        with pytest.raises(StoreUnavailable):
            place.join(token, peer_id)
        place.deps = whole
        admission = place.join(token, peer_id)
        assert place.session(admission).live_peers == number
    assert len(list(sessions.newest_first(place.app.id))) == 1


def test_a_meeting_that_becomes_inactive_during_a_join_gets_no_session(place: Installation) -> None:
    place.node()
    meeting = place.meeting()
    token = place.token(meeting)
    sessions = place.deps.sessions

    class Slow:
        def __getattr__(self, name: str) -> Any:
            return getattr(sessions, name)

        def create(self, *arguments: Any) -> None:
            change_meeting(place.deps, place.app.id, meeting.id, {"status": MeetingStatus.INACTIVE})
            sessions.create(*arguments)

    place.deps = replace(place.deps, sessions=Slow())
    with pytest.raises(ParleyError) as refusal:
        place.join(token)
    assert refusal.value.error is ErrorId.MEETING_INACTIVE
    assert list(sessions.newest_first(place.app.id)) == []


def test_the_metadata_of_a_room_is_kept_while_its_session_is_active(place: Installation) -> None:
    place.node()
    ada = place.join(place.token(place.meeting()))
    observed = place.session(ada)
    assert observed.room_metadata is None
    for metadata in ("release", ""):
        place.deps.sessions.describe(observed, metadata, place.clock.ms)
        assert place.session(ada).room_metadata == metadata
    with pytest.raises(ConditionFailed):
        place.deps.sessions.describe(replace(observed, epoch=observed.epoch + 1), "x", place.clock.ms)
    end_now(place.deps, ada.app_id, ada.session_id, EndReason.HOST_ENDED)
    with pytest.raises(ConditionFailed):
        place.deps.sessions.describe(observed, "x", place.clock.ms)
    ended = place.session(ada)
    assert (ended.room_metadata, ended.ending and ended.ending.reason) == ("", EndReason.HOST_ENDED)
    end_now(place.deps, ada.app_id, ada.session_id, EndReason.ALL_PEERS_LEFT)
    assert place.session(ada) == ended


def a_node(now_ms: int) -> Node:
    return Node(NODE, "http://n:7000", "0.1.0", "", lease_ms=5000, last_seen_ms=now_ms)


def test_a_node_is_stored_renewed_given_up_and_forgotten(place: Installation) -> None:
    nodes, node = place.deps.nodes, a_node(place.clock.ms)
    nodes.register(node)
    assert nodes.get(NODE) == node
    assert nodes.registered() == [node]
    assert nodes.get_many([NODE, NODE, OTHER]) == {NODE: node}
    assert nodes.get_many([]) == {}
    with pytest.raises(ConditionFailed):
        nodes.register(node)

    nodes.heartbeat(NODE, Heartbeat(2, 7, draining=True), node.last_seen_ms + 1000)
    renewed = replace(node, last_seen_ms=node.last_seen_ms + 1000, sessions=2, peers=7, draining=True)
    assert nodes.get(NODE) == renewed
    with pytest.raises(ConditionFailed):
        nodes.mark_gone(node, LeaveReason.NODE_LOST, place.clock.ms)
    nodes.mark_gone(renewed, LeaveReason.NODE_LOST, place.clock.ms + 2000)
    gone = replace(renewed, gone_at_ms=place.clock.ms + 2000, gone_reason=LeaveReason.NODE_LOST)
    assert nodes.get(NODE) == gone
    with pytest.raises(ConditionFailed):
        nodes.heartbeat(NODE, Heartbeat(0, 0), place.clock.ms + 3000)
    with pytest.raises(ConditionFailed):
        nodes.mark_gone(gone, LeaveReason.NODE_SHUTDOWN, place.clock.ms)

    nodes.forget(NODE)
    assert nodes.get(NODE) is None
    assert nodes.registered() == []
    with pytest.raises(ConditionFailed):
        nodes.heartbeat(NodeId("nd_unknown1"), Heartbeat(0, 0), place.clock.ms)


def test_the_last_sweep_is_remembered(place: Installation) -> None:
    assert place.deps.nodes.last_sweep_ms() is None
    place.deps.nodes.note_sweep(5)
    place.deps.nodes.note_sweep(7)
    assert place.deps.nodes.last_sweep_ms() == 7


def test_one_app_does_not_see_the_sessions_of_another(place: Installation) -> None:
    place.node()
    ada = place.join(place.token(place.meeting()))
    stranger = create_app(place.deps, place.app.account_id, "production").app
    assert place.deps.sessions.get(stranger.id, ada.session_id) is None
    assert list(place.deps.sessions.newest_first(stranger.id)) == []
    assert list(place.deps.sessions.peers(stranger.id, ada.session_id)) == []


def test_a_dead_letter_is_kept_for_a_month(fresh_table: str) -> None:
    letters = DynamoDeadLetters()
    letters.keep("stream", "e1", "KeyError('x')", "{}", 1_700_000_000_000)
    letters.keep("stream", "e1", "KeyError('y')", "{}", 1_700_000_000_000)
    (item,) = table.query(DeadLetterItem, "DEAD#2023-11-14", "stream#")
    assert (item.reason, item.body, item.ttl) == ("KeyError('y')", "{}", 1_700_000_000 + 30 * 24 * 3600)


def test_a_batch_of_events_is_stored_whole_or_not_at_all(place: Installation) -> None:
    place.node()
    meeting = place.meeting()
    ada, bob = place.join(place.token(meeting, "ada")), place.join(place.token(meeting, "bob"))
    sessions = place.deps.sessions
    observed, peers = sessions.with_peers(place.app.id, ada.session_id, [ada.peer_id, bob.peer_id, place.peer_id()])
    assert observed == place.session(ada) and set(peers) == {ada.peer_id, bob.peer_id}
    track = PublishedTrack("TR_1", "camera", "video/VP8", place.clock.ms)
    reports = [
        PeerReport(ada.peer_id, 1, PeerConnected(place.clock.ms)),
        PeerReport(ada.peer_id, 2, TrackPublished(track)),
        PeerReport(bob.peer_id, 3, PeerLeft(place.clock.ms + 5, LeaveReason.CLIENT_LEFT)),
        PeerReport(ada.peer_id, 4, TrackUnpublished("TR_1")),
        PeerReport(ada.peer_id, 5, PeerLeft(place.clock.ms + 9, LeaveReason.CLIENT_LEFT)),
    ]
    stranger = PeerReport(place.peer_id(), 6, PeerConnected(place.clock.ms))
    with pytest.raises(ConditionFailed):
        sessions.record(observed, [*reports, stranger], place.clock.ms)
    assert place.session(ada) == observed
    sessions.record(observed, reports, place.clock.ms)
    session = place.session(ada)
    assert (session.live_peers, session.last_event_seq) == (0, 5)
    assert session.empty_since_ms == place.clock.ms + 9
    assert consumed_ms(session, place.clock.ms) == 14
    (left, other) = sorted(sessions.peers(place.app.id, ada.session_id), key=lambda peer: peer.identity)
    assert (left.connected_at_ms, left.tracks, left.left_at_ms) == (place.clock.ms, (), place.clock.ms + 9)
    assert other.left_at_ms == place.clock.ms + 5
    with pytest.raises(ConditionFailed):
        sessions.record(session, reports, place.clock.ms)
