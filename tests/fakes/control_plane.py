"""A control plane that fits in a test: admits by what the token says, and remembers what nodes told it.

A token is ``identity`` or ``identity:preset``; presets: ``host`` (all), ``listener`` (no publishing), ``speaker``
(microphone only), ``ghost`` (hidden), ``owner`` (may change its metadata). ``bad...`` is refused.
"""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from chalicelib.contract.codec import from_json, to_json
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.grants import Grants, Source
from chalicelib.contract.ids import AppId, MeetingId, NodeId, ParticipantId, SessionId
from chalicelib.contract.node_messages import (
    Admission,
    AdmissionAnswer,
    AdmissionRequest,
    EventBatch,
    EventsAccepted,
    Heartbeat,
    HeartbeatAccepted,
    NodeEvent,
    NodeRegistered,
    OwnedElsewhere,
    RefusedEvent,
    RegisterNode,
    SigningKey,
)

SECRET = "secret-of-the-fleet"
EVERYTHING = Grants(tuple(Source), subscribe=True, publish_data=True)
PRESETS = {
    "host": EVERYTHING,
    "listener": Grants(subscribe=True),
    "speaker": Grants((Source.MICROPHONE,), subscribe=True, publish_data=True),
    "ghost": Grants(subscribe=True, hidden=True),
    "owner": Grants(tuple(Source), subscribe=True, publish_data=True, update_own_metadata=True),
}
NAMESPACE = uuid.UUID(int=1)


class FakeControlPlane:
    """Answers /internal. What it shall answer next is set by the attributes."""

    def __init__(self) -> None:
        self.url = ""
        self.session_id = SessionId(str(uuid.uuid4()))
        self.epoch = 1
        self.nodes: dict[NodeId, RegisterNode] = {}
        self.heartbeats: list[tuple[NodeId, Heartbeat]] = []
        self.events: list[NodeEvent] = []
        self.batches: list[EventBatch] = []
        self.gone: list[NodeId] = []
        self.admissions: list[AdmissionRequest] = []
        self.owned_elsewhere: OwnedElsewhere | None = None
        self.fail_next: list[ParleyError | int] = []  # before anything else, an error or a bare status
        self.drop_answers = 0  # do the work, then answer 500
        self.fence_next_event = False
        self.heartbeat_interval_ms = 100
        self.signing_keys: tuple[SigningKey, ...] = ()

    def forget_nodes(self) -> None:
        """Take every node for dead."""
        self.nodes.clear()

    async def _handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            if self.fail_next:
                failure = self.fail_next.pop(0)
                if isinstance(failure, int):
                    return web.Response(status=failure, text="<html>")
                raise failure
            data = self._answer(request, json.loads(body) if body else None)
            if self.drop_answers:
                self.drop_answers -= 1
                return web.Response(status=502)
        except ParleyError as error:
            told = {"code": error.error.status, "id": error.error.id, "message": error.message}
            return web.json_response({"success": False, "error": told}, status=error.error.status)
        return web.json_response({"success": True, "data": data})

    def _answer(self, request: web.Request, body: Any) -> Any:
        credential = request.headers.get("Authorization", "").removeprefix("Bearer ")
        path = request.path.removeprefix("/internal")
        if path == "/nodes":
            if credential != SECRET:
                raise ParleyError(ErrorId.CREDENTIAL_INVALID, "wrong secret")
            node = from_json(RegisterNode, body)
            self.nodes[node.node_id] = node
            return to_json(
                NodeRegistered(f"token-of-{node.node_id}", self.heartbeat_interval_ms, 5000, self.signing_keys)
            )
        node_id = NodeId(credential.removeprefix("token-of-"))
        if node_id not in self.nodes:
            raise ParleyError(ErrorId.NODE_NOT_REGISTERED, "no such node")
        if path.endswith("/heartbeats"):
            self.heartbeats.append((node_id, from_json(Heartbeat, body)))
            return to_json(HeartbeatAccepted(5000))
        if path == "/admissions":
            return to_json(self._admit(from_json(AdmissionRequest, body)))
        if path == "/events":
            return to_json(self._take(from_json(EventBatch, body)))
        assert request.method == "DELETE"
        self.gone.append(node_id)
        del self.nodes[node_id]
        return None

    def _admit(self, request: AdmissionRequest) -> AdmissionAnswer:
        self.admissions.append(request)
        if request.token.startswith("bad"):
            raise ParleyError(ErrorId.TOKEN_INVALID, "this token is not good")
        if request.check_only:
            return AdmissionAnswer()
        if self.owned_elsewhere is not None:
            return AdmissionAnswer(owned_elsewhere=self.owned_elsewhere)
        identity, _, preset = request.token.partition(":")
        return AdmissionAnswer(
            admission=Admission(
                peer_id=request.peer_id,
                app_id=AppId(str(uuid.uuid5(NAMESPACE, "app"))),
                meeting_id=MeetingId(str(uuid.uuid5(NAMESPACE, "meeting"))),
                meeting_title="Stand-up",
                session_id=self.session_id,
                epoch=self.epoch,
                session_started_at_ms=1_700_000_000_000,
                participant_id=ParticipantId(str(uuid.uuid5(NAMESPACE, identity))),
                identity=identity,
                grants=PRESETS[preset or "host"],
                name=identity.capitalize(),
            )
        )

    def _take(self, batch: EventBatch) -> EventsAccepted:
        self.batches.append(batch)
        if self.fence_next_event:
            self.fence_next_event = False
            return EventsAccepted(1, (RefusedEvent(0, ErrorId.STALE_EPOCH.id, fenced=True),))
        self.events += batch.events
        return EventsAccepted(len(batch.events))


@asynccontextmanager
async def fake_control_plane() -> AsyncIterator[FakeControlPlane]:
    """Serve one on a free port."""
    fake = FakeControlPlane()
    app = web.Application()
    app.router.add_route("*", "/internal/{rest:.*}", fake._handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        await runner.cleanup()


async def until(condition: Any, what: str, seconds: float = 5.0) -> None:
    """Wait for a condition with a deadline."""
    try:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"not within {seconds} s: {what}") from None
