"""Exceptions become answers: the right status, both error conventions, nothing said that should not be."""

from typing import Any

import pytest
from chalice.app import ChaliceViewError, NotFoundError, Response

from chalicelib.api.envelope import iso
from chalicelib.api.errors import answer_to, enveloped
from chalicelib.api.request_body import Body, read_body
from chalicelib.contract.codec import ContractError
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.services.ports import ConditionFailed, Contention, StoreUnavailable
from tests.fakes.requests import fake_request


class _Thing(Body):
    parts: list[int]


def _invalid() -> Exception:
    try:
        read_body(fake_request(body='{"parts": [1, "secret-value"]}'), _Thing)
    except ValueError as error:
        return error
    raise AssertionError("it was accepted")


@pytest.mark.parametrize(
    ("error", "status", "error_id", "pointer"),
    [
        (ParleyError(ErrorId.UNKNOWN_PRESET, "no", "/preset_name"), 400, "unknown_preset", "/preset_name"),
        (ContractError("/events/0", "is required"), 400, "invalid_field", "/events/0"),
        (_invalid(), 400, "invalid_field", "/parts/1"),
        (Contention(), 503, "busy", None),
        (ConditionFailed(), 503, "busy", None),
        (StoreUnavailable("down"), 503, "busy", None),
        (NotFoundError("x"), 404, "route_not_found", None),
        (ChaliceViewError("x"), 500, "internal_error", None),
        (RuntimeError("secret-value"), 500, "internal_error", None),
        (AssertionError("secret-value"), 500, "internal_error", None),
    ],
)
def test_each_exception_has_its_answer(error: Exception, status: int, error_id: str, pointer: str | None) -> None:
    answer = answer_to(error)
    body: Any = answer.body
    assert (answer.status_code, body["error"]["code"], body["error"]["id"]) == (status, status, error_id)
    assert (body["success"], body["result"], body["messages"]) == (False, None, [])
    assert body["errors"][0].get("source", {}).get("pointer") == pointer
    assert "secret-value" not in str(body)


@pytest.mark.parametrize("error", list(ErrorId))
def test_clients_are_told_not_to_repeat_what_cannot_go_better(error: ErrorId) -> None:
    header = answer_to(ParleyError(error, "x")).headers.get("x-should-retry")
    hopeful = error.status in {429, 500, 503} or error is ErrorId.REPEATED_TOO_SOON
    assert header == (None if hopeful else "false")


def test_chalices_own_answers_get_the_envelope_and_keep_their_headers() -> None:
    own = Response({"Code": "MethodNotAllowedError", "Message": "no"}, status_code=405, headers={"Allow": "GET"})
    answer = enveloped(own)
    body: Any = answer.body
    assert (body["error"]["id"], answer.headers["Allow"]) == ("method_not_allowed", "GET")
    kept = Response({"success": True, "data": 1})
    assert enveloped(kept) is kept


def test_times_are_rendered_in_utc_with_milliseconds() -> None:
    assert iso(1_700_000_000_007) == "2023-11-14T22:13:20.007Z"
    assert iso(0) == "1970-01-01T00:00:00.000Z"
