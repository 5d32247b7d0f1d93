"""``GET /health``: 200 when calls can be made, 503 with the reason otherwise. No credential."""

from collections.abc import Callable

from chalice.app import Response

from chalicelib.api.routing import Routes
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.health import health


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__)

    @blueprint.route("/health", methods=["GET"])
    def look() -> Response:
        found = health(deps())
        body = {"status": "ok", "table": "ok", "nodes": found.nodes, "version": found.version}
        return Response(body=body, status_code=200, headers={"Content-Type": "application/json"})

    return blueprint
