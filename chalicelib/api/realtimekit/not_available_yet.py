"""Calls of RealtimeKit's API that Parley does not answer yet: 501 in the envelope, with the name of the call."""

from collections.abc import Callable

from chalice.app import Response

from chalicelib.api.authentication import app_of
from chalicelib.api.routing import Routes
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.services.dependencies import Dependencies

CALLS = (("POST", "/{app_id}/meetings/{meeting_id}/active-session/poll"),)


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
