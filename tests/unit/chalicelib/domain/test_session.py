"""When a session is over, by the clock of the control plane alone."""

from dataclasses import replace

import pytest

from chalicelib.contract.ids import AccountId, AppId, MeetingId, NodeId, SessionId
from chalicelib.contract.node_messages import LeaveReason
from chalicelib.domain.node import Node
from chalicelib.domain.session import (
    Ending,
    EndReason,
    Session,
    SessionStatus,
    as_of,
    consumed_ms,
    ended,
    ending_of,
    is_empty_since,
)

T0 = 1_000_000
NODE = Node(NodeId("nd_aaaaaaaa"), "http://a:7000", "0.1.0", "", lease_ms=5_000, last_seen_ms=T0)
SESSION = Session(
    account_id=AccountId("acc"),
    app_id=AppId("app"),
    session_id=SessionId("ses"),
    meeting_id=MeetingId("mtg"),
    meeting_title="stand-up",
    owner_node_id=NODE.node_id,
    epoch=1,
    status=SessionStatus.ACTIVE,
    live_peers=2,
    max_concurrent_peers=3,
    peer_balance_ms=-2 * T0,
    keep_alive_ms=60_000,
    created_at_ms=T0,
    started_at_ms=T0,
    updated_at_ms=T0,
)
EMPTY = replace(SESSION, live_peers=0, peer_balance_ms=30_000, empty_since_ms=T0 + 10_000)


def alive(now_ms: int) -> Node:
    return replace(NODE, last_seen_ms=now_ms)


def test_a_session_with_peers_on_a_live_node_lives() -> None:
    assert ending_of(SESSION, NODE, T0 + 5_000) is None


@pytest.mark.parametrize(("passed_ms", "is_over"), [(69_999, False), (70_000, True), (10**9, True)])
def test_an_empty_session_ends_when_its_grace_is_over(passed_ms: int, is_over: bool) -> None:
    ending = ending_of(EMPTY, alive(T0 + passed_ms), T0 + passed_ms)
    assert ending == (Ending(T0 + 70_000, EndReason.ALL_PEERS_LEFT) if is_over else None)


def test_without_a_grace_an_empty_session_is_over_at_once() -> None:
    now_ms = T0 + 10_000
    assert ending_of(replace(EMPTY, keep_alive_ms=0), alive(now_ms), now_ms) == Ending(now_ms, EndReason.ALL_PEERS_LEFT)


def test_a_session_ends_when_its_owner_was_last_heard_of() -> None:
    assert ending_of(SESSION, NODE, T0 + 5_001) == Ending(T0, EndReason.NODE_LOST)


def test_a_session_made_after_the_last_heartbeat_ends_when_it_started() -> None:
    late = replace(SESSION, started_at_ms=T0 + 500)
    assert ending_of(late, NODE, T0 + 6_000) == Ending(T0 + 500, EndReason.NODE_LOST)


def test_a_goodbye_ends_the_sessions_of_the_node_at_once() -> None:
    gone = replace(NODE, gone_at_ms=T0 + 3_000, gone_reason=LeaveReason.NODE_SHUTDOWN)
    assert ending_of(SESSION, gone, T0 + 3_000) == Ending(T0 + 3_000, EndReason.NODE_SHUTDOWN)


def test_a_node_that_was_given_up_stays_so_whatever_its_heartbeat_says() -> None:
    gone = replace(NODE, gone_at_ms=T0 + 9_000, gone_reason=LeaveReason.NODE_LOST)
    assert ending_of(SESSION, gone, T0 + 1_000) == Ending(T0, EndReason.NODE_LOST)


def test_a_session_whose_owner_nobody_knows_is_over() -> None:
    assert ending_of(SESSION, None, T0) == Ending(SESSION.updated_at_ms, EndReason.NODE_LOST)


def test_of_two_reasons_the_earlier_one_counts() -> None:
    died_in_grace = replace(NODE, last_seen_ms=T0 + 20_000)
    assert ending_of(EMPTY, died_in_grace, T0 + 10**6) == Ending(T0 + 20_000, EndReason.NODE_LOST)
    died_later = replace(NODE, last_seen_ms=T0 + 90_000)
    assert ending_of(EMPTY, died_later, T0 + 10**6) == Ending(T0 + 70_000, EndReason.ALL_PEERS_LEFT)


@pytest.mark.parametrize("status", [SessionStatus.ENDING, SessionStatus.ENDED])
def test_what_is_written_down_is_not_decided_again(status: SessionStatus) -> None:
    ending = Ending(T0 + 7, EndReason.NODE_LOST)
    assert ending_of(replace(SESSION, status=status, ending=ending), NODE, T0) == ending


def test_readers_see_the_end_before_it_is_written_down() -> None:
    seen = as_of(EMPTY, alive(T0 + 80_000), T0 + 80_000)
    assert seen.status is SessionStatus.ENDED
    assert seen.ending == Ending(T0 + 70_000, EndReason.ALL_PEERS_LEFT)
    assert as_of(SESSION, NODE, T0) is SESSION
    assert as_of(seen, None, T0 + 10**6) is seen


def test_minutes_count_open_peers_and_stop_with_the_session() -> None:
    assert consumed_ms(SESSION, T0 + 30_000) == 60_000
    assert consumed_ms(EMPTY, T0 + 10**9) == 30_000
    lost = ended(SESSION, Ending(T0 + 20_000, EndReason.NODE_LOST), T0 + 99_000)
    assert (lost.live_peers, consumed_ms(lost, T0 + 10**9), lost.updated_at_ms) == (0, 40_000, T0 + 99_000)


def test_a_delayed_check_means_the_emptiness_it_was_made_for() -> None:
    assert is_empty_since(EMPTY, T0 + 10_000)
    assert not is_empty_since(EMPTY, T0 + 9_999)
    assert not is_empty_since(SESSION, T0 + 10_000)
    assert not is_empty_since(replace(EMPTY, status=SessionStatus.ENDED), T0 + 10_000)
