"""``/{app_id}/sessions``: past and present sessions, and who was in them."""

import re
from collections.abc import Callable
from typing import Annotated, Any

from chalice.app import Response
from pydantic import BeforeValidator, WithJsonSchema

from chalicelib.api.authentication import app_of
from chalicelib.api.envelope import success
from chalicelib.api.page_query import OrderedQuery, Query, Text, TimeMs, read_query
from chalicelib.api.realtimekit.session_view import attendee_view, session_view
from chalicelib.api.routing import Routes
from chalicelib.domain.session_filter import SessionFilter, SessionOrder, SessionState
from chalicelib.services.connected_meetings import breakout_sessions
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.sessions import (
    AttendeeFilter,
    AttendeeOrder,
    get_attendee,
    get_session,
    list_attendees,
    list_sessions,
)


def _range(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = re.fullmatch(r"(?a:(\d{0,6}):(\d{0,6})|(\d{1,6}))", value)
    if found is None or value == ":":
        raise ValueError("must be a range of numbers, as in 2:10, 2: or :10")
    low, high, exactly = found.groups()
    return (int(exactly), int(exactly)) if exactly else (int(low or 0), int(high) if high else None)


# How many were there at the same time, both ends inclusive; one number is exactly so many.
Participants = Annotated[
    tuple[int, int | None],
    BeforeValidator(_range),
    WithJsonSchema(
        {"type": "string", "pattern": "^([0-9]{1,6}|[0-9]{1,6}:[0-9]{0,6}|:[0-9]{1,6})$", "example": "2:10"}
    ),
]


class _SessionQuery(OrderedQuery):
    status: SessionState | None = None
    associated_id: Text = ""
    start_time: TimeMs | None = None
    end_time: TimeMs | None = None
    sort_by: SessionOrder = SessionOrder.CREATED
    participants: Participants | None = None

    @property
    def filter(self) -> SessionFilter:
        fewest, most = self.participants or (0, None)
        return SessionFilter(
            search=self.search,
            state=self.status,
            meeting_id=self.associated_id,
            from_ms=self.start_time,
            to_ms=self.end_time,
            fewest=fewest,
            most=most,
            order=self.sort_by,
            descending=self.newest_first(),
        )


class _DetailsQuery(Query):
    include_breakout_rooms: bool = False


class _EventsQuery(Query):
    include_peer_events: bool = False


class _AttendeeQuery(OrderedQuery, _EventsQuery):
    sort_by: AttendeeOrder = AttendeeOrder.JOINED
    view: Text = ""

    @property
    def filter(self) -> AttendeeFilter:
        return AttendeeFilter(
            search=self.search,
            order=self.sort_by,
            descending=self.newest_first(default=False),
            consolidated=self.view == "consolidated",
        )


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__)

    @blueprint.route("/{app_id}/sessions", methods=["GET"], query=_SessionQuery)
    def list_(account_id: str, app_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        query = read_query(request, _SessionQuery)
        page = list_sessions(deps(), app.id, query.page, query.filter)
        now_ms = deps().now_ms()
        return success({"sessions": [session_view(session, now_ms) for session in page.items]}, paging=page.counts)

    @blueprint.route("/{app_id}/sessions/{session_id}", methods=["GET"], query=_DetailsQuery)
    def get(account_id: str, app_id: str, session_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        with_rooms = read_query(blueprint.current_request, _DetailsQuery).include_breakout_rooms
        view = session_view(get_session(deps(), app.id, session_id), deps().now_ms())
        rooms = breakout_sessions(deps(), app.id, session_id) if with_rooms else ()
        return success(view | {"breakout_rooms": [session_view(each, deps().now_ms()) for each in rooms]})

    @blueprint.route("/{app_id}/sessions/{session_id}/participants", methods=["GET"], query=_AttendeeQuery)
    def list_participants(account_id: str, app_id: str, session_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        query = read_query(request, _AttendeeQuery)
        page = list_attendees(deps(), app.id, session_id, query.page, query.filter)
        views = [attendee_view(attendee, with_events=query.include_peer_events) for attendee in page.items]
        return success({"participants": views}, paging=page.counts)

    @blueprint.route(
        "/{app_id}/sessions/{session_id}/participants/{participant_id}", methods=["GET"], query=_EventsQuery
    )
    def get_participant(account_id: str, app_id: str, session_id: str, participant_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        attendee = get_attendee(deps(), app.id, session_id, participant_id)
        with_events = read_query(request, _EventsQuery).include_peer_events
        return success({"participant": attendee_view(attendee, with_events=with_events)})

    return blueprint
