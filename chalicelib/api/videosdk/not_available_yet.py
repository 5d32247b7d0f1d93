"""Calls of VideoSDK's API that Parley does not answer yet: 501, with the name of the call."""

from collections.abc import Callable

from chalice.app import Response

from chalicelib.api.routing import Routes
from chalicelib.api.videosdk.credential import backend_of
from chalicelib.api.videosdk.refusal import refusal
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.services.dependencies import Dependencies

CALLS = (
    ("GET", "/sessions/{session_id}/stats"),
    ("GET", "/sessions/{session_id}/participants/{participant_id}/stats"),
    ("GET", "/recordings"),
    ("POST", "/recordings/start"),
    ("POST", "/recordings/stop"),
    ("GET", "/recordings/{recording_id}"),
    ("DELETE", "/recordings/{recording_id}"),
    ("GET", "/livestreams"),
    ("POST", "/livestreams/start"),
    ("POST", "/livestreams/stop"),
    ("GET", "/hls"),
    ("POST", "/hls/start"),
    ("POST", "/hls/stop"),
    ("POST", "/hls/capture"),
)


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__, refusal)
    for method, path in CALLS:
        _refuse(blueprint, deps, method, path)
    return blueprint


def _refuse(blueprint: Routes, deps: Callable[[], Dependencies], method: str, path: str) -> None:
    @blueprint.route(path, methods=[method])
    def refuse(**_: str) -> Response:
        backend_of(blueprint.current_request, deps())
        raise ParleyError(ErrorId.NOT_AVAILABLE_YET, f"{method} {path} is not available yet")
