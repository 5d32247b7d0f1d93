"""Calls of RealtimeKit's API that Parley does not answer yet: 501 in the envelope, with the name of the call."""

from collections.abc import Callable

from chalice.app import Response

from chalicelib.api.authentication import app_of
from chalicelib.api.routing import Routes
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.services.dependencies import Dependencies

CALLS = (
    ("PUT", "/{app_id}/meetings/{meeting_id}"),
    ("GET", "/{app_id}/sessions/peer-report/{peer_id}"),
    ("GET", "/{app_id}/sessions/{session_id}/chat"),
    ("GET", "/{app_id}/sessions/{session_id}/summary"),
    ("POST", "/{app_id}/sessions/{session_id}/summary"),
    ("GET", "/{app_id}/sessions/{session_id}/transcript"),
    ("GET", "/{app_id}/recordings"),
    ("POST", "/{app_id}/recordings"),
    ("POST", "/{app_id}/recordings/track"),
    ("GET", "/{app_id}/recordings/active-recording/{meeting_id}"),
    ("GET", "/{app_id}/recordings/{recording_id}"),
    ("PUT", "/{app_id}/recordings/{recording_id}"),
    ("GET", "/{app_id}/webhooks"),
    ("POST", "/{app_id}/webhooks"),
    ("GET", "/{app_id}/webhooks/{webhook_id}"),
    ("PATCH", "/{app_id}/webhooks/{webhook_id}"),
    ("PUT", "/{app_id}/webhooks/{webhook_id}"),
    ("DELETE", "/{app_id}/webhooks/{webhook_id}"),
    ("POST", "/{app_id}/meetings/{meeting_id}/active-session/poll"),
    ("GET", "/{app_id}/livestreams"),
    ("GET", "/{app_id}/livestreams/{livestream_id}"),
    ("GET", "/{app_id}/livestreams/{livestream_id}/active-livestream-session"),
    ("GET", "/{app_id}/livestreams/sessions/{livestream_session_id}"),
    ("GET", "/{app_id}/meetings/{meeting_id}/active-livestream"),
    ("POST", "/{app_id}/meetings/{meeting_id}/active-livestream/stop"),
    ("POST", "/{app_id}/meetings/{meeting_id}/livestreams"),
    ("GET", "/{app_id}/analytics/daywise"),
    ("GET", "/{app_id}/analytics/livestreams/daywise"),
    ("GET", "/{app_id}/analytics/livestreams/overall"),
)


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__)
    for method, path in CALLS:
        _refuse(blueprint, deps, method, path)
    return blueprint


def _refuse(blueprint: Routes, deps: Callable[[], Dependencies], method: str, path: str) -> None:
    @blueprint.route(path, methods=[method])
    def refuse(account_id: str, app_id: str, **_: str) -> Response:
        app_of(blueprint.current_request, deps(), account_id, app_id)
        raise ParleyError(ErrorId.NOT_AVAILABLE_YET, f"{method} {path} is not available yet")
