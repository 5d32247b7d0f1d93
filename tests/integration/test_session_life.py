"""The life of a session over HTTP: a real database, its stream, a real queue, the schedule, and nodes that only talk.

What a node does with media is not needed here; tests/integration/test_session_of_a_call.py has whole calls.
"""

import itertools
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cloudflare import Cloudflare, NotFoundError

import app as composition
from chalicelib.contract.codec import from_json
from chalicelib.contract.ids import MeetingId, uuid7
from chalicelib.contract.node_messages import AdmissionAnswer, EventsAccepted, HeartbeatAccepted, NodeRegistered
from infra.local.control_plane import create_clients, wait_for_port
from infra.local.event_sources import Sources, pollers
from tests.integration.control_plane import NODE_SECRET, ControlPlane, running_control_plane
from tests.running_parley import free_port, wait_until

LEASE_MS = 3_000  # short, yet long enough for a busy machine
UNKNOWN_PEER = "018f3a1c-6d1e-7b2a-9c3d-0a1b2c3d4e5f"
_ids = itertools.count(1)


@contextmanager
def queue_server(folder: Path) -> Iterator[str]:
    port = free_port(socket.SOCK_STREAM)
    env = {**os.environ, "GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "SERVICES": "sqs", "TMPDIR": str(folder)}
    process = subprocess.Popen(
        [sys.executable, "-m", "ministack"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for_port(url, 30)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=15)


@contextmanager
def event_sources(table: str, queue_url: str, folder: Path) -> Iterator[None]:
    clients = create_clients(os.environ)
    running = pollers(composition.app, Sources(clients, table, lambda _: queue_url, folder, schedule_seconds=0.5))
    for poller in running:
        poller.start()
    try:
        yield
    finally:
        for poller in running:
            poller.stopped.set()
        for poller in running:
            poller.join(timeout=10)


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    folder = tmp_path_factory.mktemp("sources")
    with queue_server(folder) as sqs, pytest.MonkeyPatch.context() as patch:
        queue_url = f"{sqs}/000000000000/parley-test-session-checks"
        settings = {
            "AWS_ENDPOINT_URL_SQS": sqs,
            "PARLEY_QUEUE_URL": queue_url,
            "PARLEY_NODE_LEASE_MS": str(LEASE_MS),
            "PARLEY_HEARTBEAT_INTERVAL_MS": "300",
        }
        for name, value in settings.items():
            patch.setenv(name, value)
        with running_control_plane() as running, event_sources(running.deps.config.table, queue_url, folder):
            yield running


@dataclass
class TalkingNode:
    """A node that registers, sends heartbeats until it is killed, admits and reports, and forwards nothing."""

    plane: ControlPlane
    node_id: str = field(default_factory=lambda: f"nd_{next(_ids):08d}")

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.plane.url, timeout=10)
        self.dead = threading.Event()
        self.seq = itertools.count(1)
        body = {"node_id": self.node_id, "url": f"http://{self.node_id}:7000", "version": "test"}
        registered = from_json(NodeRegistered, self.call("POST", "/internal/nodes", body, NODE_SECRET))
        self.token = registered.node_token
        self.interval_s = registered.heartbeat_interval_ms / 1000
        self.thread = threading.Thread(target=self._beat, daemon=True)
        self.thread.start()

    def _beat(self) -> None:
        path = f"/internal/nodes/{self.node_id}/heartbeats"
        with httpx.Client(base_url=self.plane.url, timeout=10) as http:
            while not self.dead.wait(self.interval_s):
                answer = http.post(path, json={"sessions": 0, "peers": 0}, headers=bearer(self.token))
                if answer.status_code != 200:
                    return

    def call(self, method: str, path: str, body: Any = None, credential: str | None = None) -> Any:
        answer = self.http.request(method, path, json=body, headers=bearer(credential or self.token))
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def admit(self, token: str) -> AdmissionAnswer:
        now_ms = time.time_ns() // 1_000_000
        body = {"token": token, "peer_id": uuid7(now_ms, next(_ids).to_bytes(10, "big"))}
        return from_json(AdmissionAnswer, self.call("POST", "/internal/admissions", body))

    def join(self, token: str) -> Any:
        admission = self.admit(token).admission
        assert admission is not None
        return admission

    def report(self, admission: Any, kind: str, **fields: Any) -> EventsAccepted:
        event = {
            "type": kind,
            "app_id": admission.app_id,
            "session_id": admission.session_id,
            "epoch": admission.epoch,
            "seq": next(self.seq),
            "peer_id": admission.peer_id,
            **fields,
        }
        return from_json(EventsAccepted, self.call("POST", "/internal/events", {"events": [event]}))

    def kill(self) -> None:
        """Say nothing any more, as after kill -9."""
        self.dead.set()
        self.thread.join(timeout=15)
        self.http.close()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def new_node(plane: ControlPlane) -> Iterator[Callable[[], TalkingNode]]:
    made: list[TalkingNode] = []

    def make() -> TalkingNode:
        made.append(TalkingNode(plane))
        return made[-1]

    yield make
    for node in made:
        node.kill()


@dataclass
class Meeting:
    """A meeting made through the official SDK, and what the SDK says of its sessions."""

    plane: ControlPlane
    sdk: Cloudflare
    keep_alive_s: float = 60

    def __post_init__(self) -> None:
        self.at = {"account_id": self.plane.account_id, "app_id": self.plane.app_id}
        made = self.sdk.realtime_kit.meetings.create(
            self.plane.app_id,
            account_id=self.plane.account_id,
            title="stand-up",
            session_keep_alive_time_in_secs=self.keep_alive_s,
        )
        assert made.data is not None
        self.id = MeetingId(made.data.id)

    def token(self, identity: str = "ada") -> str:
        added = self.sdk.realtime_kit.meetings.add_participant(
            self.id, **self.at, custom_participant_id=identity, preset_name="group_call_host", name=identity.title()
        )
        assert added.data is not None
        return added.data.token

    def active(self) -> Any:
        try:
            return self.sdk.realtime_kit.active_session.get_active_session(self.id, **self.at).data
        except NotFoundError as error:
            assert error.errors[0].code == 40406
            return None

    def sessions(self, **wanted: Any) -> list[Any]:
        answer = self.sdk.realtime_kit.sessions.get_sessions(**self.at, associated_id=self.id, **wanted)
        assert answer.data is not None
        assert answer.paging is not None
        return answer.data.sessions or []

    def is_written_down_as_ended(self, session_id: str) -> bool:
        session = self.plane.deps.sessions.get(self.plane.app.app.id, session_id)  # type: ignore[arg-type]
        return session is not None and session.status == "ENDED"


@pytest.fixture
def new_meeting(plane: ControlPlane) -> Callable[..., Meeting]:
    return lambda **options: Meeting(plane, plane.sdk(), **options)


def test_the_last_leave_leads_through_stream_and_queue_to_the_end(
    new_node: Callable[[], TalkingNode], new_meeting: Callable[..., Meeting]
) -> None:
    node, meeting = new_node(), new_meeting(keep_alive_s=1)
    assert meeting.active() is None
    ada, bob = node.join(meeting.token("ada")), node.join(meeting.token("bob"))
    node.report(ada, "peer_connected")
    node.report(ada, "track_published", track_sid="TR_1", source="camera", mime_type="video/VP8")
    live = meeting.active()
    assert (live.id, live.status, live.type, live.live_participants, live.max_concurrent_participants) == (
        ada.session_id,
        "LIVE",
        "meeting",
        2,
        2,
    )
    assert (live.associated_id, live.organization_id, live.meeting_display_name) == (
        meeting.id,
        meeting.plane.app_id,
        "stand-up",
    )
    assert [session.id for session in meeting.sessions(status="LIVE", search="STAND")] == [ada.session_id]

    node.report(ada, "peer_left", reason="client_left")
    node.report(bob, "peer_left", reason="connection_lost")
    wait_until(lambda: meeting.is_written_down_as_ended(ada.session_id), 10)

    assert meeting.active() is None
    (ended,) = meeting.sessions(status="ENDED")
    assert (ended.live_participants, ended.max_concurrent_participants, ended.status) == (0, 2, "ENDED")
    assert ended.started_at < ended.ended_at
    detail = meeting.sdk.realtime_kit.sessions.get_session_details(ada.session_id, **meeting.at).data
    assert detail is not None
    assert detail.ended_at == ended.ended_at
    assert node.report(ada, "peer_connected").refused[0].fenced


def test_a_rejoin_inside_the_grace_keeps_the_session(
    new_node: Callable[[], TalkingNode], new_meeting: Callable[..., Meeting]
) -> None:
    node, meeting = new_node(), new_meeting(keep_alive_s=1)
    ada = node.join(meeting.token())
    node.report(ada, "peer_left")
    again = node.join(meeting.token())
    assert again.session_id == ada.session_id
    time.sleep(2.5)  # the delayed check comes and must find the session lively
    assert meeting.active().live_participants == 1
    assert not meeting.is_written_down_as_ended(ada.session_id)


def test_a_dead_node_is_seen_at_once_and_swept_soon(
    new_node: Callable[[], TalkingNode], new_meeting: Callable[..., Meeting]
) -> None:
    node, other, meeting = new_node(), new_node(), new_meeting()
    ada = node.join(meeting.token())
    elsewhere = other.admit(meeting.token("bob")).owned_elsewhere
    assert elsewhere is not None
    assert elsewhere.owner_url == f"http://{node.node_id}:7000"
    node.kill()
    wait_until(lambda: meeting.active() is None, LEASE_MS / 1000 + 2)
    wait_until(lambda: meeting.is_written_down_as_ended(ada.session_id), 5)
    (session,) = meeting.sessions()
    assert (session.status, session.live_participants) == ("ENDED", 0)
    bob = other.join(meeting.token("bob"))
    assert (bob.epoch, bob.session_id == ada.session_id) == (2, False)


def test_a_goodbye_ends_the_sessions_of_a_node(
    new_node: Callable[[], TalkingNode], new_meeting: Callable[..., Meeting]
) -> None:
    node, meeting = new_node(), new_meeting()
    ada = node.join(meeting.token())
    node.call("DELETE", f"/internal/nodes/{node.node_id}")
    assert meeting.is_written_down_as_ended(ada.session_id)
    answer = node.http.post(
        f"/internal/nodes/{node.node_id}/heartbeats", json={"sessions": 0, "peers": 0}, headers=bearer(node.token)
    )
    assert (answer.status_code, answer.json()["error"]["id"]) == (404, "node_not_registered")


def test_who_was_in_a_session_is_told(new_node: Callable[[], TalkingNode], new_meeting: Callable[..., Meeting]) -> None:
    node, meeting = new_node(), new_meeting()
    ada, bob = node.join(meeting.token("ada")), node.join(meeting.token("bob"))
    node.report(ada, "peer_connected")
    node.report(ada, "peer_left", reason="client_left")
    sessions = meeting.sdk.realtime_kit.sessions
    listed = sessions.get_session_participants(ada.session_id, **meeting.at, include_peer_events=True)
    assert listed.data is not None
    people = listed.data.participants or []
    assert [(one.id, one.display_name, one.preset_name) for one in people] == [
        (ada.peer_id, "Ada", "group_call_host"),
        (bob.peer_id, "Bob", "group_call_host"),
    ]
    assert people[0].left_at is not None
    assert people[1].left_at is None
    assert [event.event_name for event in people[0].peer_events or []] == [
        "PEER_CREATED",
        "PEER_JOINING",
        "PEER_LEAVING",
    ]
    one = sessions.get_session_participant_details(bob.participant_id, **meeting.at, session_id=bob.session_id).data
    assert one is not None
    assert one.participant is not None
    assert one.participant.custom_participant_id == "bob"


def test_a_livekit_token_joins_the_same_session(
    new_node: Callable[[], TalkingNode], new_meeting: Callable[..., Meeting]
) -> None:
    node, meeting = new_node(), new_meeting()
    ada = node.join(meeting.token("ada"))
    key = meeting.plane.app.api_key
    claims = {
        "iss": key.key,
        "sub": "lk",
        "exp": int(time.time()) + 60,
        "video": {"roomJoin": True, "room": meeting.id},
    }
    guest = node.join(jwt.encode(claims, key.secret, algorithm="HS256"))
    assert guest.session_id == ada.session_id
    assert guest.identity == "lk"


@pytest.mark.parametrize(
    ("path", "credential", "body", "status", "error"),
    [
        ("/internal/nodes", "", {}, 401, "credential_missing"),
        ("/internal/nodes", "wrong", {}, 401, "credential_invalid"),
        ("/internal/nodes", NODE_SECRET, {"node_id": 7, "url": "http://x", "version": "1"}, 400, "invalid_field"),
        ("/internal/nodes", NODE_SECRET, {"node_id": "nd_12345678"}, 400, "invalid_field"),
        ("/internal/admissions", "", {"token": "x", "peer_id": "y"}, 401, "credential_missing"),
        ("/internal/admissions", NODE_SECRET, {"token": "x", "peer_id": "y"}, 401, "credential_invalid"),
        ("/internal/admissions", "node", {"token": "x"}, 400, "invalid_field"),
        ("/internal/admissions", "node", {"token": "x", "peer_id": "y"}, 400, "invalid_field"),
        ("/internal/admissions", "participant", {"token": "x", "peer_id": "y"}, 401, "credential_invalid"),
        ("/internal/admissions", "node", {"token": "x", "peer_id": UNKNOWN_PEER}, 401, "token_invalid"),
        ("/internal/events", "node", {"events": [{"type": "dance"}]}, 400, "invalid_field"),
        ("/internal/events", "participant", {"events": []}, 401, "credential_invalid"),
        ("/internal/nodes/nd_00000000/heartbeats", "node", {"sessions": 0, "peers": 0}, 403, "not_allowed"),
    ],
)
def test_bad_calls_of_nodes_are_refused_in_the_envelope(
    plane: ControlPlane,
    new_node: Callable[[], TalkingNode],
    new_meeting: Callable[..., Meeting],
    path: str,
    credential: str,
    body: Any,
    status: int,
    error: str,
) -> None:
    named = {"node": lambda: new_node().token, "participant": lambda: new_meeting().token()}
    token = named.get(credential, lambda: credential)()
    answer = httpx.post(plane.url + path, json=body, headers=bearer(token) if token else {})
    assert (answer.status_code, answer.json()["error"]["id"]) == (status, error), answer.text
    assert answer.headers["x-should-retry"] == "false"


def test_health_tells_whether_calls_can_be_made(plane: ControlPlane, new_node: Callable[[], TalkingNode]) -> None:
    node = new_node()
    answer = httpx.get(f"{plane.url}/health")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert answer.json()["nodes"] >= 1
    node.kill()
    wait_until(lambda: httpx.get(f"{plane.url}/health").status_code == 503, 10)
    refused = httpx.get(f"{plane.url}/health").json()
    assert refused["error"]["id"] == "no_node_available"


def test_a_heartbeat_is_answered_in_the_words_of_the_contract(new_node: Callable[[], TalkingNode]) -> None:
    node = new_node()
    told = node.call("POST", f"/internal/nodes/{node.node_id}/heartbeats", {"sessions": 1, "peers": 2})
    assert from_json(HeartbeatAccepted, told) == HeartbeatAccepted(lease_ms=LEASE_MS)
