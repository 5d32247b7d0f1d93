"""``/{app_id}/sessions``: past and present sessions, and who was in them."""

from collections.abc import Callable

from chalice.app import Request, Response

from chalicelib.api import page_query
from chalicelib.api.authentication import app_of
from chalicelib.api.envelope import success
from chalicelib.api.realtimekit.session_view import attendee_view, session_view
from chalicelib.api.routing import Routes
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.sessions import (
    AttendeeFilter,
    AttendeeOrder,
    SessionFilter,
    SessionOrder,
    SessionState,
    get_attendee,
    get_session,
    list_attendees,
    list_sessions,
)


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__)

    @blueprint.route("/{app_id}/sessions", methods=["GET"])
    def list_(account_id: str, app_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        page = list_sessions(deps(), app.id, page_query.page(request), _session_filter(request))
        now_ms = deps().now_ms()
        return success({"sessions": [session_view(session, now_ms) for session in page.items]}, paging=page.counts)

    @blueprint.route("/{app_id}/sessions/{session_id}", methods=["GET"])
    def get(account_id: str, app_id: str, session_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        return success(session_view(get_session(deps(), app.id, session_id), deps().now_ms()))

    @blueprint.route("/{app_id}/sessions/{session_id}/participants", methods=["GET"])
    def list_participants(account_id: str, app_id: str, session_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        page = list_attendees(deps(), app.id, session_id, page_query.page(request), _attendee_filter(request))
        views = [attendee_view(attendee, with_events=_with_events(request)) for attendee in page.items]
        return success({"participants": views}, paging=page.counts)

    @blueprint.route("/{app_id}/sessions/{session_id}/participants/{participant_id}", methods=["GET"])
    def get_participant(account_id: str, app_id: str, session_id: str, participant_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        attendee = get_attendee(deps(), app.id, session_id, participant_id)
        return success({"participant": attendee_view(attendee, with_events=_with_events(request))})

    return blueprint


def _session_filter(request: Request) -> SessionFilter:
    return SessionFilter(
        search=page_query.text(request, "search"),
        state=page_query.choice(request, "status", SessionState),
        meeting_id=page_query.text(request, "associated_id"),
        from_ms=page_query.time_ms(request, "start_time"),
        to_ms=page_query.time_ms(request, "end_time"),
        order=page_query.choice(request, "sort_by", SessionOrder) or SessionOrder.CREATED,
        descending=page_query.newest_first(request),
    )


def _attendee_filter(request: Request) -> AttendeeFilter:
    return AttendeeFilter(
        search=page_query.text(request, "search"),
        order=page_query.choice(request, "sort_by", AttendeeOrder) or AttendeeOrder.JOINED,
        descending=page_query.newest_first(request, default=False),
        consolidated=page_query.text(request, "view") == "consolidated",
    )


def _with_events(request: Request) -> bool:
    return page_query.text(request, "include_peer_events").lower() == "true"
