"""Idempotency keys: done once, answered as often as asked, and nothing readable is stored."""

import pytest

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.limits import IDEMPOTENCY_SECONDS, MAX_STORED_ANSWER_BYTES
from chalicelib.services import idempotency
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.idempotency import Answer, Attempt
from chalicelib.services.ports import ConditionFailed
from tests.fakes.call_stores import FakeIdempotencyStore
from tests.fakes.clock import FakeClock
from tests.fakes.dependencies import fake_dependencies

TENANT = "APP#one"
ANSWER = Answer(201, '{"token":"shown-once"}', "application/json")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def deps(clock: FakeClock) -> Dependencies:
    return fake_dependencies(clock)


def begun(deps: Dependencies, key: str = "key", request: bytes = b"POST /x", tenant: str = TENANT) -> Attempt:
    attempt = idempotency.begin(deps, tenant, key, request)
    assert isinstance(attempt, Attempt)
    return attempt


def refusal(deps: Dependencies, key: str = "key", request: bytes = b"POST /x") -> ErrorId:
    with pytest.raises(ParleyError) as refused:
        idempotency.begin(deps, TENANT, key, request)
    return refused.value.error


def test_the_same_call_gets_the_first_answer(deps: Dependencies) -> None:
    idempotency.complete(deps, begun(deps), ANSWER)
    assert idempotency.begin(deps, TENANT, "key", b"POST /x") == ANSWER


def test_while_the_first_runs_the_second_is_told_to_wait(deps: Dependencies, clock: FakeClock) -> None:
    begun(deps)
    assert refusal(deps) is ErrorId.REPEATED_TOO_SOON
    clock.advance(idempotency.LOCK_MS)
    begun(deps)  # the first one has died


def test_a_run_that_lost_its_lock_does_not_touch_the_next_ones(deps: Dependencies, clock: FakeClock) -> None:
    slow = begun(deps)
    clock.advance(idempotency.LOCK_MS)
    idempotency.complete(deps, begun(deps), ANSWER)
    with pytest.raises(ConditionFailed):
        idempotency.release(deps, slow)
    assert idempotency.begin(deps, TENANT, "key", b"POST /x") == ANSWER


def test_another_request_under_the_same_key_is_refused(deps: Dependencies) -> None:
    idempotency.complete(deps, begun(deps), ANSWER)
    assert refusal(deps, request=b"POST /y") is ErrorId.IDEMPOTENCY_KEY_REUSED


def test_a_call_that_did_nothing_gives_its_key_back(deps: Dependencies) -> None:
    idempotency.release(deps, begun(deps))
    begun(deps, request=b"POST /better")


def test_keys_belong_to_a_tenant_and_to_a_day(deps: Dependencies, clock: FakeClock) -> None:
    idempotency.complete(deps, begun(deps), ANSWER)
    begun(deps, tenant="APP#two")
    clock.advance(IDEMPOTENCY_SECONDS * 1000)
    begun(deps)


def test_an_answer_that_is_too_long_is_not_kept_but_remembered(deps: Dependencies) -> None:
    idempotency.complete(deps, begun(deps), Answer(200, "x" * MAX_STORED_ANSWER_BYTES, "application/json"))
    assert refusal(deps) is ErrorId.ALREADY_EXISTS


def test_nothing_that_is_stored_can_be_read(deps: Dependencies) -> None:
    idempotency.complete(deps, begun(deps, key="secret-key"), ANSWER)
    assert isinstance(deps.idempotency, FakeIdempotencyStore)
    (stored,) = deps.idempotency.rows.values()
    assert stored.answer and b"shown-once" not in stored.answer and "secret-key" not in str(stored)


@pytest.mark.parametrize("key", ["", "x" * 256, "ü", "a\nb"])
def test_what_is_no_key_is_refused(deps: Dependencies, key: str) -> None:
    assert refusal(deps, key=key) is ErrorId.INVALID_FIELD
