"""The gateway is one origin: paths go where they belong, limits hold, sockets are relayed with their refusals."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from infra.local.gateway import Upstreams, create_gateway


@dataclass
class Running:
    """A gateway with its base URL and a client."""

    url: str
    client: aiohttp.ClientSession


async def _control_plane(request: web.Request) -> web.Response:
    body = await request.read()
    headers = [("X-Seen-Path", request.raw_path), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
    seen = {"body": len(body), "for": request.headers.get("X-Forwarded-For"), "auth": request.headers.get("X-Auth-Key")}
    response = web.json_response(seen, status=201)
    for name, value in headers:
        response.headers.add(name, value)
    return response


async def _node(request: web.Request) -> web.StreamResponse:
    if request.query.get("access_token") == "bad":
        return web.json_response({"success": False, "error": {"id": "token_invalid"}}, status=401)
    if request.path.endswith("/validate"):
        return web.Response(text="success")
    socket = web.WebSocketResponse(protocols=("livekit",))
    await socket.prepare(request)
    async for message in socket:
        if message.type is aiohttp.WSMsgType.BINARY:
            await socket.send_bytes(message.data + request.headers["Authorization"].encode())
        elif message.data == "close":
            await socket.close(code=4001, message=b"enough")
        elif message.data == "vanish":
            assert request.transport is not None
            request.transport.abort()
    return socket


def _echo(handler: object) -> web.Application:
    app = web.Application(client_max_size=10**8)
    app.router.add_route("*", "/{path:.*}", handler)  # type: ignore[arg-type]
    return app


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Running]:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>meet</title>")
    (tmp_path / "assets" / "a-1.js").write_text("1")
    (tmp_path.parent / "secret.txt").write_text("not yours")
    control_plane, node = TestServer(_echo(_control_plane)), TestServer(_echo(_node))
    await control_plane.start_server()
    await node.start_server()
    upstreams = Upstreams(str(control_plane.make_url("")).rstrip("/"), str(node.make_url("")).rstrip("/"), tmp_path)
    server = TestServer(create_gateway(upstreams))
    await server.start_server()
    async with aiohttp.ClientSession() as client:
        yield Running(str(server.make_url("")).rstrip("/"), client)
    for one in (server, node, control_plane):
        await one.close()


@pytest.mark.parametrize("path", ["/client/v4/x?b=%2F&a=1", "/twirp/a", "/internal/nodes", "/health", "/dyte/m"])
async def test_api_paths_reach_the_control_plane_unchanged(gateway: Running, path: str) -> None:
    url = URL(gateway.url + path, encoded=True)
    async with gateway.client.post(url, data=b"abc", headers={"X-Auth-Key": "k"}) as answer:
        assert answer.status == 201
        assert answer.headers["X-Seen-Path"] == path
        assert answer.headers.getall("Set-Cookie") == ["a=1", "b=2"]
        assert await answer.json() == {"body": 3, "for": "127.0.0.1", "auth": "k"}


@pytest.mark.parametrize("path", ["/nothing", "/healthy", "/clientele/v4", "/rtcx", "/meeting"])
async def test_other_paths_are_404_in_the_envelope(gateway: Running, path: str) -> None:
    async with gateway.client.get(gateway.url + path) as answer:
        assert answer.status == 404
        assert (await answer.json())["error"]["id"] == "route_not_found"


async def test_a_body_over_the_limit_is_413_whether_or_not_its_length_is_announced(gateway: Running) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"x" * 65536

    for body in (b"x" * (256 * 1024 + 1), chunks()):
        async with gateway.client.post(gateway.url + "/client/v4/x", data=body) as answer:
            assert answer.status == 413
            assert (await answer.json())["error"]["id"] == "body_too_large"


async def test_the_page_has_a_csp_and_its_assets_are_kept_by_the_browser(gateway: Running) -> None:
    async with gateway.client.get(gateway.url + "/meet/some-meeting?token=t") as answer:
        assert "<title>meet" in await answer.text()
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    async with gateway.client.get(gateway.url + "/meet/assets/a-1.js") as answer:
        assert await answer.text() == "1"
        assert "immutable" in answer.headers["Cache-Control"]


async def test_no_path_leads_out_of_the_web_folder(gateway: Running) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(gateway.url.rsplit(":", 1)[1]))
    writer.write(b"GET /meet/%2e%2e/secret.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    assert b"not yours" not in answer


async def test_the_front_door_speaks_html_to_people_and_json_to_programs(gateway: Running) -> None:
    async with gateway.client.get(gateway.url, headers={"Accept": "text/html"}) as answer:
        assert "Parley is running" in await answer.text()
    async with gateway.client.get(gateway.url, headers={"Accept": "*/*"}) as answer:
        assert json.loads(await answer.text())["name"] == "parley"


async def test_a_socket_is_relayed_with_its_headers_and_its_close_code(gateway: Running) -> None:
    headers = {"Authorization": "Bearer t"}
    async with gateway.client.ws_connect(gateway.url + "/rtc/v1?a=%3D", headers=headers, protocols=["livekit"]) as ws:
        assert ws.protocol == "livekit"
        await ws.send_bytes(b"hello ")
        assert await ws.receive_bytes() == b"hello Bearer t"
        await ws.send_str("close")
        await ws.receive()
        assert ws.close_code == 4001


async def test_a_node_that_vanishes_closes_the_clients_socket(gateway: Running) -> None:
    async with gateway.client.ws_connect(gateway.url + "/rtc/v1") as ws:
        await ws.send_str("vanish")
        message = await ws.receive(timeout=5)
        assert message.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}


async def test_a_refused_handshake_keeps_its_status_and_body(gateway: Running) -> None:
    # What a browser sends, by hand: aiohttp's own client drops the body of a refused handshake.
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    async with gateway.client.get(gateway.url + "/rtc/v1?access_token=bad", headers=headers) as answer:
        assert answer.status == 401
        assert (await answer.json())["error"]["id"] == "token_invalid"


async def test_what_is_not_up_is_503_with_a_reason(tmp_path: Path) -> None:
    server = TestServer(create_gateway(Upstreams("http://127.0.0.1:9", "http://127.0.0.1:9", tmp_path)))
    await server.start_server()
    async with aiohttp.ClientSession() as client:
        async with client.get(server.make_url("/health")) as answer:
            assert answer.status == 503
            assert (await answer.json())["error"]["id"] == "control_plane_unreachable"
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await client.ws_connect(server.make_url("/rtc/v1"))
        assert refused.value.status == 503
    await server.close()
