"""A control plane that admits everybody as a host: lets a benchmark measure a media node alone."""

import itertools
import time
from typing import Any

from aiohttp import web

from chalicelib.contract.codec import from_json, to_json
from chalicelib.contract.grants import Grants, Source
from chalicelib.contract.ids import AppId, MeetingId, ParticipantId, SessionId
from chalicelib.contract.node_messages import (
    Admission,
    AdmissionAnswer,
    AdmissionRequest,
    EventsAccepted,
    HeartbeatAccepted,
    NodeRegistered,
)

_ID = "00000000-0000-7000-8000-{:012d}"
EVERYTHING = Grants(tuple(Source), subscribe=True, publish_data=True)


class AdmitAll:
    """Answers a node under ``/internal``; the token is taken as the identity, all are in one session."""

    def __init__(self) -> None:
        self._participants = itertools.count(1)

    async def start(self, port: int) -> web.AppRunner:
        """Serve on the loopback; the caller cleans the runner up."""
        app = web.Application()
        app.router.add_post("/internal/nodes", self._register)
        app.router.add_delete("/internal/nodes/{node_id}", self._deregister)
        app.router.add_post("/internal/nodes/{node_id}/heartbeats", self._heartbeat)
        app.router.add_post("/internal/admissions", self._admit)
        app.router.add_post("/internal/events", self._events)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        return runner

    async def _register(self, request: web.Request) -> web.Response:
        return _answer(NodeRegistered("node-token", heartbeat_interval_ms=1000, lease_ms=5000, signing_keys=()))

    async def _deregister(self, request: web.Request) -> web.Response:
        return _answer(None)

    async def _heartbeat(self, request: web.Request) -> web.Response:
        return _answer(HeartbeatAccepted(lease_ms=5000))

    async def _events(self, request: web.Request) -> web.Response:
        return _answer(EventsAccepted(handled=len((await request.json())["events"])))

    async def _admit(self, request: web.Request) -> web.Response:
        asked = from_json(AdmissionRequest, await request.json())
        admission = Admission(
            peer_id=asked.peer_id,
            app_id=AppId(_ID.format(1)),
            meeting_id=MeetingId(_ID.format(2)),
            meeting_title="bench",
            session_id=SessionId(_ID.format(3)),
            epoch=1,
            session_started_at_ms=int(time.time() * 1000),
            participant_id=ParticipantId(_ID.format(1000 + next(self._participants))),
            identity=asked.token,
            grants=EVERYTHING,
        )
        return _answer(AdmissionAnswer(admission=admission))


def _answer(message: Any) -> web.Response:
    return web.json_response({"success": True, "data": to_json(message)})
