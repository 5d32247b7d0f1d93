"""Pages of a list: which part a caller sees, and the counts beside it. Offsets start at 1, as RealtimeKit's do."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import merge
from typing import Generic, TypeVar

from chalicelib.contract.limits import DEFAULT_PER_PAGE

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The `page_no`-th page (from 1) of `per_page` items."""

    page_no: int = 1
    per_page: int = DEFAULT_PER_PAGE


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """The items of one page; an empty page has both offsets 0."""

    items: tuple[T, ...]
    total_count: int
    start_offset: int
    end_offset: int

    @property
    def counts(self) -> dict[str, int]:
        """The ``paging`` member of an answer."""
        return {"total_count": self.total_count, "start_offset": self.start_offset, "end_offset": self.end_offset}


def page_at(offset: int, items: Sequence[T], total: int) -> Page[T]:
    """Return the page of items that were found at `offset` (from 0) among `total`."""
    return Page(tuple(items), total, offset + 1, offset + len(items)) if items else Page((), total, 0, 0)


def merged_page(
    request: PageRequest,
    extra: Sequence[T],
    read: Callable[[int, int], tuple[Sequence[T], int]],
    key: Callable[[T], str],
    descending: bool,
) -> Page[T]:
    """Return a page of a long list merged with a few others, all in the same order of `key`.

    `read` returns so many of the long list's items from a position (0 is the first), and its length.
    """
    offset = (request.page_no - 1) * request.per_page
    first = max(0, offset - len(extra))
    rows, length = read(first, offset + request.per_page - first)
    known = {key(row) for row in rows}
    others = [one for one in extra if key(one) not in known]  # one may have moved from here to there meanwhile
    if first and not rows:
        return Page((), length + len(others), 0, 0)
    before = sum((key(one) > key(rows[0])) is descending for one in others) if first else 0
    merged = list(merge(rows, others[before:], key=key, reverse=descending))
    at = offset - first - before
    return page_at(offset, merged[at : at + request.per_page], length + len(others))


def page_of(items: Iterable[T], request: PageRequest, accepts: Callable[[T], bool] = lambda _: True) -> Page[T]:
    """Cut a page out of the accepted items. Reads all of them, since the total is part of the answer."""
    first = (request.page_no - 1) * request.per_page
    kept: list[T] = []
    total = 0
    for item in items:
        if accepts(item):
            if first <= total < first + request.per_page:
                kept.append(item)
            total += 1
    return page_at(first, kept, total)
