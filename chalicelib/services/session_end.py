"""Ending a session that is over: the same steps for the delayed check, the sweep, a node's goodbye and an admission.

Safe to run twice, late and at the same time: every step is conditional, and only one run writes ENDED.
"""

from itertools import islice

from chalicelib import telemetry
from chalicelib.contract.ids import AppId, SessionId
from chalicelib.domain.session import Ending, EndReason, Session, SessionStatus, ended, ending_of
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.retrying import until_it_holds
from chalicelib.services.session_ports import Closure

PEERS_AT_ONCE = 40  # a transaction takes 100 items; smaller ones conflict less


def end_if_over(deps: Dependencies, app_id: AppId, session_id: SessionId) -> bool:
    """End the session if it is over, and tell whether it has ended, now or before. Raises ParleyError BUSY."""

    def attempt() -> bool:
        session = deps.sessions.get(app_id, session_id)
        if session is None:
            return False
        if session.status is SessionStatus.ENDED:
            return True
        ending = ending_of(session, deps.nodes.get(session.owner_node_id), deps.now_ms())
        if ending is None:
            return False
        _end(deps, session, ending)
        return True

    return until_it_holds(attempt, deps.entropy, deps.sleep)


def end_now(deps: Dependencies, app_id: AppId, session_id: SessionId, reason: EndReason) -> None:
    """End the session for this reason unless it is over already. Raises ParleyError BUSY."""

    def attempt() -> None:
        session = deps.sessions.get(app_id, session_id)
        if session is not None and session.status is not SessionStatus.ENDED:
            owner, now_ms = deps.nodes.get(session.owner_node_id), deps.now_ms()
            _end(deps, session, ending_of(session, owner, now_ms) or Ending(now_ms, reason))

    until_it_holds(attempt, deps.entropy, deps.sleep)


def _end(deps: Dependencies, session: Session, ending: Ending) -> None:
    # An empty session takes one transaction. One with peers is fenced off first: nothing its owner still sends may
    # move the count while its peers are closed one batch after the other.
    if session.live_peers or session.status is SessionStatus.ENDING:
        session = _emptied(deps, session, ending)
    deps.sessions.finish(session, ended(session, ending, deps.now_ms()))
    telemetry.count("SessionEnded")
    telemetry.logger().info("session ended", session_id=session.session_id, reason=ending.reason.value)


def _emptied(deps: Dependencies, session: Session, ending: Ending) -> Session:
    if session.status is SessionStatus.ACTIVE:
        deps.sessions.begin_ending(session, ending, deps.now_ms())
    open_peers = (peer for peer in deps.sessions.peers(session.app_id, session.session_id) if peer.left_at_ms is None)
    while batch := list(islice(open_peers, PEERS_AT_ONCE)):
        closures = [Closure(peer.peer_id, max(peer.joined_at_ms, ending.at_ms)) for peer in batch]
        deps.sessions.close_peers(session, closures, ending.reason.leave_reason, deps.now_ms())
    emptied = deps.sessions.get(session.app_id, session.session_id)
    assert emptied is not None, f"session {session.session_id} vanished"
    return emptied
