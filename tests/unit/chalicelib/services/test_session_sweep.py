"""Ends that nobody announced: lost nodes, lost messages, late and repeated checks."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.contract.node_messages import EventType, LeaveReason
from chalicelib.domain.session import Ending, EndReason, SessionStatus
from chalicelib.services import node_registry
from chalicelib.services.session_ports import SessionCheck
from chalicelib.services.session_sweep import Swept, check_emptied, sweep
from tests.session_life import NODE, OTHER, Installation, installation


@pytest.fixture
def place() -> Installation:
    made = installation()
    made.node()
    return made


def test_a_sweep_of_a_healthy_installation_does_nothing(place: Installation) -> None:
    ada = place.join(place.token(place.meeting()))
    place.pass_time(600, NODE)
    assert sweep(place.deps) == Swept()
    assert place.session(ada).live_peers == 1


def test_an_empty_session_whose_check_was_lost_is_ended_by_the_sweep(place: Installation) -> None:
    ada = place.join(place.token(place.meeting()))
    place.leave(ada, 1)
    left_ms = place.clock.ms
    place.pass_time(100, NODE)
    assert sweep(place.deps) == Swept(sessions_ended=1)
    assert place.session(ada).ending == Ending(left_ms + 60_000, EndReason.ALL_PEERS_LEFT)
    assert sweep(place.deps) == Swept()


def test_a_sweep_that_ran_twice_or_a_day_late_ends_a_session_as_one_in_time_does(place: Installation) -> None:
    ada = place.join(place.token(place.meeting()))
    place.clock.advance(86_400_000)
    assert sweep(place.deps).sessions_ended == 1
    first = place.session(ada)
    assert sweep(place.deps).sessions_ended == 0
    assert place.session(ada) == first
    assert first.ending == Ending(ada.session_started_at_ms, EndReason.NODE_LOST)


def test_a_peer_that_came_after_the_last_heartbeat_does_not_leave_before_it_came(place: Installation) -> None:
    meeting = place.meeting()
    place.join(place.token(meeting, "ada"))
    place.clock.advance(700)
    bob = place.join(place.token(meeting, "bob"))
    place.pass_time(6)
    sweep(place.deps)
    peer = place.deps.sessions.peer(bob.app_id, bob.session_id, bob.peer_id)
    assert peer is not None
    assert peer.left_at_ms == peer.joined_at_ms
    assert place.session(bob).peer_balance_ms == 0


def test_a_node_that_was_given_up_can_never_come_back(place: Installation) -> None:
    ada = place.join(place.token(place.meeting()))
    place.pass_time(6)
    assert sweep(place.deps).nodes_lost == 1
    with pytest.raises(Exception, match="node_not_registered"):
        place.beat(NODE)
    assert place.report(ada, 1, EventType.PEER_CONNECTED).refused[0].fenced


def test_a_late_heartbeat_before_the_sweep_keeps_the_node(place: Installation) -> None:
    ada = place.join(place.token(place.meeting()))
    place.pass_time(20)
    place.beat(NODE)
    assert sweep(place.deps) == Swept()
    assert place.session(ada).status is SessionStatus.ACTIVE


def test_after_an_outage_of_the_control_plane_nodes_get_a_period_to_be_heard(place: Installation) -> None:
    ada = place.join(place.token(place.meeting()))
    sweep(place.deps)
    place.pass_time(600)
    assert sweep(place.deps) == Swept()
    place.pass_time(60)
    assert sweep(place.deps) == Swept(nodes_lost=1, sessions_ended=1)
    assert place.session(ada).status is SessionStatus.ENDED


def test_a_lost_node_is_remembered_for_a_while_and_then_forgotten(place: Installation) -> None:
    place.pass_time(6)
    assert sweep(place.deps) == Swept(nodes_lost=1)
    place.pass_time(30)
    assert sweep(place.deps) == Swept()
    place.pass_time(31)
    assert sweep(place.deps) == Swept(nodes_forgotten=1)
    assert place.deps.nodes.registered() == []


def test_a_session_made_while_its_node_was_given_up_ends_too(place: Installation) -> None:
    meeting = place.meeting()
    token = place.token(meeting)
    sessions = place.deps.sessions

    class Slow:
        def __getattr__(self, name: str) -> Any:
            return getattr(sessions, name)

        def create(self, *arguments: Any) -> None:
            place.pass_time(6)
            sweep(replace(place.deps, sessions=sessions))
            sessions.create(*arguments)

    place.deps = replace(place.deps, sessions=Slow())
    ada = place.join(token)
    assert place.session(ada).status is SessionStatus.ACTIVE
    assert sweep(place.deps).sessions_ended == 1


def test_a_goodbye_ends_the_sessions_at_once(place: Installation) -> None:
    ada = place.join(place.token(place.meeting()))
    place.pass_time(2)
    for _ in range(2):
        node_registry.deregister(place.deps, NODE)
    assert place.session(ada).ending == Ending(place.clock.ms, EndReason.NODE_SHUTDOWN)
    peer = place.deps.sessions.peer(ada.app_id, ada.session_id, ada.peer_id)
    assert peer is not None
    assert (peer.left_at_ms, peer.leave_reason) == (place.clock.ms, LeaveReason.NODE_SHUTDOWN)
    node_registry.deregister(place.deps, OTHER)


def check_of(place: Installation, admission: Any) -> SessionCheck:
    since_ms = place.session(admission).empty_since_ms
    assert since_ms is not None
    return SessionCheck(admission.app_id, admission.session_id, since_ms)


def test_a_check_ends_a_session_that_is_still_empty_and_may_come_twice(place: Installation) -> None:
    ada = place.join(place.token(place.meeting()))
    place.leave(ada, 1)
    check = check_of(place, ada)
    place.pass_time(60, NODE)
    assert check_emptied(place.deps, check)
    assert not check_emptied(place.deps, check)
    assert place.session(ada).status is SessionStatus.ENDED


def test_a_check_of_an_earlier_emptiness_changes_nothing(place: Installation) -> None:
    meeting = place.meeting()
    ada = place.join(place.token(meeting))
    place.leave(ada, 1)
    old = check_of(place, ada)
    place.pass_time(30, NODE)
    again = place.join(place.token(meeting))
    place.leave(again, 2)
    place.pass_time(31, NODE)
    assert not check_emptied(place.deps, old)
    assert place.session(ada).status is SessionStatus.ACTIVE
    assert place.queue.sent == []


def test_a_check_that_comes_too_early_comes_again(place: Installation) -> None:
    ada = place.join(place.token(place.meeting()))
    place.leave(ada, 1)
    check = check_of(place, ada)
    place.pass_time(58.5, NODE)
    assert not check_emptied(place.deps, check)
    assert place.queue.sent == [(check, 2)]


def test_one_session_that_cannot_be_ended_does_not_keep_the_others(place: Installation) -> None:
    people = [place.join(place.token(place.meeting(keep_alive_s=0))) for _ in range(3)]
    for admission in people:
        place.leave(admission, 1)
    sessions = place.deps.sessions

    class Broken:
        def __getattr__(self, name: str) -> Any:
            return getattr(sessions, name)

        def finish(self, observed: Any, ended: Any) -> None:
            assert ended.session_id != people[1].session_id, "broken"
            sessions.finish(observed, ended)

    place.deps = replace(place.deps, sessions=Broken())
    assert sweep(place.deps) == Swept(sessions_ended=2, failures=1)
