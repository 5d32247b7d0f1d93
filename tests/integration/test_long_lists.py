"""Lists of 3,000 meetings: a page costs as many requests, and reads as many items, as in a short list."""

from collections.abc import Callable, Iterator

import pytest

from bench.many_meetings import rows_of, write
from chalicelib.contract.ids import AppId, uuid7
from chalicelib.domain.meeting import MeetingFilter, MeetingStatus
from chalicelib.domain.paging import PageRequest
from chalicelib.stores.counted_list import SEGMENT
from chalicelib.stores.meeting_store import DynamoMeetingStore
from tests.dynamo_requests import counted_requests
from tests.fakes.clock import START_MS
from tests.local_database import bound_table, local_database

MANY, FEW = 3_000, 60
TERMS = {"m", "meeting", "2718"}
PER_PAGE = 25


def app(number: int) -> AppId:
    return AppId(uuid7(START_MS, number.to_bytes(10, "big")))


@pytest.fixture(scope="module")
def store() -> Iterator[DynamoMeetingStore]:
    with local_database(), bound_table():
        for number, count in ((1, FEW), (2, MANY)):
            write(rows_of(app(number), count, START_MS, TERMS))
        yield DynamoMeetingStore()


Cost = tuple[int, int, int]


@pytest.fixture
def cost(store: DynamoMeetingStore) -> Iterator[Callable[..., Cost]]:
    with counted_requests() as seen:

        def of(number: int, page_no: int, **wanted: object) -> Cost:
            seen.clear()
            page = store.page(app(number), MeetingFilter(**wanted), PageRequest(page_no, PER_PAGE))  # type: ignore[arg-type]
            return len(seen.names), seen.items_read, page.total_count

        yield of


@pytest.mark.parametrize("wanted", [{}, {"search": "meeting"}, {"search": "m"}, {"status": MeetingStatus.ACTIVE}])
def test_the_first_page_is_one_request_for_as_many_items(cost: Callable[..., Cost], wanted: dict[str, object]) -> None:
    for number, total in ((1, FEW), (2, MANY)):
        assert cost(number, 1, **wanted) == (1, PER_PAGE + 1, total)


@pytest.mark.parametrize("wanted", [{}, {"search": "meeting"}, {"descending": False}])
@pytest.mark.parametrize("page_no", [40, 80, 120])
def test_a_page_far_away_is_two_requests(cost: Callable[..., Cost], wanted: dict[str, object], page_no: int) -> None:
    requests, items, total = cost(2, page_no, **wanted)
    assert (requests, total) == (2, MANY)
    assert items <= MANY // SEGMENT + 1 + 2 * SEGMENT + PER_PAGE


def test_a_rare_word_beside_a_common_one_reads_the_rare_ones_list(cost: Callable[..., Cost]) -> None:
    requests, items, total = cost(2, 1, search="meeting 2718")
    assert (requests, total) == (2, 1)
    assert items <= 5


def test_a_span_of_time_is_counted_without_reading_it(cost: Callable[..., Cost]) -> None:
    requests, items, total = cost(2, 1, from_ms=START_MS + 1_000, to_ms=START_MS + 2_499)
    assert total == 1_500
    assert requests <= 4 and items <= MANY // SEGMENT + 6 * SEGMENT
