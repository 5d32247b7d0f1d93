"""Use by day: ``/{app_id}/analytics/...`` as RealtimeKit has it, and ``/{app_id}/usage``, an extension."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from chalice.app import Response
from pydantic import BeforeValidator, Field, WithJsonSchema

from chalicelib.api.authentication import app_of
from chalicelib.api.envelope import success
from chalicelib.api.page_query import Query, Text, read_query
from chalicelib.api.routing import Routes
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.limits import MAX_DAYS_OF_ANALYTICS
from chalicelib.domain.usage import DailyUsage, day_of, days
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.usage import DailyRecordings, daily_recordings, daily_usage

_USUAL_DAYS = 30
_MAX_UNIX_S = 253_402_300_799  # the last second of the year 9999


def _day(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        if len(value) <= 10:
            return date.fromisoformat(value)
        moment = datetime.fromisoformat(value[:64])  # the SDK's own test sends a whole time
        return (moment.astimezone(UTC) if moment.tzinfo else moment).date()
    except (ValueError, OverflowError):
        raise ValueError("must be a date, YYYY-MM-DD") from None


def _unix_s(value: Any) -> Any:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 12:
        return int(value)
    raise ValueError("must be a Unix time in seconds")


Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
UnixSeconds = Annotated[int, BeforeValidator(_unix_s), Field(ge=0, le=_MAX_UNIX_S)]


class _DaysQuery(Query):
    start_date: Day | None = None
    end_date: Day | None = None


class _UnixQuery(Query):
    start_time: UnixSeconds | None = None
    end_time: UnixSeconds | None = None
    filters: Text = ""


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__)
    _livestreams(blueprint, deps)

    @blueprint.route("/{app_id}/analytics/daywise", methods=["GET"], query=_DaysQuery)
    def daywise(account_id: str, app_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        first, last = _span_of_days(read_query(request, _DaysQuery), deps())
        sessions = daily_usage(deps(), app.id, first, last)
        recordings = daily_recordings(deps(), app.id, first, last)
        return success({"session_stats": _session_stats(sessions), "recording_stats": _recording_stats(recordings)})

    @blueprint.route("/{app_id}/usage", methods=["GET"], query=_DaysQuery)
    def usage(account_id: str, app_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        used = daily_usage(deps(), app.id, *_span_of_days(read_query(request, _DaysQuery), deps()))
        return success({"total": _use(used), "days": [{"day": each.day.isoformat(), **_use((each,))} for each in used]})

    return blueprint


def _livestreams(blueprint: Routes, deps: Callable[[], Dependencies]) -> None:
    none = {"count": 0, "total_ingest_seconds": 0, "total_viewer_seconds": 0}

    @blueprint.route("/{app_id}/analytics/livestreams/overall", methods=["GET"], query=_UnixQuery)
    def overall(account_id: str, app_id: str) -> Response:
        request = blueprint.current_request
        app_of(request, deps(), account_id, app_id)
        _span_of_times(read_query(request, _UnixQuery), deps())
        return success(none)

    @blueprint.route("/{app_id}/analytics/livestreams/daywise", methods=["GET"], query=_UnixQuery)
    def daywise(account_id: str, app_id: str) -> Response:
        request = blueprint.current_request
        app_of(request, deps(), account_id, app_id)
        span = _span_of_times(read_query(request, _UnixQuery), deps())
        return success([{"date": day.isoformat(), **none} for day in days(*span)])


def _span_of_days(query: _DaysQuery, deps: Dependencies) -> tuple[date, date]:
    return _span(query.start_date, query.end_date, deps.now_ms(), "/start_date")


def _span_of_times(query: _UnixQuery, deps: Dependencies) -> tuple[date, date]:
    first, last = (None if at is None else day_of(at * 1000) for at in (query.start_time, query.end_time))
    return _span(first, last, deps.now_ms(), "/start_time")


def _span(first: date | None, last: date | None, now_ms: int, pointer: str) -> tuple[date, date]:
    last = last or max(day_of(now_ms), first or date.min)
    first = first or max(date.min + timedelta(_USUAL_DAYS - 1), last) - timedelta(_USUAL_DAYS - 1)
    if not 0 <= (last - first).days < MAX_DAYS_OF_ANALYTICS:
        raise ParleyError(
            ErrorId.INVALID_FIELD, f"{pointer}: must be 0 to {MAX_DAYS_OF_ANALYTICS - 1} days before the end", pointer
        )
    return first, last


def _session_stats(used: Sequence[DailyUsage]) -> dict[str, Any]:
    total = _use(used)
    return {
        "sessions_count": total["sessions"],
        "sessions_minutes_consumed": total["participant_minutes"],
        "day_stats": [
            {"day": each.day.isoformat(), "total_sessions": each.sessions, "total_session_minutes": minutes}
            for each in used
            for minutes in (_use((each,))["participant_minutes"],)
        ],
    }


def _recording_stats(made: Sequence[DailyRecordings]) -> dict[str, Any]:
    return {
        "recording_count": sum(each.recordings for each in made),
        "recording_minutes_consumed": round(sum(each.seconds for each in made) / 60, 3),
        "day_stats": [
            {
                "day": each.day.isoformat(),
                "total_recordings": each.recordings,
                "total_recording_minutes": round(each.seconds / 60),
            }
            for each in made
        ],
    }


def _use(used: Sequence[DailyUsage]) -> dict[str, Any]:
    return {
        "sessions": sum(each.sessions for each in used),
        "participant_minutes": round(sum(each.participant_ms for each in used) / 60_000, 3),
    }
