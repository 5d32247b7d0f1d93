"""A Chalice app with our routing: exceptions, Chalice's own errors, and what is logged of a request."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from chalice.app import Chalice, Response
from chalice.config import Config
from chalice.local import LocalGateway

from chalicelib import telemetry
from chalicelib.api import routing
from chalicelib.api.envelope import success
from chalicelib.api.request_body import read_json
from chalicelib.contract.errors import ErrorId, ParleyError
from tests.fakes.clock import FakeClock


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def log() -> Iterator[list[logging.LogRecord]]:
    telemetry.logger()
    handler, target = _Kept(), logging.getLogger(telemetry.SERVICE)
    target.addHandler(handler)
    yield handler.records
    target.removeHandler(handler)


@pytest.fixture
def gateway() -> LocalGateway:
    app, blueprint, clock = Chalice("test", configure_logs=False), routing.Routes(__name__), FakeClock()

    @blueprint.route("/things/{thing_id}", methods=["POST"])
    def thing(thing_id: str) -> Response:
        clock.advance(25)
        if thing_id == "theirs":
            raise ParleyError(ErrorId.NOT_ALLOWED, "not yours")
        if thing_id == "ours":
            raise RuntimeError("secret-of-ours")
        return success(read_json(blueprint.current_request), status=201)

    app.register_middleware(routing.middleware(clock.now_ms), "http")
    app.register_blueprint(blueprint)
    return LocalGateway(app, Config())


def call(gateway: LocalGateway, method: str, path: str, **headers: str) -> tuple[int, Any, dict[str, str]]:
    sent = {"content-type": "application/json", "authorization": "Bearer secret-token", **headers}
    answer = gateway.handle_request(method, path, sent, b'{"a": "secret-body"}')
    return answer["statusCode"], json.loads(answer["body"]), answer["headers"]


def test_a_view_answers_and_one_line_is_logged_without_anything_private(
    gateway: LocalGateway, log: list[logging.LogRecord]
) -> None:
    assert call(gateway, "POST", "/things/secret-id")[:2] == (201, {"success": True, "data": {"a": "secret-body"}})
    (line,) = (record.__dict__ for record in log)
    assert (line["method"], line["route"], line["status"], line["latency_ms"]) == (
        "POST",
        "/things/{thing_id}",
        201,
        25,
    )
    assert line["request_id"] and line["error_id"] is None
    assert "secret" not in str(line)


def test_an_error_of_theirs_is_answered_and_its_id_logged(gateway: LocalGateway, log: list[logging.LogRecord]) -> None:
    status, body, headers = call(gateway, "POST", "/things/theirs")
    assert (status, body["error"]["id"], headers["x-should-retry"]) == (403, "not_allowed", "false")
    assert [record.__dict__["error_id"] for record in log] == ["not_allowed"]


def test_an_error_of_ours_is_logged_once_with_its_traceback_and_not_told(
    gateway: LocalGateway, log: list[logging.LogRecord]
) -> None:
    status, body, _ = call(gateway, "POST", "/things/ours")
    assert (status, body["error"]["id"]) == (500, "internal_error") and "secret" not in str(body)
    assert [bool(record.exc_info) for record in log] == [True, False]


def test_chalices_own_refusals_come_in_the_envelope(gateway: LocalGateway) -> None:
    status, body, headers = call(gateway, "DELETE", "/things/x")
    assert (status, body["error"]["id"], headers["Allow"]) == (405, "method_not_allowed", "POST")
    status, body, _ = call(gateway, "POST", "/things/x", **{"content-type": "text/plain"})
    assert (status, body["error"]["id"]) == (415, "unsupported_media_type")
