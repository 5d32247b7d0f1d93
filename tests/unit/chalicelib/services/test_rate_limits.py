"""Rate limits: what one process counts, what processes share, and what happens without the database."""

import pytest

from chalicelib.contract.ids import AccountId, AppId
from chalicelib.contract.limits import RateLimit
from chalicelib.services.ports import StoreUnavailable
from chalicelib.services.rate_limits import RateLimits, Standing, refused
from tests.fakes.call_stores import FakeRateCounterStore
from tests.fakes.clock import FakeClock

ACCOUNT, APP = AccountId("a" * 32), AppId("app")
LIMIT = RateLimit(200, 300)
WIDE = RateLimit(1_000_000, 300)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(1_700_000_100_000 // 300_000 * 300_000)  # the start of a window


@pytest.fixture
def counters() -> FakeRateCounterStore:
    return FakeRateCounterStore()


def process(counters: FakeRateCounterStore, clock: FakeClock, account: RateLimit = LIMIT) -> RateLimits:
    return RateLimits(counters, clock.now_ms, account, WIDE, RateLimit(10, 50))


def calls(limits: RateLimits, count: int) -> list[Standing]:
    return [limits.spend(ACCOUNT, APP) for _ in range(count)]


def test_a_tenant_is_refused_after_its_limit_and_told_when_to_come_back(
    counters: FakeRateCounterStore, clock: FakeClock
) -> None:
    limits = process(counters, clock)
    answered = calls(limits, 200)
    assert not any(one.retry_after_s for one in answered) and answered[0].remaining == 199
    over = limits.spend(ACCOUNT, APP)
    assert (over.name, over.remaining) == ("account", 0) and over.retry_after_s > 0
    assert "200 calls in 300 s" in refused(over).message
    clock.advance((over.retry_after_s - 1) * 1000)
    assert limits.spend(ACCOUNT, APP).retry_after_s > 0
    clock.advance(1000)
    assert limits.spend(ACCOUNT, APP).retry_after_s == 0


def test_another_account_is_not_touched(counters: FakeRateCounterStore, clock: FakeClock) -> None:
    limits = process(counters, clock)
    calls(limits, 201)
    assert limits.spend(AccountId("b" * 32), None).retry_after_s == 0


def test_the_window_slides(counters: FakeRateCounterStore, clock: FakeClock) -> None:
    limits = process(counters, clock)
    calls(limits, 200)
    clock.advance(300_000 + 150_000)  # half of the old window still counts
    assert [one.retry_after_s > 0 for one in calls(limits, 101)] == [False] * 100 + [True]


def test_few_calls_cost_no_request_and_many_only_a_hundredth(counters: FakeRateCounterStore, clock: FakeClock) -> None:
    limits = process(counters, clock, account=RateLimit(3_500, 300))
    calls(limits, 34)
    assert counters.writes == 0
    calls(limits, 3_466)
    assert counters.writes == 100


def test_processes_share_the_limit_but_for_a_batch_each(counters: FakeRateCounterStore, clock: FakeClock) -> None:
    processes = [process(counters, clock) for _ in range(4)]
    answered = sum(one.spend(ACCOUNT, APP).retry_after_s == 0 for _ in range(400) for one in processes)
    assert 200 <= answered <= 200 + 4 * (200 // 100)


def test_a_new_process_learns_the_window_before(counters: FakeRateCounterStore, clock: FakeClock) -> None:
    calls(process(counters, clock), 200)
    clock.advance(300_000)
    answered = sum(one.retry_after_s == 0 for one in calls(process(counters, clock), 50))
    assert answered <= 2  # its first batch


def test_recording_calls_have_a_limit_of_their_own(counters: FakeRateCounterStore, clock: FakeClock) -> None:
    limits = process(counters, clock)
    answered = [limits.spend(ACCOUNT, APP, recording=True) for _ in range(11)]
    assert [one.retry_after_s > 0 for one in answered] == [False] * 10 + [True]
    assert limits.spend(ACCOUNT, APP).retry_after_s == 0


def test_without_the_database_calls_are_let_through_and_it_is_left_in_peace(
    counters: FakeRateCounterStore, clock: FakeClock
) -> None:
    limits = process(counters, clock)
    counters.error = StoreUnavailable("away")
    assert not any(one.retry_after_s for one in calls(limits, 100))
    counters.error = None
    calls(limits, 20)
    assert counters.writes == 0  # not asked again at once
    clock.advance(5_000)
    calls(limits, 2)
    assert counters.writes > 0
