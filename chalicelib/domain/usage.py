"""How much an app was used, by day. Pure.

A session counts for the day (UTC) on which it ended, with all its minutes: a day that is over does not change any
more, however late its sessions are looked at. A live session counts for no day yet.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from chalicelib.domain.session import Session, consumed_ms


@dataclass(frozen=True, slots=True)
class DailyUsage:
    """Sessions that ended on a day, and the time of all their peers, added up (ms)."""

    day: date
    sessions: int = 0
    participant_ms: int = 0


def day_of(at_ms: int) -> date:
    """Return the day (UTC) of a moment (ms since 1970)."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).date()


def usage_of(ended: Session) -> DailyUsage:
    """Return what a session that has ended adds to its day."""
    assert ended.ending is not None, f"session {ended.session_id} has not ended"
    return DailyUsage(day_of(ended.ending.at_ms), 1, consumed_ms(ended, ended.ending.at_ms))


def days(first: date, last: date) -> Iterator[date]:
    """Yield the days from `first` to `last`, both included."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def by_day(first: date, last: date, parts: Iterable[DailyUsage]) -> tuple[DailyUsage, ...]:
    """Add up the parts of each day and return one for every day from `first` to `last`, those without any use too."""
    sums = {day: DailyUsage(day) for day in days(first, last)}
    for part in parts:
        so_far = sums[part.day]
        sums[part.day] = DailyUsage(
            part.day, so_far.sessions + part.sessions, so_far.participant_ms + part.participant_ms
        )
    return tuple(sums.values())
