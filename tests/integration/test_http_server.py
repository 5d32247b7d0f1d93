"""The Chalice app over HTTP behaves as behind API Gateway."""

import http.client
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from chalice import Chalice, Response

from infra.local.http_server import HttpServer


def sample_app() -> Chalice:
    app = Chalice(app_name="sample")

    @app.route("/echo/{word}", methods=["POST"])
    def echo(word: str) -> dict[str, Any]:
        request = app.current_request
        return {
            "word": word,
            "body": request.json_body,
            "event": [type(request._body).__name__, request._is_base64_encoded],
            "query": request.query_params,
            "request_id": bool(request.context["requestId"]),
        }

    @app.route("/wait", methods=["GET"])
    def wait() -> dict[str, str]:
        mine = app.current_request.headers["x-me"]
        barrier.wait(timeout=5)
        return {"me": app.current_request.headers["x-me"], "expected": mine}

    @app.route("/cookies", methods=["GET"])
    def cookies() -> Response:
        return Response(body="ok", status_code=201, headers={"Set-Cookie": ["a=1", "b=2"]})

    return app


barrier = threading.Barrier(2)


@pytest.fixture(scope="module")
def server() -> Iterator[HttpServer]:
    with HttpServer(sample_app()) as running:
        yield running


def call(
    server: HttpServer, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, list[tuple[str, str]], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    answer = response.status, response.getheaders(), response.read()
    connection.close()
    return answer


def test_a_request_reaches_the_view_with_body_query_and_request_id(server: HttpServer) -> None:
    status, _, body = call(server, "POST", "/echo/hi?a=1", b'{"x": 1}', {"Content-Type": "application/json"})
    assert status == 200
    assert json.loads(body) == {
        "word": "hi",
        "body": {"x": 1},
        "event": ["str", True],
        "query": {"a": "1"},
        "request_id": True,
    }


def test_an_unknown_route_answers_in_the_envelope_of_the_api(server: HttpServer) -> None:
    for headers in ({}, {"Authorization": "Bearer secret"}):
        status, _, body = call(server, "GET", "/nowhere", headers=headers)
        assert status == 404
        assert json.loads(body)["error"]["id"] == "route_not_found"
        assert b"secret" not in body


def test_two_requests_at_once_see_their_own_current_request(server: HttpServer) -> None:
    answers: list[dict[str, str]] = []

    def ask(name: str) -> None:
        answers.append(json.loads(call(server, "GET", "/wait", headers={"X-Me": name})[2]))

    threads = [threading.Thread(target=ask, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert sorted(answer["me"] for answer in answers) == ["one", "two"]
    assert all(answer["me"] == answer["expected"] for answer in answers)


def test_a_header_with_two_values_is_sent_twice(server: HttpServer) -> None:
    status, headers, body = call(server, "GET", "/cookies")
    assert (status, body) == (201, b"ok")
    assert [value for name, value in headers if name == "Set-Cookie"] == ["a=1", "b=2"]


def test_the_port_is_free_again_after_stop() -> None:
    with HttpServer(sample_app()) as running:
        port = running.port
    HttpServer(sample_app(), port).start().stop()
