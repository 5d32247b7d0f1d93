"""Errors in Twirp's form: every error has one of its codes, with the status that Twirp gives that code."""

import json
import subprocess
import sys

import pytest

from chalicelib.api.twirp.errors import TwirpError, twirp_answer
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.services.ports import Contention

TWIRP_STATUS = {
    "invalid_argument": 400,
    "malformed": 400,
    "unauthenticated": 401,
    "permission_denied": 403,
    "not_found": 404,
    "bad_route": 404,
    "already_exists": 409,
    "aborted": 409,
    "failed_precondition": 412,
    "resource_exhausted": 429,
    "internal": 500,
    "unimplemented": 501,
    "unavailable": 503,
}


@pytest.mark.parametrize("error", ErrorId, ids=lambda error: error.id)
def test_every_error_has_a_code_of_twirp_and_keeps_its_own_id(error: ErrorId) -> None:
    answer = twirp_answer(ParleyError(error, "words", "/field/0"))
    told = json.loads(answer.body)
    assert answer.status_code == TWIRP_STATUS[told["code"]]
    assert answer.status_code // 100 == error.status // 100
    assert told["msg"] == "words"
    assert told["meta"] == {"error_id": error.id, "argument": "field/0"}


def test_what_may_go_better_the_next_time_is_unavailable_and_what_nobody_expected_tells_nothing() -> None:
    assert json.loads(twirp_answer(Contention("x")).body)["code"] == "unavailable"
    told = json.loads(twirp_answer(RuntimeError("secret")).body)
    assert told["code"] == "internal"
    assert "secret" not in json.dumps(told)


def test_an_error_of_twirp_alone_is_answered_as_it_is() -> None:
    answer = twirp_answer(TwirpError("aborted", "no", rpc_code="4000"))
    assert (answer.status_code, json.loads(answer.body)["meta"]) == (409, {"rpc_code": "4000"})


def test_a_start_of_the_app_loads_no_protobuf() -> None:
    look = "import app, sys; print([m for m in sys.modules if m.split('.')[0] in ('google', 'livekit')])"
    said = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.strip() == "[]"
