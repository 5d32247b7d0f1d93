"""Pages of a list: which part a caller sees, and the counts beside it. Offsets start at 1, as RealtimeKit's do."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
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
