"""``/internal/events``: media nodes report what happened in the sessions they own."""

from collections.abc import Callable

from chalice.app import Response

from chalicelib.api.internal.messages import answer, node_of, read_message
from chalicelib.api.routing import Routes
from chalicelib.contract.node_messages import EventBatch
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.session_events import take_events


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__)

    @blueprint.route("/internal/events", methods=["POST"])
    def create() -> Response:
        request = blueprint.current_request
        claims = node_of(request, deps())
        return answer(take_events(deps(), claims.node_id, read_message(request, EventBatch)))

    return blueprint
