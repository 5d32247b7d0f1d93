"""``/{app_id}/meetings/{meeting_id}/active-session``."""

from collections.abc import Callable

from chalice.app import Response

from chalicelib.api.authentication import app_of
from chalicelib.api.envelope import success
from chalicelib.api.realtimekit.session_view import session_view
from chalicelib.api.routing import Routes
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.sessions import active_session


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__)

    @blueprint.route("/{app_id}/meetings/{meeting_id}/active-session", methods=["GET"])
    def get(account_id: str, app_id: str, meeting_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        return success(session_view(active_session(deps(), app.id, meeting_id), deps().now_ms()))

    return blueprint
