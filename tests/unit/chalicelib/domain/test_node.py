"""Leases of nodes."""

from dataclasses import replace

import pytest

from chalicelib.contract.ids import NodeId
from chalicelib.contract.node_messages import LeaveReason
from chalicelib.domain.node import Node, last_alive_ms, lease_is_over

NODE = Node(NodeId("nd_aaaaaaaa"), "http://a:7000", "0.1.0", "", lease_ms=5_000, last_seen_ms=1_000)


@pytest.mark.parametrize(("now_ms", "is_over"), [(1_000, False), (6_000, False), (6_001, True)])
def test_a_lease_lasts_as_long_as_it_says(now_ms: int, is_over: bool) -> None:
    assert lease_is_over(NODE, now_ms) is is_over


def test_a_node_that_is_gone_has_no_lease() -> None:
    assert lease_is_over(replace(NODE, gone_at_ms=1_000), 1_000)


def test_a_goodbye_is_the_last_sign_of_life_and_being_given_up_is_not() -> None:
    assert last_alive_ms(NODE) == 1_000
    assert last_alive_ms(replace(NODE, gone_at_ms=3_000, gone_reason=LeaveReason.NODE_SHUTDOWN)) == 3_000
    assert last_alive_ms(replace(NODE, gone_at_ms=9_000, gone_reason=LeaveReason.NODE_LOST)) == 1_000
