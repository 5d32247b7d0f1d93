"""The gate over HTTP, without a network: rate limit headers, idempotency keys and the audit log."""

import json
from typing import Any

import pytest
from chalice.app import Chalice, Response
from chalice.config import Config
from chalice.local import LocalGateway

from chalicelib.api import routing
from chalicelib.api.authentication import app_of
from chalicelib.api.envelope import success
from chalicelib.api.request_body import read_json
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.limits import RateLimit
from chalicelib.services.accounts import NewAccount, create_account
from chalicelib.services.apps import create_app
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.rate_limits import RateLimits
from tests.fakes.call_stores import FakeAuditStore, FakeRateCounterStore
from tests.fakes.clock import FakeClock
from tests.fakes.dependencies import fake_dependencies

LIMIT = RateLimit(20, 300)
Answer = tuple[int, Any, dict[str, str]]


class Api:
    """One account with one app, and a resource that counts how often it was made."""

    def __init__(self) -> None:
        clock = FakeClock()
        rates = RateLimits(FakeRateCounterStore(), clock.now_ms, LIMIT, LIMIT, LIMIT)
        self.deps: Dependencies = fake_dependencies(clock, rates=rates)
        self.account: NewAccount = create_account(self.deps, "test")
        self.app_id = create_app(self.deps, self.account.account.id, "dev").app.id
        self.made = 0
        app, blueprint = Chalice("test", configure_logs=False), routing.Routes(__name__)

        @blueprint.route("/x/{account_id}/realtime/kit/{app_id}/things", methods=["GET", "POST"])
        def things(account_id: str, app_id: str) -> Response:
            app_of(blueprint.current_request, self.deps, account_id, app_id)
            wanted = read_json(blueprint.current_request)
            if wanted.get("wrong"):
                raise ParleyError(ErrorId.INVALID_FIELD, "wrong", "/wrong")
            self.made += 1
            return success({"id": f"thing-{self.made}"}, status=201)

        app.register_middleware(routing.middleware(clock.now_ms), "http")
        app.register_blueprint(blueprint)
        self._gateway = LocalGateway(app, Config())

    def call(self, method: str = "POST", body: Any = None, *, token: str | None = None, **headers: str) -> Answer:
        sent = {
            "content-type": "application/json",
            "authorization": f"Bearer {token or self.account.api_token}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        path = f"/x/{self.account.account.id}/realtime/kit/{self.app_id}/things"
        answer = self._gateway.handle_request(method, path, sent, json.dumps(body or {}).encode())
        return answer["statusCode"], json.loads(answer["body"]), answer["headers"]

    @property
    def log(self) -> list[tuple[str, dict[str, str], int, str | None]]:
        assert isinstance(self.deps.audit, FakeAuditStore)
        entries = self.deps.audit.logs[f"APP#{self.app_id}"]
        return [(entry.action, entry.target, entry.status, entry.error_id) for entry in entries]


@pytest.fixture
def api() -> Api:
    return Api()


def test_answers_say_where_the_caller_stands_and_refusals_when_to_come_back(api: Api) -> None:
    _, _, headers = api.call()
    assert headers["RateLimit-Policy"] == '"account";q=20;w=300' and ";r=19;" in headers["RateLimit"]
    for _ in range(19):
        api.call()
    status, body, headers = api.call()
    assert (status, body["error"]["id"]) == (429, "too_many_requests") and int(headers["Retry-After"]) > 0
    assert "x-should-retry" not in headers
    assert api.made == 20


def test_strangers_spend_nothing(api: Api) -> None:
    for _ in range(30):
        status, _, headers = api.call(token="pat_wrong")
        assert status == 401 and "RateLimit" not in headers
    assert api.call()[0] == 201


def test_a_key_makes_a_post_safe_to_repeat(api: Api) -> None:
    first = api.call(idempotency_key="k1")
    again = api.call(idempotency_key="k1")
    assert first[:2] == again[:2] and api.made == 1
    assert again[2]["Idempotency-Replayed"] == "true" and "Idempotency-Replayed" not in first[2]
    status, body, headers = api.call(body={"other": 1}, idempotency_key="k1")
    assert (status, body["error"]["id"], headers["x-should-retry"]) == (422, "idempotency_key_reused", "false")
    assert api.call(idempotency_key="k2")[1] != first[1]
    assert len(api.log) == 3  # two made, one refused; the repeated one did nothing


def test_what_was_refused_may_be_tried_again_under_the_same_key(api: Api) -> None:
    assert api.call(body={"wrong": 1}, idempotency_key="k1")[0] == 400
    assert api.call(idempotency_key="k1")[0] == 201


def test_reads_need_no_key_and_leave_no_trace(api: Api) -> None:
    api.call("GET", idempotency_key="k1")
    api.call("GET", idempotency_key="k1")
    assert api.made == 2 and api.log == []


def test_actions_are_in_the_log_with_who_what_and_outcome(api: Api) -> None:
    api.call()
    api.call(body={"wrong": 1})
    action, app = "POST /{app_id}/things", {"app_id": api.app_id}
    assert api.log == [(action, {**app, "id": "thing-1"}, 201, None), (action, app, 400, "invalid_field")]
    assert isinstance(api.deps.audit, FakeAuditStore)
    actors = {entry.actor for entry in api.deps.audit.logs[f"APP#{api.app_id}"]}
    assert len(actors) == 1 and actors.pop().startswith("api_token:") and api.account.api_token not in str(api.log)
