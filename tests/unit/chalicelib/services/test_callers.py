"""What is remembered of callers: how long, how much, and what makes it forgotten."""

from chalicelib.contract.ids import AccountId, AppId
from chalicelib.domain.account import Account
from chalicelib.services import callers, short_memory
from chalicelib.services.apps import create_app
from chalicelib.services.short_memory import TTL_MS, ShortMemory
from tests.fakes.clock import START_MS, FakeClock
from tests.fakes.dependencies import fake_dependencies
from tests.fakes.resource_stores import FakeAccountStore

ACCOUNT = AccountId("a" * 32)


def test_an_answer_is_read_again_when_it_is_30_s_old() -> None:
    memory, reads = ShortMemory(), iter("abc")
    moments = (START_MS, START_MS + TTL_MS - 1, START_MS + TTL_MS, START_MS + TTL_MS + 1)
    assert [memory.recall("key", now_ms, lambda: next(reads)) for now_ms in moments] == ["a", "a", "b", "b"]


def test_a_clock_that_runs_backwards_does_not_make_answers_live_longer() -> None:
    memory, reads = ShortMemory(), iter("ab")
    assert [memory.recall("key", now_ms, lambda: next(reads)) for now_ms in (START_MS, START_MS - 1)] == ["a", "b"]


def test_that_something_is_absent_is_not_remembered() -> None:
    memory, reads = ShortMemory(), iter([None, "made meanwhile"])
    assert [memory.recall("key", START_MS, lambda: next(reads)) for _ in range(2)] == [None, "made meanwhile"]


def test_the_memory_has_a_bound() -> None:
    memory = ShortMemory()
    for number in range(short_memory.MAX_ENTRIES + 10):
        memory.recall(number, START_MS, lambda: "answer")
    assert len(memory._answers) == short_memory.MAX_ENTRIES


def test_a_token_and_an_app_are_read_once_until_they_are_forgotten() -> None:
    class Counting(FakeAccountStore):
        reads = 0

        def account_of_token(self, token_sha256: str) -> AccountId | None:
            self.reads += 1
            return super().account_of_token(token_sha256)

    accounts, clock = Counting(), FakeClock()
    deps = fake_dependencies(clock, accounts=accounts)
    assert callers.account_of_token(deps, "f" * 64) is None
    accounts.add(Account(ACCOUNT, "Ada", START_MS), "f" * 64)
    assert [callers.account_of_token(deps, "f" * 64) for _ in range(3)] == [ACCOUNT] * 3
    assert accounts.reads == 2
    callers.forget_token(deps, "f" * 64)
    assert callers.account_of_token(deps, "f" * 64) == ACCOUNT and accounts.reads == 3


def test_apps_and_keys_of_different_tenants_are_different_memories() -> None:
    deps = fake_dependencies()
    made = create_app(deps, ACCOUNT, "dev")
    assert callers.app_of_account(deps, ACCOUNT, made.app.id) == made.app
    assert callers.app_of_account(deps, AccountId("b" * 32), made.app.id) is None
    assert callers.app_of_account(deps, ACCOUNT, AppId("other")) is None
    assert callers.api_key(deps, made.api_key.key) == made.api_key
    assert callers.api_key(deps, "nobody's") is None
