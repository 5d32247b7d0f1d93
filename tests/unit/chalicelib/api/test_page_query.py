"""Query parameters: what is understood, and where a wrong one is pointed at."""

import pytest
from pydantic import ValidationError

from chalicelib.api import page_query
from chalicelib.api.errors import answer_to
from chalicelib.api.page_query import OrderedQuery, PageQuery, Query, TimeMs, read_query
from chalicelib.domain.meeting import MeetingStatus
from chalicelib.domain.paging import PageRequest
from tests.fakes.requests import fake_request


class _Everything(OrderedQuery):
    status: MeetingStatus | None = None
    start_time: TimeMs | None = None
    states: list[MeetingStatus] | None = None


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ({}, PageRequest(1, 25)),
        ({"page_no": "0"}, PageRequest(1, 25)),
        ({"page_no": ""}, PageRequest(1, 25)),
        ({"page_no": "3", "per_page": "100"}, PageRequest(3, 100)),
        ({"page_no": "2.0", "per_page": "10.0"}, PageRequest(2, 10)),
        ({"per_page": "0"}, PageRequest(1, 25)),
    ],
)
def test_pages_are_understood(query: dict[str, str], page: PageRequest) -> None:
    assert read_query(fake_request(query=query), PageQuery).page == page == page_query.page(fake_request(query=query))


def test_times_with_and_without_a_zone_are_understood() -> None:
    def read(value: str) -> int | None:
        return read_query(fake_request(query={"start_time": value}), _Everything).start_time

    assert read("1970-01-01T00:00:01Z") == read("1970-01-01T00:00:01") == read("1970-01-01T01:00:01+01:00") == 1000
    assert read("1970-01-02") == 86_400_000
    assert read_query(fake_request(), _Everything).start_time is None


def test_sort_orders_are_understood() -> None:
    orders = [read_query(fake_request(query={"sort_order": order}), OrderedQuery) for order in ("ASC", "DESC", "DSC")]
    assert [order.newest_first() for order in orders] == [False, True, True]
    absent = read_query(fake_request(), OrderedQuery)
    assert absent.newest_first() and not absent.newest_first(default=False)


def test_lists_come_repeated_or_with_commas() -> None:
    both = [MeetingStatus.ACTIVE, MeetingStatus.INACTIVE]
    for given in (["ACTIVE", "INACTIVE"], ["ACTIVE,INACTIVE"]):
        assert read_query(fake_request(query={"states": given}), _Everything).states == both
    assert read_query(fake_request(query={"status": ["INACTIVE", "ACTIVE"]}), _Everything).status == "ACTIVE"


def test_unknown_parameters_are_ignored() -> None:
    assert read_query(fake_request(query={"x": "y"}), Query) == Query()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page_no", "-1"),
        ("page_no", "1.5"),
        ("page_no", "٣"),
        ("page_no", "1_0"),
        ("page_no", "9" * 300),
        ("per_page", "101"),
        ("sort_order", "asc"),
        ("status", "OPEN"),
        ("start_time", "yesterday"),
        ("start_time", "9" * 257),
        ("search", "x" * 257),
    ],
)
def test_a_wrong_parameter_is_pointed_at(name: str, value: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read_query(fake_request(query={name: value}), _Everything)
    body = answer_to(refused.value).body
    assert body["error"]["id"] == "invalid_field" and body["errors"][0]["source"]["pointer"] == f"/{name}"
