"""The node's HTTP and WebSocket face: a shell around signalling that decides nothing about calls.

Limits on strangers are here: how many connections, how long they may take to say what they want, how large it may be.
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

import aiohttp
from aiohttp import web
from livekit.protocol import models, rtc

from chalicelib.contract.codec import to_json
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.node_commands import MAX_COMMAND_BYTES, CommandAnswer
from chalicelib.contract.node_messages import Admission, AdmissionAnswer
from chalicelib.contract.token_claims import INVALID_TOKEN, MAX_TOKEN_BYTES
from media_node.room import rendering
from media_node.signalling.connection_guard import ConnectionGuards
from media_node.signalling.join_request import read_join_request
from media_node.telemetry import Metric, render_prometheus

_log = logging.getLogger(__name__)

MAX_FRAME_BYTES = 256 * 1024  # an offer with 256 sections is below 200 kB
MAX_REQUEST_LINE_BYTES = 64 * 1024  # join_request holds a whole offer, and the token stands beside it
MAX_HEADER_BYTES = 16 * 1024
FIRST_REQUEST_S = 10.0  # for TLS-less HTTP behind a gateway; ends slowloris
MAX_QUEUED_BYTES = 4 * 1024 * 1024  # what a client that does not read may hold here
SEND_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 2.0
COMMAND_TIMEOUT_S = 2.0  # the control plane waits no longer
PING_INTERVAL_S = 10.0  # of WebSocket pings; a client that vanished is noticed within 15 s
RELAYED_BY = "X-Parley-Relayed-By"
ERROR_ID = "X-Parley-Error"
_BY_STATUS = {
    404: ErrorId.ROUTE_NOT_FOUND,
    405: ErrorId.METHOD_NOT_ALLOWED,
    413: ErrorId.BODY_TOO_LARGE,
}
_CORS = {"Access-Control-Allow-Origin": "*"}
_NO_DUAL_PEER_CONNECTION = (
    "This server speaks the single-peer-connection protocol only (/rtc/v1). "
    "Use a LiveKit client SDK of 2026, or switch its single peer connection option on."
)
_NO_AGENT_WORKERS = (
    "Agent workers can't connect to this server yet: dispatches are kept and listed, and nobody is sent. "
    "An agent can join a room like any participant, with an access token of kind agent."
)


class Connection(Protocol):
    """What the owner of calls does with one client's frames."""

    def on_frame(self, frame: bytes) -> None:
        """Take one binary frame."""

    def on_text(self) -> None:
        """Learn that the client sent a text frame."""

    def on_socket_closed(self) -> None:
        """Learn, once, that nothing more comes or goes."""


class Host(Protocol):
    """What the server asks its node for."""

    @property
    def node_id(self) -> str:
        """The node's id."""

    def healthy(self) -> bool:
        """Tell whether this node can take part in calls."""

    async def admit(self, token: str) -> AdmissionAnswer:
        """Ask for admission of a client. Raises ParleyError."""

    async def check(self, token: str) -> None:
        """Ask whether a client could join now. Raises ParleyError with the reason."""

    def abandon(self, admission: Admission) -> None:
        """Learn that an admitted client went away before it got its answer."""

    def open(self, admission: Admission, request: rtc.JoinRequest, socket: "ClientSocket") -> Connection:
        """Start the session of an admitted client."""

    async def command(self, token: bytes) -> CommandAnswer:
        """Do what the control plane says with a signed command. Raises ParleyError."""

    def metrics(self) -> list[Metric]:
        """Return the figures for /metrics."""


class ClientSocket:
    """Sends frames to one client in order, without ever making the caller wait."""

    def __init__(self, ws: web.WebSocketResponse) -> None:
        self._ws = ws
        self._frames: deque[bytes] = deque()
        self._queued_bytes = 0
        self._closing: tuple[int, str] | None = None
        self._wake = asyncio.Event()

    def send(self, frame: bytes) -> None:
        """Queue a frame. A client that reads too slowly is cut off rather than kept in memory."""
        if self._closing is not None:
            return
        self._frames.append(frame)
        self._queued_bytes += len(frame)
        if self._queued_bytes > MAX_QUEUED_BYTES:
            self._frames.clear()
            self.close(aiohttp.WSCloseCode.TRY_AGAIN_LATER, "slow_reader")
        self._wake.set()

    def close(self, code: int, reason: str) -> None:
        """Close after what is queued; only the first call counts."""
        if self._closing is None:
            self._closing = (code, reason)
            self._wake.set()

    async def run(self) -> None:
        """Send until closed."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._frames:
                    frame = self._frames.popleft()
                    self._queued_bytes -= len(frame)
                    async with asyncio.timeout(SEND_TIMEOUT_S):
                        await self._ws.send_bytes(frame)
                if self._closing is not None:
                    code, reason = self._closing
                    await self._ws.close(code=code, message=reason.encode())
                    return
        except (ConnectionError, TimeoutError, aiohttp.ClientError):
            # The reading side sees the end too, and tells the session.
            self._closing = (aiohttp.WSCloseCode.ABNORMAL_CLOSURE, "lost")
            await self._ws.close(code=aiohttp.WSCloseCode.GOING_AWAY, drain=False)


class SignallingServer:
    """Serves one node. `http` is the client session used to relay sockets to other nodes."""

    def __init__(self, host: Host, http: aiohttp.ClientSession, max_connections: int) -> None:
        self._host = host
        self._http = http
        self._max_connections = max_connections
        self._runner: web.AppRunner | None = None
        self._listener: asyncio.Server | None = None
        self._guards: ConnectionGuards | None = None
        self.relayed = 0

    async def start(self, address: str, port: int) -> int:
        """Listen; return the port. Raises OSError when it is taken."""
        app = web.Application(middlewares=[self._rules], client_max_size=MAX_COMMAND_BYTES)
        app.router.add_get("/rtc/v1", self._join)
        app.router.add_get("/rtc/v1/validate", self._validate)
        app.router.add_get("/rtc/validate", self._validate)
        app.router.add_get("/rtc", self._dual_peer_connection)
        app.router.add_get("/agent", self._agents)
        app.router.add_post("/commands", self._command)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/metrics", self._metrics)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            max_line_size=MAX_REQUEST_LINE_BYTES,
            max_field_size=MAX_HEADER_BYTES,
            keepalive_timeout=5.0,
            handler_cancellation=False,
            shutdown_timeout=1.0,
        )
        await self._runner.setup()
        server = self._runner.server
        assert server is not None, "the runner is set up"
        self._guards = ConnectionGuards(server, self._max_connections, FIRST_REQUEST_S)
        self._listener = await asyncio.get_running_loop().create_server(self._guards.protocol, address, port)
        return int(self._listener.sockets[0].getsockname()[1])

    async def stop_listening(self) -> None:
        """Take no new connections; those that are open go on."""
        if self._listener is not None:
            self._listener.close()

    async def close(self) -> None:
        """Stop listening and end what is open."""
        await self.stop_listening()
        if self._runner is not None:
            await self._runner.cleanup()

    @web.middleware
    async def _rules(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if self._guards is not None:
            self._guards.has_spoken(request.protocol)
        try:
            response = await handler(request)
        except ParleyError as error:
            response = _refusal(error)
        except web.HTTPException as error:
            response = _refusal(ParleyError(_BY_STATUS.get(error.status, ErrorId.INTERNAL_ERROR), error.reason))
        if not response.prepared:
            # One request per connection: who needs a second one, slowly, opens another within the limits.
            response.force_close()
        return response

    # Routes

    async def _join(self, request: web.Request) -> web.StreamResponse:
        ws = web.WebSocketResponse(
            heartbeat=PING_INTERVAL_S, max_msg_size=MAX_FRAME_BYTES, compress=False, timeout=CLOSE_TIMEOUT_S
        )
        if not ws.can_prepare(request).ok:
            raise ParleyError(ErrorId.INVALID_FIELD, "this address takes WebSocket connections only")
        token = _token(request)
        join = read_join_request(request.query.get("join_request", ""))
        if join.reconnect:
            return await _turn_away(ws, request)
        answer = await self._host.admit(token)
        if answer.owned_elsewhere is not None:
            return await self._relay(ws, request, answer.owned_elsewhere.owner_url)
        assert answer.admission is not None, "an answer holds one of the two"
        try:
            await ws.prepare(request)
        except BaseException:
            self._host.abandon(answer.admission)
            raise
        await self._serve(ws, answer.admission, join)
        return ws

    async def _serve(self, ws: web.WebSocketResponse, admission: Admission, join: rtc.JoinRequest) -> None:
        socket = ClientSocket(ws)
        writer = asyncio.ensure_future(socket.run())
        try:
            connection = self._host.open(admission, join, socket)
        except BaseException:
            self._host.abandon(admission)
            writer.cancel()
            raise
        try:
            async for message in ws:
                if message.type is aiohttp.WSMsgType.BINARY:
                    connection.on_frame(message.data)
                elif message.type is aiohttp.WSMsgType.TEXT:
                    connection.on_text()
        finally:
            connection.on_socket_closed()
            socket.close(aiohttp.WSCloseCode.OK, "closed")
            await asyncio.wait([writer], timeout=SEND_TIMEOUT_S + CLOSE_TIMEOUT_S)
            writer.cancel()

    async def _relay(self, ws: web.WebSocketResponse, request: web.Request, owner_url: str) -> web.StreamResponse:
        if RELAYED_BY in request.headers:
            raise ParleyError(ErrorId.BUSY, "the session is moving between nodes; try again")
        scheme, netloc, path, _, _ = urlsplit(owner_url)
        target = urlunsplit((scheme.replace("http", "ws", 1), netloc, path + request.path, request.query_string, ""))
        headers = {RELAYED_BY: self._host.node_id}
        if "Authorization" in request.headers:
            headers["Authorization"] = request.headers["Authorization"]
        try:
            upstream = await self._http.ws_connect(
                target, headers=headers, max_msg_size=MAX_FRAME_BYTES * 4, heartbeat=PING_INTERVAL_S, compress=0
            )
        except aiohttp.WSServerHandshakeError as error:
            raise _owners_error(error) from None
        except (aiohttp.ClientError, TimeoutError):
            raise ParleyError(ErrorId.BUSY, "the node that owns the session does not answer; try again") from None
        self.relayed += 1
        async with upstream:
            await ws.prepare(request)
            await _pump_both(ws, upstream)
        return ws

    async def _validate(self, request: web.Request) -> web.StreamResponse:
        """Say what a join would get: a browser can't read why its WebSocket was refused, and its SDK asks here."""
        await self._host.check(_token(request))
        return web.Response(text="success", headers=_CORS)

    async def _dual_peer_connection(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=501, text=_NO_DUAL_PEER_CONNECTION, headers=_CORS)

    async def _command(self, request: web.Request) -> web.StreamResponse:
        try:
            async with asyncio.timeout(COMMAND_TIMEOUT_S):
                token = await request.read()
        except TimeoutError:
            raise ParleyError(ErrorId.INVALID_FIELD, "the command came too slowly") from None
        answer = await self._host.command(token)
        return web.json_response({"success": True, "data": to_json(answer)})

    async def _agents(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=501, text=_NO_AGENT_WORKERS, headers=_CORS)

    async def _healthz(self, request: web.Request) -> web.StreamResponse:
        healthy = self._host.healthy()
        body = {"status": "ok" if healthy else "not registered", "node_id": self._host.node_id}
        return web.json_response(body, status=200 if healthy else 503)

    async def _metrics(self, request: web.Request) -> web.StreamResponse:
        own = [
            Metric("parley_connections", "gauge", len(self._guards or ())),
            Metric("parley_sockets_relayed_total", "counter", self.relayed),
        ]
        text = render_prometheus([*self._host.metrics(), *own])
        return web.Response(body=text.encode(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


def _token(request: web.Request) -> str:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    token = value.strip() if scheme.lower() == "bearer" else request.query.get("access_token", "")
    if not token:
        raise ParleyError(ErrorId.TOKEN_MISSING, "no token: send Authorization: Bearer, or the query access_token")
    if len(token) > MAX_TOKEN_BYTES or not token.isascii():
        raise ParleyError(ErrorId.TOKEN_INVALID, INVALID_TOKEN)
    return token


def _refusal(error: ParleyError) -> web.Response:
    # livekit-client takes a 404 without these words for a server that lacks the path, and tries another one for ever.
    message = f"{error.message} (requested room does not exist)" if error.error.status == 404 else error.message
    told = {"code": error.error.status, "id": error.error.id, "message": message}
    body = {"success": False, "error": told, "errors": [{"code": error.error.code, "message": message}]}
    return web.Response(
        status=error.error.status,
        text=json.dumps(body),
        content_type="application/json",
        headers={**_CORS, ERROR_ID: error.error.id},
    )


def _owners_error(error: aiohttp.WSServerHandshakeError) -> ParleyError:
    told = error.headers.get(ERROR_ID) if error.headers is not None else None
    known = next((each for each in ErrorId if each.id == told), ErrorId.BUSY)
    return ParleyError(known, "the node that owns the session refused the connection")


async def _turn_away(ws: web.WebSocketResponse, request: web.Request) -> web.StreamResponse:
    """Answer a resume: the peer is gone with its old socket, the client is to join anew."""
    await ws.prepare(request)
    again = rendering.leave(models.DisconnectReason.STATE_MISMATCH, rtc.LeaveRequest.RECONNECT)
    await ws.send_bytes(again.SerializeToString())
    await ws.close(message=b"resume_not_supported")
    return ws


async def _pump_both(client: web.WebSocketResponse, owner: aiohttp.ClientWebSocketResponse) -> None:
    """Carry frames both ways until one side ends; the other is closed with the same code."""
    tasks = {asyncio.ensure_future(_pump(client, owner)), asyncio.ensure_future(_pump(owner, client))}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await client.close(code=owner.close_code or aiohttp.WSCloseCode.GOING_AWAY)
        await owner.close(code=client.close_code or aiohttp.WSCloseCode.GOING_AWAY)


Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def _pump(source: Socket, sink: Socket) -> None:
    async for message in source:
        async with asyncio.timeout(SEND_TIMEOUT_S):
            if message.type is aiohttp.WSMsgType.BINARY:
                await sink.send_bytes(message.data)
            elif message.type is aiohttp.WSMsgType.TEXT:
                await sink.send_str(message.data)
