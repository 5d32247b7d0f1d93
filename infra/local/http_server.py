"""The Chalice app over real HTTP: what API Gateway is to the Lambda, in one process and without a deployment.

WSGI on one side, ``chalice.local.LocalGateway`` on the other, waitress threads in between. Used by the local
control-plane process and, in process, by tests. No event sources (event_sources.py) and no other origins (gateway.py).
"""

import base64
import json
import threading
import uuid
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import quote

import waitress
from chalice.app import Chalice
from chalice.config import Config
from chalice.local import LocalChalice, LocalGateway, LocalGatewayException
from waitress import wasyncore

from chalicelib.contract.errors import ErrorId

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]
THREADS = 8
MAX_BODY_BYTES = 10 * 1024 * 1024  # API Gateway's limit; Parley's own, smaller one is the application's answer


def create_wsgi(app: Chalice) -> Wsgi:
    """Return a WSGI application that turns requests into the events API Gateway sends, for `app`.

    The app's class becomes ``LocalChalice``: it keeps ``current_request`` per thread, as a Lambda has one at a time.
    """
    app.__class__ = LocalChalice
    gateway = _Gateway(app, Config())

    def wsgi(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        status, headers, body = _answer(gateway, environ)
        start_response(f"{status} {_phrase(status)}", [*headers, ("Content-Length", str(len(body)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return wsgi


class HttpServer:
    """`app` on 127.0.0.1, at a free port unless told; serves from its own thread between start and stop."""

    def __init__(self, app: Chalice, port: int = 0) -> None:
        self._server = waitress.create_server(
            create_wsgi(app),
            host="127.0.0.1",
            port=port,
            threads=THREADS,
            ident=None,
            max_request_body_size=MAX_BODY_BYTES,
            trusted_proxy="127.0.0.1",
            trusted_proxy_headers={"x-forwarded-for"},
            clear_untrusted_proxy_headers=True,
        )
        self.port: int = self._server.effective_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.run, name="http", daemon=True)

    def start(self) -> Self:
        """Serve until `stop`."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close the port and every connection, and wait until the serving thread has ended."""
        # Closed from the serving thread itself: closed from another one, its select() would find dead descriptors.
        self._server.trigger.pull_trigger(self._close)
        self._thread.join(timeout=10)

    def _close(self) -> None:
        self._server.task_dispatcher.shutdown()
        wasyncore.close_all(self._server._map, ignore_all=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Gateway(LocalGateway):
    """Adds what Chalice's local gateway leaves out of the event: request id, caller's address, bodies in base64."""

    def _generate_lambda_event(
        self, method: str, path: str, headers: dict[str, Any], body: bytes | None
    ) -> dict[str, Any]:
        event: dict[str, Any] = super()._generate_lambda_event(method, path, headers, body)
        event["requestContext"]["requestId"] = str(uuid.uuid4())
        event["requestContext"]["identity"] = {"sourceIp": headers.get("x-forwarded-for", "127.0.0.1")}
        if body:
            # In the deployed API every media type is binary: a Lambda gets the bytes of a body in base64.
            event["body"], event["isBase64Encoded"] = base64.b64encode(body).decode(), True
        return event


def _answer(gateway: LocalGateway, environ: Environ) -> tuple[int, list[tuple[str, str]], bytes]:
    try:
        response = gateway.handle_request(environ["REQUEST_METHOD"], _path(environ), _headers(environ), _body(environ))
    except LocalGatewayException as refused:
        return _refusal(refused)
    headers = dict(response.get("headers") or {})
    headers.update(response.get("multiValueHeaders") or {})
    return response["statusCode"], _header_lines(headers), _payload(response)


def _refusal(refused: LocalGatewayException) -> tuple[int, list[tuple[str, str]], bytes]:
    # API Gateway knows no "not found": an unknown route is 403 "Missing Authentication Token" there. The deployed
    # stack turns that into the API's own answer with a gateway response, and so does this.
    if refused.CODE == HTTPStatus.FORBIDDEN:
        return envelope(ErrorId.ROUTE_NOT_FOUND, "There is no such call in this API.")
    body = refused.body if isinstance(refused.body, bytes) else b""
    return refused.CODE, _header_lines({"Content-Type": "application/json", **refused.headers}), body


def envelope(error: ErrorId, message: str) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return (status, headers, body) of `error` in the API's envelope, for answers given before the app is reached."""
    document = {
        "success": False,
        "error": {"code": error.status, "id": error.id, "message": message},
        "errors": [{"code": error.code, "message": message}],
        "messages": [],
        "result": None,
    }
    headers = [("Content-Type", "application/json")]
    if HTTPStatus.BAD_REQUEST <= error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        headers.append(("x-should-retry", "false"))
    return error.status, headers, json.dumps(document).encode()


def _path(environ: Environ) -> str:
    # WSGI hands over the path decoded, byte by byte as Latin-1; encoding it again keeps "%2F" out of the routing.
    path = quote(environ.get("PATH_INFO", "/").encode("latin-1"), safe="/:@!$&'()*+,;=~-._")
    query = environ.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path


def _headers(environ: Environ) -> dict[str, str]:
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    headers["x-forwarded-for"] = environ.get("REMOTE_ADDR", "127.0.0.1")
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    if environ.get("CONTENT_LENGTH"):
        headers["content-length"] = environ["CONTENT_LENGTH"]
    return headers


def _body(environ: Environ) -> bytes | None:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return environ["wsgi.input"].read(length) if length else None


def _payload(response: dict[str, Any]) -> bytes:
    body = response.get("body")
    if response.get("isBase64Encoded"):
        return base64.b64decode(body or "")
    return body.encode() if isinstance(body, str) else body or b""


def _header_lines(headers: dict[str, Any]) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for name, value in headers.items():
        if name.lower() not in {"content-length", "connection"}:
            lines.extend((name, str(one)) for one in (value if isinstance(value, list) else [value]))
    return lines


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Unknown"
