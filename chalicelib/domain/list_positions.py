"""Where in a long list a page lies: arithmetic on the counts of its segments. Pure.

A list is cut into segments by key. Segment i holds the keys from its `start` up to the next one's; the first starts at
the empty string. Positions count from 0 in ascending order of keys.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a list: its first possible key and how many entries it holds."""

    start: str
    count: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What to read for a page: entries from `start` on, ascending, the first `skip` of them dropped, then `take`."""

    start: str
    skip: int
    take: int


def holding(segments: Sequence[Segment], key: str) -> int:
    """Return the index of the segment that `key` belongs to."""
    return max(0, bisect_right([segment.start for segment in segments], key) - 1)


def entries_before(segments: Sequence[Segment], index: int) -> int:
    """Return how many entries lie before segment `index`."""
    return sum(segment.count for segment in segments[:index])


def reading_of(
    segments: Sequence[Segment], low: int, high: int, *, offset: int, limit: int, descending: bool
) -> Reading | None:
    """Return what to read for `limit` entries at `offset` among the positions low <= p < high, or None for nothing."""
    first, last = (high - offset - limit, high - offset) if descending else (low + offset, low + offset + limit)
    first, last = max(first, low), min(last, high)
    if first >= last:
        return None
    before = 0
    for segment in segments:
        if first < before + segment.count:
            return Reading(segment.start, first - before, last - first)
        before += segment.count
    return None
