"""Any order of joins, leaves, repeats, lost nodes, late checks and sweeps: the invariants of a session hold after each.

The real use cases run over fakes with a clock that is told. tests/contract compares those fakes with DynamoDB.
"""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import NodeId
from chalicelib.contract.node_messages import Admission, EventBatch, EventType
from chalicelib.domain.session import Session, SessionStatus
from chalicelib.services import node_registry
from chalicelib.services.session_events import take_events
from chalicelib.services.session_ports import SessionCheck
from chalicelib.services.session_sweep import check_emptied, sweep
from chalicelib.services.sessions import active_session
from tests.session_life import event_of, installation

REFUSALS = {ErrorId.BUSY, ErrorId.NODE_NOT_REGISTERED}
PICK = st.integers(0, 10**6)


class SessionMachine(RuleBasedStateMachine):
    """Two meetings, two places for nodes, three people."""

    def __init__(self) -> None:
        super().__init__()
        self.place = installation()
        self.meetings = [self.place.meeting(f"m{number}", keep_alive_s=number * 10) for number in range(2)]
        self.tokens = {
            (meeting.id, name): self.place.token(meeting, name) for meeting in self.meetings for name in ("a", "b", "c")
        }
        self.born = 0
        self.nodes = [self.new_node(), self.new_node()]
        self.silent: set[NodeId] = set()
        self.requests: list[tuple[str, Any, NodeId]] = []
        self.admitted: list[tuple[Admission, NodeId]] = []
        self.events: list[tuple[NodeId, Any]] = []
        self.sequences: dict[str, int] = {}
        self.checks: list[SessionCheck] = []
        self.ended: dict[str, Session] = {}

    def new_node(self) -> NodeId:
        self.born += 1
        return self.place.node(NodeId(f"nd_{self.born:08d}"))

    def sessions(self) -> list[Session]:
        return list(self.place.deps.sessions.newest_first(self.place.app.id))

    def notice_emptied(self) -> None:
        """Do what the stream does: a check for every session that is empty. Repeated ones are part of the test."""
        for session in self.sessions():
            if session.empty_since_ms is not None:
                check = SessionCheck(session.app_id, session.session_id, session.empty_since_ms)
                if check not in self.checks:
                    self.checks.append(check)

    def ask(self, token: str, peer_id: Any, node_id: NodeId) -> None:
        try:
            answer = self.place.answer(token, peer_id, node_id)
        except ParleyError as error:
            assert error.error in REFUSALS | {ErrorId.ALREADY_EXISTS}, error
            return
        if answer.admission is not None:
            self.admitted.append((answer.admission, node_id))

    @rule(meeting=st.integers(0, 1), name=st.sampled_from("abc"), node=st.integers(0, 1))
    def join(self, meeting: int, name: str, node: int) -> None:
        request = self.tokens[self.meetings[meeting].id, name], self.place.peer_id(), self.nodes[node]
        self.requests.append(request)
        self.ask(*request)

    @precondition(lambda self: self.requests)
    @rule(pick=PICK)
    def repeat_an_admission(self, pick: int) -> None:
        self.ask(*self.requests[pick % len(self.requests)])

    @precondition(lambda self: self.admitted)
    @rule(pick=PICK, kind=st.sampled_from([EventType.PEER_LEFT, EventType.PEER_CONNECTED]), age_s=st.integers(0, 30))
    def report(self, pick: int, kind: EventType, age_s: int) -> None:
        admission, node_id = self.admitted[pick % len(self.admitted)]
        seq = self.sequences[admission.session_id] = self.sequences.get(admission.session_id, 0) + 1
        event = event_of(admission, seq, kind, age_ms=age_s * 1000)
        self.events.append((node_id, event))
        take_events(self.place.deps, node_id, EventBatch((event,)))

    @precondition(lambda self: self.events)
    @rule(pick=PICK)
    def repeat_an_event(self, pick: int) -> None:
        node_id, event = self.events[pick % len(self.events)]
        take_events(self.place.deps, node_id, EventBatch((event,)))

    @rule(seconds=st.integers(1, 20))
    def let_time_pass(self, seconds: int) -> None:
        for _ in range(seconds):
            self.place.clock.advance(1000)
            for index, node_id in enumerate(self.nodes):
                if node_id not in self.silent:
                    self.beat(index, node_id)

    def beat(self, index: int, node_id: NodeId) -> None:
        try:
            self.place.beat(node_id)
        except ParleyError as error:
            assert error.error is ErrorId.NODE_NOT_REGISTERED
            self.nodes[index] = self.new_node()

    @rule(node=st.integers(0, 1))
    def silence_a_node(self, node: int) -> None:
        self.silent.add(self.nodes[node])

    @rule(node=st.integers(0, 1))
    def hear_of_a_node_again(self, node: int) -> None:
        self.silent.discard(self.nodes[node])

    @rule(node=st.integers(0, 1))
    def shut_a_node_down(self, node: int) -> None:
        node_registry.deregister(self.place.deps, self.nodes[node])
        self.nodes[node] = self.new_node()

    @rule()
    def sweep(self) -> None:
        assert sweep(self.place.deps).failures == 0

    @precondition(lambda self: self.checks)
    @rule(pick=PICK)
    def deliver_a_check(self, pick: int) -> None:
        check_emptied(self.place.deps, self.checks[pick % len(self.checks)])

    @invariant()
    def a_meeting_has_one_session_at_most_and_epochs_grow(self) -> None:
        self.notice_emptied()
        for meeting in self.meetings:
            own = [session for session in self.sessions() if session.meeting_id == meeting.id]
            unfinished = [session.session_id for session in own if session.status is not SessionStatus.ENDED]
            pointer = self.place.deps.sessions.pointer(meeting.app_id, meeting.id)
            assert unfinished == ([pointer.session_id] if pointer and pointer.session_id else [])
            assert sorted(session.epoch for session in own) == list(range(1, len(own) + 1))

    @invariant()
    def the_counts_are_those_of_the_peers(self) -> None:
        for session in self.sessions():
            peers = list(self.place.deps.sessions.peers(session.app_id, session.session_id))
            still = [peer for peer in peers if peer.left_at_ms is None]
            assert session.live_peers == len(still)
            assert len(still) <= session.max_concurrent_peers <= len(peers)
            assert all(peer.left_at_ms is None or peer.left_at_ms >= peer.joined_at_ms for peer in peers)
            left = sum(peer.left_at_ms for peer in peers if peer.left_at_ms is not None)
            assert session.peer_balance_ms == left - sum(peer.joined_at_ms for peer in peers)
            if session.status is SessionStatus.ACTIVE:
                assert (session.empty_since_ms is not None) is (not still)
            assert session.status is not SessionStatus.ENDED or not still

    @invariant()
    def what_has_ended_never_changes(self) -> None:
        for session in self.sessions():
            if session.status is SessionStatus.ENDED:
                assert self.ended.setdefault(session.session_id, session) == session
                assert session.ending is not None
                assert session.started_at_ms <= session.ending.at_ms <= self.place.clock.ms

    @invariant()
    def readers_see_only_sessions_that_live(self) -> None:
        for meeting in self.meetings:
            try:
                session = active_session(self.place.deps, meeting.app_id, meeting.id)
            except ParleyError:
                continue
            owner = self.place.deps.nodes.get(session.owner_node_id)
            assert owner is not None
            assert owner.gone_at_ms is None
            assert self.place.clock.ms - owner.last_seen_ms <= owner.lease_ms
            assert session.live_peers or session.empty_since_ms is not None

    def teardown(self) -> None:
        """Whatever happened: when everybody is silent, a sweep or two end everything."""
        self.silent.update(self.nodes)
        sweep(self.place.deps)
        self.place.clock.advance(60_000)
        assert sweep(self.place.deps).failures == 0
        assert all(session.status is SessionStatus.ENDED for session in self.sessions())
        assert sum(session.live_peers for session in self.sessions()) == 0


SessionMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
TestSessionMachine = SessionMachine.TestCase
