"""``/internal/nodes``: registration, heartbeats and goodbye of media nodes."""

from collections.abc import Callable

from chalice.app import Response

from chalicelib.api.authentication import bearer
from chalicelib.api.envelope import success
from chalicelib.api.internal.messages import answer, read_message, the_node
from chalicelib.api.routing import Routes
from chalicelib.contract.node_messages import Heartbeat, RegisterNode
from chalicelib.services import node_registry
from chalicelib.services.dependencies import Dependencies


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__)

    @blueprint.route("/internal/nodes", methods=["POST"])
    def register() -> Response:
        request = blueprint.current_request
        node_registry.check_node_secret(deps(), bearer(request))
        return answer(node_registry.register(deps(), read_message(request, RegisterNode)))

    @blueprint.route("/internal/nodes/{node_id}/heartbeats", methods=["POST"])
    def heartbeat(node_id: str) -> Response:
        request = blueprint.current_request
        claims = the_node(request, deps(), node_id)
        return answer(node_registry.heartbeat(deps(), claims, read_message(request, Heartbeat)))

    @blueprint.route("/internal/nodes/{node_id}", methods=["DELETE"])
    def deregister(node_id: str) -> Response:
        claims = the_node(blueprint.current_request, deps(), node_id)
        node_registry.deregister(deps(), claims.node_id)
        return success({})

    return blueprint
