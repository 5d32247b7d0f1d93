"""Lost races are run again, a bounded number of times, with growing random pauses."""

import pytest

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.services.ports import ConditionFailed, Contention, StoreUnavailable
from chalicelib.services.retrying import FIRST_DELAY_S, MAX_DELAY_S, MAX_TRIES, delay_s, until_it_holds


def lowest(size: int) -> bytes:
    return bytes(size)


def highest(size: int) -> bytes:
    return b"\xff" * size


def test_a_lost_race_is_run_again() -> None:
    outcomes: list[Exception | None] = [ConditionFailed(), Contention(), None]
    pauses: list[float] = []

    def attempt() -> str:
        outcome = outcomes.pop(0)
        if outcome:
            raise outcome
        return "done"

    assert until_it_holds(attempt, highest, pauses.append) == "done"
    assert pauses == [FIRST_DELAY_S, FIRST_DELAY_S * 2]


def test_it_gives_up_in_the_end() -> None:
    pauses: list[float] = []

    def attempt() -> None:
        raise ConditionFailed

    with pytest.raises(ParleyError) as refused:
        until_it_holds(attempt, lowest, pauses.append)
    assert refused.value.error is ErrorId.BUSY
    assert len(pauses) == MAX_TRIES - 1


def test_other_errors_are_not_repeated() -> None:
    def attempt() -> None:
        raise StoreUnavailable

    with pytest.raises(StoreUnavailable):
        until_it_holds(attempt, lowest, lambda _: pytest.fail("slept"))


def test_pauses_are_random_below_a_bound_that_stops_growing() -> None:
    assert 0 < delay_s(0, lowest) < 0.001
    assert delay_s(0, highest) == FIRST_DELAY_S
    assert delay_s(30, highest) == MAX_DELAY_S
