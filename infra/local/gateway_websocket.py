"""Relays one client's WebSocket to a node: frames, close codes and, when the node refuses, its HTTP answer.

The refusal matters: SDKs show the status and body of a failed handshake, e.g. "token_expired".
"""

import asyncio
import logging
from contextvars import ContextVar
from types import SimpleNamespace

import aiohttp
from aiohttp import web
from yarl import URL

from chalicelib.contract.errors import ErrorId
from infra.local.http_server import envelope

log = logging.getLogger("parley.gateway")
MAX_FRAME_BYTES = 1024 * 1024  # above the node's own cap, so that the node is the one who refuses
_ABNORMAL = 1006  # never sent in a frame (RFC 6455 section 7.4.1)

_refusal: ContextVar[list[bytes]] = ContextVar("refusal")


def handshake_tracing() -> aiohttp.TraceConfig:
    """Return what a client session needs so that relay_websocket can read the body of a refused handshake.

    ``ws_connect`` drops that body; a trace sees the response before.
    """
    config = aiohttp.TraceConfig()
    config.on_request_end.append(_keep_refusal)
    return config


async def _keep_refusal(_: aiohttp.ClientSession, __: SimpleNamespace, end: aiohttp.TraceRequestEndParams) -> None:
    kept = _refusal.get(None)
    if kept is not None and end.response.status != 101:
        kept.append(await end.response.read())


async def relay_websocket(
    request: web.Request, client: aiohttp.ClientSession, node: str, headers: dict[str, str]
) -> web.StreamResponse:
    """Connect to `node` first, then accept the client, then relay until one side closes."""
    kept: list[bytes] = []
    token = _refusal.set(kept)
    wanted = [name.strip() for name in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if name.strip()]
    end_to_end = {name: value for name, value in headers.items() if not name.lower().startswith("sec-websocket-")}
    try:
        upstream = await client.ws_connect(
            URL(node + str(request.rel_url), encoded=True),
            headers=end_to_end,
            protocols=wanted,
            max_msg_size=MAX_FRAME_BYTES,
            autoclose=False,
            timeout=aiohttp.ClientWSTimeout(ws_close=5),
        )
    except aiohttp.WSServerHandshakeError as refused:
        kind = refused.headers.get("Content-Type", "text/plain") if refused.headers else "text/plain"
        return web.Response(status=refused.status, body=b"".join(kept), headers={"Content-Type": kind})
    except (aiohttp.ClientError, TimeoutError) as error:
        log.warning("no media node: %s", type(error).__name__)
        status, lines, body = envelope(ErrorId.NO_NODE_AVAILABLE, "The media node is not up; try again shortly.")
        return web.Response(status=status, headers=dict(lines), body=body)
    finally:
        _refusal.reset(token)
    return await _relay(request, upstream)


async def _relay(request: web.Request, upstream: aiohttp.ClientWebSocketResponse) -> web.WebSocketResponse:
    protocols = (upstream.protocol,) if upstream.protocol else ()
    client = web.WebSocketResponse(max_msg_size=MAX_FRAME_BYTES, protocols=protocols, autoclose=False, timeout=5)
    await client.prepare(request)
    directions = [asyncio.ensure_future(_pump(client, upstream)), asyncio.ensure_future(_pump(upstream, client))]
    try:
        await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for direction in directions:
            direction.cancel()
        await asyncio.gather(*directions, return_exceptions=True)
        await upstream.close(code=_code(client.close_code))
        await client.close(code=_code(upstream.close_code))
    return client


Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def _pump(source: Socket, target: Socket) -> None:
    """Copy frames until `source` closes or `target` is gone."""
    try:
        async for message in source:
            if message.type is aiohttp.WSMsgType.BINARY:
                await target.send_bytes(message.data)
            elif message.type is aiohttp.WSMsgType.TEXT:
                await target.send_str(message.data)
    except ConnectionError:
        return


def _code(code: int | None) -> int:
    return 1001 if code is None or code == _ABNORMAL else code
