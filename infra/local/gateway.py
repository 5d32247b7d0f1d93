"""One origin on a laptop, as CloudFront in AWS: signalling to the node, the API to the control plane, files to /meet.

Knows paths, not protocols: it neither reads tokens nor decides anything about them. Headers of the pages (CSP) are set
here because a static host sets them in AWS too.
"""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web
from yarl import URL

from chalicelib.contract.errors import ErrorId
from chalicelib.contract.limits import MAX_BODY_BYTES
from infra.local.gateway_websocket import handshake_tracing, relay_websocket
from infra.local.http_server import envelope
from infra.local.landing import landing_page

log = logging.getLogger("parley.gateway")
API_PREFIXES = ("/client/", "/twirp/", "/internal/", "/dyte/", "/videosdk/", "/health", "/openapi.json", "/docs")
NODE_PREFIXES = ("/rtc", "/agent")
PAGE_PREFIX = "/meet"
UPSTREAM_TIMEOUT_S = 29  # API Gateway gives up on a request after 29 s
# Names of hop-by-hop headers (RFC 9110 section 7.6.1), and those that aiohttp sets itself.
_HOP_BY_HOP = {
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
_PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; media-src 'self' blob:; "
        "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'none'"
    ),
    "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self)",
    # The address of the page holds a participant token: it must not travel to other sites.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


@dataclass(frozen=True, slots=True)
class Upstreams:
    """Where the gateway sends what: two base URLs without a slash at the end, and a folder of built pages."""

    control_plane: str
    node: str
    web_root: Path


_UPSTREAMS = web.AppKey("upstreams", Upstreams)
_CLIENT = web.AppKey("client", aiohttp.ClientSession)


def create_gateway(upstreams: Upstreams) -> web.Application:
    """Return the aiohttp application; it opens its client session when it starts."""
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app[_UPSTREAMS] = upstreams
    app.cleanup_ctx.append(_client_session)
    app.router.add_route("*", "/{path:.*}", _dispatch)
    return app


async def _client_session(app: web.Application) -> AsyncIterator[None]:
    timeout = aiohttp.ClientTimeout(total=UPSTREAM_TIMEOUT_S, connect=5)
    connector = aiohttp.TCPConnector(limit=0)
    tracing = [handshake_tracing()]
    async with aiohttp.ClientSession(
        timeout=timeout, connector=connector, auto_decompress=False, trace_configs=tracing
    ) as session:
        app[_CLIENT] = session
        yield


async def _dispatch(request: web.Request) -> web.StreamResponse:
    upstreams, path = request.app[_UPSTREAMS], request.path
    if any(_under(path, prefix) for prefix in NODE_PREFIXES):
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await relay_websocket(request, request.app[_CLIENT], upstreams.node, forwarded_headers(request))
        return await _proxy(request, upstreams.node)
    if any(_under(path, prefix.rstrip("/")) for prefix in API_PREFIXES):
        return await _proxy(request, upstreams.control_plane)
    if _under(path, PAGE_PREFIX):
        return _page(path, upstreams.web_root)
    if path == "/" and request.method in {"GET", "HEAD"}:
        return landing_page(request)
    return refuse(ErrorId.ROUTE_NOT_FOUND, "There is nothing at this address.")


def _under(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix + "/")


async def _proxy(request: web.Request, upstream: str) -> web.Response:
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        return refuse(ErrorId.BODY_TOO_LARGE, f"The body is larger than {MAX_BODY_BYTES} bytes.")
    try:
        async with request.app[_CLIENT].request(
            request.method,
            URL(upstream + str(request.rel_url), encoded=True),
            data=body or None,
            headers=forwarded_headers(request),
            skip_auto_headers=("Content-Type",),  # none was sent: aiohttp would make one up, which the API refuses
            allow_redirects=False,
        ) as answer:
            headers = [(k, v) for k, v in answer.headers.items() if k.lower() not in _HOP_BY_HOP]
            content = await answer.read()
            response = web.Response(status=answer.status, body=content)
    except (aiohttp.ClientError, TimeoutError) as error:
        log.warning("%s %s: %s", request.method, request.path, type(error).__name__)
        return refuse(ErrorId.CONTROL_PLANE_UNREACHABLE, "A part of this installation is not up; try again shortly.")
    response.headers.clear()
    for name, value in headers:
        response.headers.add(name, value)
    return response


def forwarded_headers(request: web.Request) -> dict[str, str]:
    """Return the request's end-to-end headers, with the caller's address and scheme added."""
    headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
    headers["X-Forwarded-For"] = request.remote or ""
    headers["X-Forwarded-Proto"] = request.scheme
    headers["X-Forwarded-Host"] = request.host
    return headers


def refuse(error: ErrorId, message: str) -> web.Response:
    """Return an answer in the API's envelope that comes from the gateway itself."""
    status, headers, body = envelope(error, message)
    return web.Response(status=status, headers=dict(headers), body=body)


def _page(path: str, web_root: Path) -> web.StreamResponse:
    """A built file where the path names one, otherwise the page itself: /meet/{meeting_id} is not a file."""
    root = web_root.resolve()
    file = (root / path.removeprefix(PAGE_PREFIX).lstrip("/")).resolve()
    if file.is_relative_to(root) and file.is_file() and file.name != "index.html":
        # Vite puts a hash of the content into the names under assets/: they never change.
        return web.FileResponse(file, headers={**_PAGE_HEADERS, "Cache-Control": "public, max-age=31536000, immutable"})
    index = root / "index.html"
    if path.startswith(PAGE_PREFIX + "/assets/") or not index.is_file():
        return refuse(ErrorId.ROUTE_NOT_FOUND, "There is no such file; `make run` builds the pages.")
    return web.FileResponse(index, headers=_PAGE_HEADERS)
