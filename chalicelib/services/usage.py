"""Use of an app by day: its sessions, and its recordings."""

from dataclasses import dataclass
from datetime import date

from chalicelib.contract.ids import AppId
from chalicelib.domain.usage import DailyUsage, by_day, day_of
from chalicelib.services.dependencies import Dependencies


@dataclass(frozen=True, slots=True)
class DailyRecordings:
    """Recordings that were asked for on a day, and how long they are, added up (s)."""

    day: date
    recordings: int = 0
    seconds: int = 0


def daily_usage(deps: Dependencies, app_id: AppId, first: date, last: date) -> tuple[DailyUsage, ...]:
    """Return one entry for every day from `first` to `last`, both included."""
    return by_day(first, last, deps.usage.parts(app_id, first, last))


def daily_recordings(deps: Dependencies, app_id: AppId, first: date, last: date) -> tuple[DailyRecordings, ...]:
    """Return one entry for every day from `first` to `last`, both included."""
    sums = {usage.day: DailyRecordings(usage.day) for usage in by_day(first, last, ())}
    for recording in deps.recordings.in_app(app_id, newest_first=True):
        day = day_of(recording.invoked_at_ms)
        if day < first:
            break
        if day in sums:
            so_far = sums[day]
            seconds = so_far.seconds + (recording.duration_s or 0)
            sums[day] = DailyRecordings(day, so_far.recordings + 1, seconds)
    return tuple(sums.values())
