"""A whole node: its sockets, its standing with the control plane and the sessions it owns, wired together."""

import asyncio
import contextlib
import errno
import logging
import random
import secrets
import time
from collections.abc import Coroutine
from typing import Any

import aiohttp
from livekit.protocol import rtc

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import NodeId, PeerId, SessionId, uuid7
from chalicelib.contract.node_commands import CommandAnswer, CommandClaims
from chalicelib.contract.node_messages import (
    Admission,
    AdmissionAnswer,
    AdmissionRequest,
    EventBatch,
    EventsAccepted,
    EventType,
    Heartbeat,
    LeaveReason,
    NodeEvent,
)
from media_node.config import VERSION, NodeConfig
from media_node.connected_peer import ConnectedPeer
from media_node.control_plane.admission import Admissions
from media_node.control_plane.client import ControlPlaneClient
from media_node.control_plane.commands import CommandCounters, CommandGate
from media_node.control_plane.event_outbox import EventOutbox
from media_node.control_plane.registration import NodeFacts, Registration
from media_node.hosted_session import HostedSession, NodeParts, SessionCounters
from media_node.room.control import carry_out
from media_node.room.members import SessionFacts
from media_node.room.room import Room
from media_node.session_memory import SessionMemory
from media_node.signalling.session import SignalCounters
from media_node.signalling.ws_server import ClientSocket, SignallingServer
from media_node.telemetry import Metric, counters_of
from media_node.transport.endpoint import EndpointConfig, MediaEndpoint

_log = logging.getLogger(__name__)

FEEDBACK_INTERVAL_S = 0.1
DEADLINES_EVERY = 5  # feedback intervals
TIDY_EVERY = 600
FLUSH_DEADLINE_S = 2.5
DEREGISTER_DEADLINE_S = 1.0
ENDED_TRIES, ENDED_PAUSE_S = 10, 0.2  # how long a join waits for a session that is being ended to be over


class PortInUse(Exception):
    """A port that the node needs is taken; the text is one line for whoever starts the node."""


class Node:
    """Made inside a running event loop; `start` opens the ports, `stop` ends everything within 5 s."""

    def __init__(self, config: NodeConfig) -> None:
        self._config = config
        self._http = aiohttp.ClientSession()
        self._client = ControlPlaneClient(self._http, config.control_plane_url)
        facts = NodeFacts(config.node_secret, config.url, VERSION, config.region)
        self._registration = Registration(self._client, facts, _new_node_id, self._load, self._fence_all, random.random)
        self._outbox = EventOutbox(self._post_events, self._fence_session, time.monotonic, random.random)
        self._admissions = Admissions(self._ask, _new_peer_id, self.abandon, random.random)
        self._server = SignallingServer(self, self._http, config.max_connections)
        self._sessions: dict[SessionId, HostedSession] = {}
        self._signal_counters = SignalCounters()
        self._session_counters = SessionCounters()
        self._command_counters = CommandCounters()
        registration = self._registration
        self._gate = CommandGate(
            registration.signing_keys, lambda: registration.node_id, time.time, self._command_counters
        )
        self._memory = SessionMemory(time.monotonic)
        self._endpoint: MediaEndpoint | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._draining = False
        self.http_port = 0

    @property
    def media_port(self) -> int:
        """UDP port of the media socket."""
        assert self._endpoint is not None, "the node is started"
        return self._endpoint.address[1]

    async def start(self) -> None:
        """Open the ports and begin to register. Raises PortInUse."""
        config = self._config
        endpoint_config = EndpointConfig(
            bind_address=config.media_host, port=config.media_port, public_addresses=config.media_addresses
        )
        try:
            with _naming_the_port("UDP", config.media_port, "PARLEY_MEDIA_PORT"):
                self._endpoint = MediaEndpoint(endpoint_config)
            with _naming_the_port("TCP", config.port, "PARLEY_NODE_PORT"):
                self.http_port = await self._server.start(config.host, config.port)
        except BaseException:
            await self._close()
            raise
        for work in (self._registration.run(), self._outbox.run(), self._tick()):
            self._tasks.append(asyncio.create_task(self._surviving(work)))
        _log.info("started", extra={"http_port": self.http_port, "media_port": self.media_port})

    async def stop(self) -> None:
        """Send every client to another node, hand over the last events, and close."""
        self._draining = True
        await self._server.stop_listening()
        for session in list(self._sessions.values()):
            session.dismiss(LeaveReason.NODE_SHUTDOWN)
        self._sessions.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._outbox.wait_empty(), FLUSH_DEADLINE_S)
        with contextlib.suppress(TimeoutError, ParleyError):
            await asyncio.wait_for(self._registration.leave(), DEREGISTER_DEADLINE_S)
        await self._close()
        _log.info("stopped", extra={"events_left": self._outbox.counters.waiting})

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._admissions.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._server.close(), 1.0)
        if self._endpoint is not None:
            self._endpoint.close()
        await self._http.close()

    # What the server asks (signalling.ws_server.Host)

    @property
    def node_id(self) -> str:
        """The id under which this node is registered."""
        return self._registration.node_id

    def healthy(self) -> bool:
        """Tell whether this node can take part in calls."""
        return self._registration.registered and not self._draining

    async def admit(self, token: str) -> AdmissionAnswer:
        """Ask for admission of a client. Raises ParleyError."""
        if self._draining:
            raise ParleyError(ErrorId.BUSY, "this node is shutting down; try again")
        if self._outbox.is_full:
            raise ParleyError(ErrorId.BUSY, "this node has too much to report; try again later")
        for _ in range(ENDED_TRIES):
            answer = await self._admissions.admit(token)
            admitted = answer.admission
            if admitted is None or not self._memory.has_ended(admitted.session_id, admitted.epoch):
                return answer
            # The session was ended here a moment ago, and the control plane is about to write that down.
            self.abandon(admitted)
            await asyncio.sleep(ENDED_PAUSE_S)
        raise ParleyError(ErrorId.BUSY, "the session has just been ended; try again")

    async def check(self, token: str) -> None:
        """Ask whether a client could join now. Raises ParleyError with the reason."""
        await self._admissions.check(token)

    def abandon(self, admission: Admission) -> None:
        """Report an admitted peer that never came."""
        self._outbox.append(
            NodeEvent(
                type=EventType.PEER_LEFT,
                app_id=admission.app_id,
                session_id=admission.session_id,
                epoch=admission.epoch,
                seq=0,
                peer_id=admission.peer_id,
                reason=LeaveReason.JOIN_ABORTED,
            )
        )

    def open(self, admission: Admission, request: rtc.JoinRequest, socket: ClientSocket) -> ConnectedPeer:
        """Let an admitted client into its session."""
        session = self._sessions.get(admission.session_id)
        if session is not None and session.room.facts.epoch != admission.epoch:
            session.fence()
            session = None
        if session is None:
            session = self._sessions[admission.session_id] = HostedSession(admission, self._parts())
            self._memory.wake(session.room)
        return session.open(admission, request, socket)

    async def command(self, token: bytes) -> CommandAnswer:
        """Do what the control plane says. Raises ParleyError."""
        claims = self._gate.read(token)
        session = self._sessions.get(claims.session_id)
        if session is not None and session.room.facts.epoch != claims.epoch:
            raise self._gate.refuse_stale()
        extra = {"command": claims.command.name, "session_id": claims.session_id, "jti": claims.jti}
        try:
            call = claims.command.perform_rpc
            if call is not None and session is not None:
                answer = await session.perform_rpc(call)
            else:
                answer = self._carried_out(claims, session)
        except ParleyError as error:
            self._command_counters.failed += 1
            _log.info("command failed", extra={**extra, "error": error.error.id})
            raise
        self._command_counters.carried_out += 1
        _log.info("command carried out", extra={**extra, "peers": len(answer.peers)})
        return answer

    def _carried_out(self, claims: CommandClaims, session: HostedSession | None) -> CommandAnswer:
        if claims.command.end_session is not None:
            self._memory.end(claims.session_id, claims.epoch)
            self._sessions.pop(claims.session_id, None)
        if session is None:
            # Owned, and nobody is there: the session is in its grace.
            return carry_out(_empty_room(claims), claims.command).answer
        return session.command(claims.command)

    def metrics(self) -> list[Metric]:
        """Return the figures for /metrics."""
        assert self._endpoint is not None, "the node is started"
        sessions = self._sessions.values()
        peers = [peer for session in sessions for peer in session.peers.values()]
        return [
            Metric("parley_sessions", "gauge", len(self._sessions)),
            Metric("parley_peers", "gauge", len(peers)),
            Metric("parley_tracks_published", "gauge", sum(len(peer.up_tracks) for peer in peers)),
            Metric("parley_registered", "gauge", float(self._registration.registered)),
            Metric("parley_heartbeats_total", "counter", self._registration.heartbeats),
            Metric("parley_heartbeats_failed_total", "counter", self._registration.failed_heartbeats),
            Metric("process_cpu_seconds_total", "counter", time.process_time()),
            *counters_of("parley_transport", self._endpoint.counters, frozenset({"peers_open"})),
            *counters_of("parley_signalling", self._signal_counters),
            *counters_of("parley_session", self._session_counters),
            *counters_of("parley_commands", self._command_counters),
            *counters_of("parley_outbox", self._outbox.counters, frozenset({"waiting"})),
        ]

    # Control plane

    async def _ask(self, request: AdmissionRequest) -> AdmissionAnswer:
        try:
            return await self._client.admit(self._registration.token(), request)
        except ParleyError as error:
            if error.error is ErrorId.NODE_NOT_REGISTERED:
                self._registration.on_refused(error)
                raise ParleyError(ErrorId.BUSY, "this node is joining the fleet again; try again") from error
            raise

    async def _post_events(self, batch: EventBatch) -> EventsAccepted:
        try:
            return await self._client.send_events(self._registration.token(), batch)
        except ParleyError as error:
            self._registration.on_refused(error)
            raise

    def _load(self) -> Heartbeat:
        peers = sum(len(session.peers) for session in self._sessions.values())
        return Heartbeat(sessions=len(self._sessions), peers=peers, draining=self._draining)

    def _fence_session(self, session_id: SessionId) -> None:
        session = self._sessions.pop(session_id, None)
        if session is not None:
            _log.warning("session belongs to another node now", extra={"session_id": session_id})
            session.fence()

    def _fence_all(self) -> None:
        for session_id in list(self._sessions):
            self._outbox.drop_session(session_id)
            self._fence_session(session_id)

    # Running

    async def _tick(self) -> None:
        ticks = 0
        while True:
            await asyncio.sleep(FEEDBACK_INTERVAL_S)
            ticks += 1
            now = time.monotonic()
            for session_id, session in list(self._sessions.items()):
                self._tick_session(session, now, deadlines=ticks % DEADLINES_EVERY == 0)
                if not session.peers and self._sessions.get(session_id) is session:
                    del self._sessions[session_id]
                    self._memory.rest(session.room)
            if ticks % TIDY_EVERY == 0:
                self._memory.tidy()
                self._outbox.forget_idle_sessions(set(self._sessions))

    def _tick_session(self, session: HostedSession, now: float, deadlines: bool) -> None:
        try:
            session.tick(now, deadlines)
        except Exception:
            # One session's broken invariant is not the others' business: its clients start over.
            _log.exception("session broke", extra={"session_id": session.room.facts.session_id})
            session.dismiss(LeaveReason.NODE_LOST)

    async def _surviving(self, work: Coroutine[Any, Any, None]) -> None:
        """A loop of the node that ends is a defect: say so, and end the process rather than run on without it."""
        try:
            await work
        except asyncio.CancelledError:
            raise
        except Exception:
            _log.exception("a loop of the node broke")
            raise SystemExit(1) from None

    def _parts(self) -> NodeParts:
        assert self._endpoint is not None, "the node is started"
        return NodeParts(
            endpoint=self._endpoint,
            report=self._outbox.append,
            now=time.monotonic,
            wall_ms=_wall_ms,
            entropy=secrets.token_bytes,
            node_id=lambda: self._registration.node_id,
            signal_counters=self._signal_counters,
            session_counters=self._session_counters,
        )


@contextlib.contextmanager
def _naming_the_port(kind: str, port: int, variable: str) -> Any:
    try:
        yield
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(f"{kind} port {port} is in use; set {variable} to another one") from None
        raise PortInUse(f"cannot open {kind} port {port}: {error.strerror or error}") from None


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


def _empty_room(claims: CommandClaims) -> Room:
    return Room(SessionFacts(claims.app_id, claims.meeting_id, "", claims.session_id, claims.epoch, 0))


def _new_node_id() -> NodeId:
    return NodeId("nd_" + secrets.token_hex(8))


def _new_peer_id() -> PeerId:
    return PeerId(uuid7(_wall_ms(), secrets.token_bytes(10)))
