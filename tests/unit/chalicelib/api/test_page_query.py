"""Query parameters: what is understood, and where a wrong one is pointed at."""

from collections.abc import Callable
from typing import Any

import pytest
from chalice.app import Request

from chalicelib.api import page_query
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.domain.meeting import MeetingStatus
from chalicelib.domain.paging import PageRequest
from tests.fakes.requests import fake_request


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ({}, PageRequest(1, 25)),
        ({"page_no": "0"}, PageRequest(1, 25)),
        ({"page_no": "3", "per_page": "100"}, PageRequest(3, 100)),
        ({"page_no": "2.0", "per_page": "10.0"}, PageRequest(2, 10)),
        ({"per_page": "0"}, PageRequest(1, 25)),
    ],
)
def test_pages_are_understood(query: dict[str, str], page: PageRequest) -> None:
    assert page_query.page(fake_request(query=query)) == page


def test_times_with_and_without_a_zone_are_understood() -> None:
    def read(value: str) -> int | None:
        return page_query.time_ms(fake_request(query={"start_time": value}), "start_time")

    assert read("1970-01-01T00:00:01Z") == read("1970-01-01T00:00:01") == read("1970-01-01T01:00:01+01:00") == 1000
    assert read("1970-01-02") == 86_400_000
    assert page_query.time_ms(fake_request(), "start_time") is None


def test_sort_orders_are_understood() -> None:
    orders = [fake_request(query={"sort_order": order}) for order in ("ASC", "DESC", "DSC")]
    assert [page_query.newest_first(order) for order in orders] == [False, True, True]
    assert page_query.newest_first(fake_request()) and not page_query.newest_first(fake_request(), default=False)


def _status(request: Request) -> Any:
    return page_query.choice(request, "status", MeetingStatus)


def _start(request: Request) -> Any:
    return page_query.time_ms(request, "start_time")


@pytest.mark.parametrize(
    ("read", "name", "value"),
    [
        (page_query.page, "page_no", "-1"),
        (page_query.page, "page_no", "1.5"),
        (page_query.page, "page_no", "٣"),
        (page_query.page, "page_no", "9" * 300),
        (page_query.page, "per_page", "101"),
        (page_query.newest_first, "sort_order", "asc"),
        (_status, "status", "OPEN"),
        (_start, "start_time", "yesterday"),
        (_start, "start_time", "9" * 257),
    ],
)
def test_a_wrong_parameter_is_pointed_at(read: Callable[[Request], Any], name: str, value: str) -> None:
    with pytest.raises(ParleyError) as refused:
        read(fake_request(query={name: value}))
    assert (refused.value.error, refused.value.pointer) == (ErrorId.INVALID_FIELD, f"/{name}")
