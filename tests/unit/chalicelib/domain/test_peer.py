"""Times of a peer: a node reports ages, and none of them may put a peer outside its session."""

from dataclasses import replace

import pytest

from chalicelib.contract.ids import AppId, ParticipantId, PeerId, SessionId
from chalicelib.contract.node_messages import LeaveReason
from chalicelib.domain.peer import Peer, as_of, happened_at_ms, stayed_ms
from chalicelib.domain.session import Ending, EndReason

T0 = 1_000_000
PEER = Peer(AppId("a"), SessionId("s"), PeerId("p"), ParticipantId("u"), "ada", "Ada", "host", joined_at_ms=T0)


@pytest.mark.parametrize(
    ("age_ms", "at_ms"), [(0, T0 + 5_000), (2_000, T0 + 3_000), (99_000, T0), (-3_000, T0 + 5_000)]
)
def test_an_event_happened_between_the_join_and_now(age_ms: int, at_ms: int) -> None:
    assert happened_at_ms(PEER, age_ms, T0 + 5_000) == at_ms


def test_an_open_peer_has_stayed_until_now() -> None:
    assert stayed_ms(PEER, T0 + 5_000) == 5_000
    assert stayed_ms(replace(PEER, left_at_ms=T0 + 1_000), T0 + 5_000) == 1_000


def test_no_peer_outlives_its_session() -> None:
    seen = as_of(PEER, Ending(T0 + 4_000, EndReason.NODE_SHUTDOWN))
    assert (seen.left_at_ms, seen.leave_reason) == (T0 + 4_000, LeaveReason.NODE_SHUTDOWN)
    assert as_of(PEER, None) is PEER
    left = replace(PEER, left_at_ms=T0 + 1, leave_reason=LeaveReason.KICKED)
    assert as_of(left, Ending(T0 + 4_000, EndReason.NODE_LOST)) is left
    assert as_of(PEER, Ending(T0 - 1, EndReason.NODE_LOST)).left_at_ms == T0
