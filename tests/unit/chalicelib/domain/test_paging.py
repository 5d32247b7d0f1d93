"""Pages: what is cut out, and the counts beside it."""

import pytest

from chalicelib.domain.paging import PageRequest, page_of


@pytest.mark.parametrize(
    ("request_", "items", "counts"),
    [
        (PageRequest(1, 30), tuple(range(30)), (45, 1, 30)),
        (PageRequest(2, 30), tuple(range(30, 45)), (45, 31, 45)),
        (PageRequest(3, 30), (), (45, 0, 0)),
        (PageRequest(1, 1), (0,), (45, 1, 1)),
    ],
)
def test_a_page_is_cut_out_with_offsets_from_one(
    request_: PageRequest, items: tuple[int, ...], counts: tuple[int, ...]
) -> None:
    page = page_of(range(45), request_)
    assert page.items == items
    assert tuple(page.counts.values()) == counts
    assert list(page.counts) == ["total_count", "start_offset", "end_offset"]


def test_only_accepted_items_are_counted() -> None:
    page = page_of(range(10), PageRequest(2, 2), lambda number: number % 2 == 0)
    assert page.items == (4, 6) and page.total_count == 5


def test_nothing_has_offsets_of_zero() -> None:
    assert page_of([], PageRequest()).counts == {"total_count": 0, "start_offset": 0, "end_offset": 0}
