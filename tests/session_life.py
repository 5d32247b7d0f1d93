"""One small installation for tests of session life: an app with meetings and participants, nodes, and what they say."""

import itertools
from dataclasses import dataclass, field
from typing import Any

from chalicelib.contract.ids import NodeId, ParticipantId, PeerId, uuid7
from chalicelib.contract.node_messages import (
    Admission,
    AdmissionAnswer,
    AdmissionRequest,
    EventBatch,
    EventsAccepted,
    EventType,
    Heartbeat,
    NodeEvent,
    RegisterNode,
)
from chalicelib.contract.token_claims import NodeClaims
from chalicelib.domain.app import App
from chalicelib.domain.meeting import Meeting, MeetingOptions
from chalicelib.domain.participant import Participant
from chalicelib.domain.session import Session
from chalicelib.services import node_registry, participants
from chalicelib.services.accounts import create_account
from chalicelib.services.admission import admit
from chalicelib.services.apps import create_app
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.meetings import create_meeting
from chalicelib.services.participants import Home, add_participant, issue_token
from chalicelib.services.session_events import take_events
from tests.fakes.clock import FakeClock
from tests.fakes.dependencies import fake_dependencies
from tests.fakes.resource_stores import ResourceStores
from tests.fakes.session_stores import FakeDeadLetters, FakeDelayQueue, FakeNodeStore, FakeSessionStore

NODE = NodeId("nd_aaaaaaaa")
OTHER = NodeId("nd_bbbbbbbb")
KEEP_ALIVE_S = 60
_numbers = itertools.count(1)


@dataclass
class Installation:
    """Dependencies, their clock, and one app."""

    deps: Dependencies
    clock: FakeClock
    queue: FakeDelayQueue
    dead_letters: FakeDeadLetters
    app: App = field(init=False)
    api_key: Any = field(init=False)

    def __post_init__(self) -> None:
        account = create_account(self.deps, "tests")
        made = create_app(self.deps, account.account.id, "dev")
        self.app, self.api_key, self.api_token = made.app, made.api_key, account.api_token

    def meeting(self, title: str = "standup", keep_alive_s: float = KEEP_ALIVE_S) -> Meeting:
        """Make a meeting."""
        return create_meeting(
            self.deps, self.app.id, MeetingOptions(title=title, session_keep_alive_time_in_secs=keep_alive_s)
        )

    def home(self, meeting: Meeting) -> Home:
        """Say where a meeting's participants live."""
        return Home(self.app.account_id, self.app.id, meeting.id)

    def participant(self, meeting: Meeting, identity: str = "ada", preset: str = "group_call_host") -> Participant:
        """Add somebody to a meeting."""
        return add_participant(self.deps, self.home(meeting), identity, preset, {"name": identity.title()})

    def token(self, meeting: Meeting, identity: str = "ada", **options: Any) -> str:
        """Add somebody to a meeting and return a token of theirs."""
        return issue_token(self.deps, self.app.account_id, self.participant(meeting, identity, **options)).text

    def node(self, node_id: NodeId = NODE) -> NodeId:
        """Register a node."""
        node_registry.register(self.deps, RegisterNode(node_id, f"http://{node_id}:7000", "0.1.0"))
        return node_id

    def beat(self, *node_ids: NodeId, draining: bool = False) -> None:
        """Let nodes send a heartbeat."""
        for node_id in node_ids:
            claims = NodeClaims(node_id, "jti", self.clock.ms // 1000 + 3600)
            node_registry.heartbeat(self.deps, claims, Heartbeat(1, 1, draining))

    def pass_time(self, seconds: float, *alive: NodeId) -> None:
        """Let time pass; nodes that are alive are heard of in every second of it."""
        for _ in range(int(seconds)):
            self.clock.advance(1000)
            self.beat(*alive)
        self.clock.advance(round(seconds % 1 * 1000))

    def answer(
        self, token: str, peer_id: PeerId | None = None, node_id: NodeId = NODE, *, check_only: bool = False
    ) -> AdmissionAnswer:
        """Ask for admission."""
        return admit(self.deps, node_id, AdmissionRequest(token, peer_id or self.peer_id(), check_only))

    def join(self, token: str, peer_id: PeerId | None = None, node_id: NodeId = NODE) -> Admission:
        """Be admitted."""
        admission = self.answer(token, peer_id, node_id).admission
        assert admission is not None
        return admission

    def peer_id(self) -> PeerId:
        """Return a new peer id."""
        return PeerId(uuid7(self.clock.ms, next(_numbers).to_bytes(10, "big")))

    def report(
        self, admission: Admission, seq: int, kind: EventType, node_id: NodeId = NODE, **fields: Any
    ) -> EventsAccepted:
        """Let a node report one event of an admitted peer."""
        return take_events(self.deps, node_id, EventBatch((event_of(admission, seq, kind, **fields),)))

    def leave(self, admission: Admission, seq: int, **fields: Any) -> None:
        """Let a node report that a peer left."""
        accepted = self.report(admission, seq, EventType.PEER_LEFT, **fields)
        assert accepted == EventsAccepted(1), accepted

    def session(self, admission: Admission) -> Session:
        """Return what is written down of a peer's session."""
        session = self.deps.sessions.get(admission.app_id, admission.session_id)
        assert session is not None
        return session

    def delete(self, meeting: Meeting, participant_id: ParticipantId) -> None:
        """Remove a participant."""
        participants.delete_participant(self.deps, self.home(meeting), participant_id)


def event_of(admission: Admission, seq: int, kind: EventType, **fields: Any) -> NodeEvent:
    """Return an event of an admitted peer."""
    told: dict[str, Any] = {
        "type": kind,
        "app_id": admission.app_id,
        "session_id": admission.session_id,
        "epoch": admission.epoch,
        "seq": seq,
        "peer_id": admission.peer_id,
    }
    return NodeEvent(**{**told, **fields})


def installation(**given: Any) -> Installation:
    """Return an installation over fakes; `given` replaces dependencies by name."""
    clock, queue, dead_letters = FakeClock(), FakeDelayQueue(), FakeDeadLetters()
    resources, nodes = ResourceStores(), FakeNodeStore()
    sessions = FakeSessionStore(resources, nodes)
    fields: dict[str, Any] = {
        "accounts": resources.accounts,
        "apps": resources.apps,
        "meetings": resources.meetings,
        "presets": resources.presets,
        "participants": resources.participants,
        "sessions": sessions,
        "waiting_room": sessions.waiting_room,
        "nodes": nodes,
        "delays": queue,
        "dead_letters": dead_letters,
    }
    return Installation(fake_dependencies(clock, **{**fields, **given}), clock, queue, dead_letters)
