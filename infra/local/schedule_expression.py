"""EventBridge schedule expressions: when does ``rate(...)`` or ``cron(...)`` fire next? Pure.

Cron has EventBridge's six fields (minute hour day-of-month month day-of-week year) in UTC, with ``*``, ``?``, lists,
ranges, steps and names. ``L``, ``W`` and ``#`` are refused rather than misread.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\(([^)]*)\)")
_UNITS = {"minute": 60, "hour": 3600, "day": 86400}
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_YEARS_AHEAD = 5


def next_fire(expression: str, after: datetime) -> datetime:
    """Return the first moment later than `after` (aware) that `expression` fires. Raises ValueError if it is not one.

    A rate counts from `after`, as EventBridge counts from the moment the rule was made.
    """
    if rate := _RATE.fullmatch(expression):
        return after + timedelta(seconds=int(rate[1]) * _UNITS[rate[2]])
    if cron := _CRON.fullmatch(expression):
        return _next_cron(expression, cron[1].split(), after.astimezone(UTC))
    raise ValueError(f"not a schedule expression: {expression}")


def _next_cron(expression: str, fields: list[str], after: datetime) -> datetime:
    if len(fields) != 6:
        raise ValueError(f"cron needs six fields: {expression}")
    minutes, hours = _values(fields[0], 0, 59), _values(fields[1], 0, 23)
    first = (after + timedelta(minutes=1)).replace(second=0, microsecond=0)
    for day in _days(fields, first):
        for hour in sorted(hours):
            for minute in sorted(minutes):
                moment = day.replace(hour=hour, minute=minute)
                if moment >= first:
                    return moment
    raise ValueError(f"never fires again: {expression}")


def _days(fields: list[str], first: datetime) -> Iterator[datetime]:
    month_days, months = _values(fields[2], 1, 31), _values(fields[3], 1, 12, _MONTHS, 1)
    week_days, years = _values(fields[4], 1, 7, _DAYS, 1), _values(fields[5], 1970, 2199)
    day = first.replace(hour=0, minute=0)
    for _ in range(_YEARS_AHEAD * 366):
        week_day = day.isoweekday() % 7 + 1  # EventBridge counts from SUN = 1, Python from Monday = 1
        if day.year in years and day.month in months and day.day in month_days and week_day in week_days:
            yield day
        day += timedelta(days=1)


def _values(field: str, low: int, high: int, names: list[str] | None = None, names_from: int = 0) -> set[int]:
    chosen: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        if span in {"*", "?"}:
            start, stop = low, high
        else:
            left, _, right = span.partition("-")
            start = _number(left, names, names_from)
            stop = _number(right, names, names_from) if right else high if step else start
        if not low <= start <= stop <= high:
            raise ValueError(f"out of range in a cron expression: {part}")
        chosen.update(range(start, stop + 1, int(step or 1)))
    return chosen


def _number(text: str, names: list[str] | None, names_from: int) -> int:
    if names and text.upper() in names:
        return names.index(text.upper()) + names_from
    if not text.isdecimal():
        raise ValueError(f"not understood in a cron expression: {text}")
    return int(text)
