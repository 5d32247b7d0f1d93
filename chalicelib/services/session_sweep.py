"""The sweep and the delayed check: what makes visible that sessions are over. They decide nothing: ending_of does.

Both may run twice, late, or together with anything else.
"""

import math
from dataclasses import dataclass

from chalicelib import telemetry
from chalicelib.contract.node_messages import LeaveReason
from chalicelib.domain.node import Node, lease_is_over
from chalicelib.domain.session import Session, ending_of, is_empty_since
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.ports import ConditionFailed
from chalicelib.services.session_end import end_if_over
from chalicelib.services.session_ports import SessionCheck

# When no sweep ran for this long the control plane was away, and with it every heartbeat: the nodes get one more
# period to be heard before any of them is given up.
OUTAGE_MS = 150_000
# An admission that was under way when its node was given up is done by then (API Gateway cuts at 29 s).
REMEMBER_GONE_MS = 60_000


@dataclass(slots=True)
class Swept:
    """What one sweep did."""

    nodes_lost: int = 0
    nodes_forgotten: int = 0
    sessions_ended: int = 0
    failures: int = 0


def sweep(deps: Dependencies) -> Swept:
    """Give up nodes whose lease is over, end their sessions, and sessions of the others whose grace is over."""
    done = Swept()
    now_ms, last_ms = deps.now_ms(), deps.nodes.last_sweep_ms()
    deps.nodes.note_sweep(now_ms)
    after_outage = last_ms is not None and now_ms - last_ms > OUTAGE_MS
    for node in deps.nodes.registered():
        late = node.gone_at_ms is None and lease_is_over(node, now_ms)
        if late and after_outage:
            continue
        if late:
            _give_up(deps, node, done)
        _end_sessions(deps, node, done)
        if node.gone_at_ms is not None and now_ms - node.gone_at_ms > REMEMBER_GONE_MS:
            deps.nodes.forget(node.node_id)
            done.nodes_forgotten += 1
    return done


def check_emptied(deps: Dependencies, check: SessionCheck) -> bool:
    """End a session that is still empty since the moment the check was made for; tell whether it has ended.

    Raises ParleyError BUSY or StoreUnavailable: the queue delivers the check again.
    """
    session = deps.sessions.get(check.app_id, check.session_id)
    if session is None or not is_empty_since(session, check.empty_since_ms):
        return False  # somebody came back, or it has ended
    if end_if_over(deps, check.app_id, check.session_id):
        return True
    # Too early: two clocks of the control plane disagree, or the queue was fast.
    left_ms = check.empty_since_ms + session.keep_alive_ms - deps.now_ms()
    deps.delays.send(check, max(1, math.ceil(left_ms / 1000)))
    return False


def _give_up(deps: Dependencies, node: Node, done: Swept) -> None:
    try:
        deps.nodes.mark_gone(node, LeaveReason.NODE_LOST, deps.now_ms())
    except ConditionFailed:
        return  # it was heard of just now
    done.nodes_lost += 1
    telemetry.count("NodeLost")
    telemetry.logger().warning("node lost", node_id=node.node_id, sessions=node.sessions, peers=node.peers)


def _end_sessions(deps: Dependencies, node: Node, done: Swept) -> None:
    owner = deps.nodes.get(node.node_id)
    for session in deps.sessions.owned_by(node.node_id):
        if ending_of(session, owner, deps.now_ms()) is not None:
            _end_one(deps, session, done)


def _end_one(deps: Dependencies, session: Session, done: Swept) -> None:
    try:
        done.sessions_ended += end_if_over(deps, session.app_id, session.session_id)
    except Exception as error:
        # One session that cannot be ended must not keep the others alive. The next sweep tries it again.
        done.failures += 1
        telemetry.count("SweepFailure")
        telemetry.logger().error("session not ended", session_id=session.session_id, exc_info=error)
