"""Spans of days as the API takes them."""

from typing import Any

import pytest
from pydantic import ValidationError

from chalicelib.api.page_query import read_query
from chalicelib.api.realtimekit.analytics import _DaysQuery, _span_of_days, _span_of_times, _UnixQuery
from chalicelib.contract.errors import ErrorId, ParleyError
from tests.fakes.dependencies import fake_dependencies
from tests.fakes.requests import fake_request

DEPS = fake_dependencies()  # it is 2023-11-14


def days(**query: Any) -> tuple[str, str]:
    first, last = _span_of_days(read_query(fake_request(query=query), _DaysQuery), DEPS)
    return first.isoformat(), last.isoformat()


def times(**query: Any) -> tuple[str, str]:
    first, last = _span_of_times(read_query(fake_request(query=query), _UnixQuery), DEPS)
    return first.isoformat(), last.isoformat()


def test_the_last_thirty_days_are_meant_when_nothing_is_said() -> None:
    assert days() == times() == ("2023-10-16", "2023-11-14")
    assert days(end_date="2023-01-30") == ("2023-01-01", "2023-01-30")
    assert days(start_date="2023-11-01") == ("2023-11-01", "2023-11-14")
    assert days(start_date="2024-11-01") == ("2024-11-01", "2024-11-01")


def test_dates_and_times_say_which_days() -> None:
    assert days(start_date="2023-11-14T23:30:00-01:00", end_date="2023-11-15") == ("2023-11-15", "2023-11-15")
    assert times(start_time="1700006399", end_time="1700006400") == ("2023-11-14", "2023-11-15")


@pytest.mark.parametrize(
    "query",
    [
        {"start_date": "2023-11-15", "end_date": "2023-11-14"},
        {"start_date": "2022-11-13", "end_date": "2023-11-14"},
        {"start_date": "0001-01-01"},
        {"end_date": "9999-12-31", "start_date": "0001-01-01"},
    ],
)
def test_a_span_has_an_order_and_a_length(query: dict[str, str]) -> None:
    with pytest.raises(ParleyError) as refused:
        days(**query)
    assert (refused.value.error, refused.value.pointer) == (ErrorId.INVALID_FIELD, "/start_date")


@pytest.mark.parametrize("value", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_time_are_days_too(value: str) -> None:
    assert days(end_date=value)[1] == value


@pytest.mark.parametrize("value", ["yesterday", "2023-13-01", "20231", "2023-11-14T25:00:00Z", "-", "1700006400"])
def test_what_is_no_date_is_refused(value: str) -> None:
    with pytest.raises(ValidationError):
        days(start_date=value)


@pytest.mark.parametrize("value", ["-1", "1.5", "now", "999999999999", "²"])
def test_what_is_no_unix_time_is_refused(value: str) -> None:
    with pytest.raises(ValidationError):
        times(start_time=value)
