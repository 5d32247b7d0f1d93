"""``/internal/admissions``: a media node asks whether the bearer of a token may join."""

from collections.abc import Callable

from chalice.app import Response

from chalicelib.api.internal.messages import answer, node_of, read_message
from chalicelib.api.routing import Routes
from chalicelib.contract.node_messages import AdmissionRequest
from chalicelib.services.admission import admit
from chalicelib.services.dependencies import Dependencies


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__)

    @blueprint.route("/internal/admissions", methods=["POST"])
    def create() -> Response:
        request = blueprint.current_request
        claims = node_of(request, deps())
        return answer(admit(deps(), claims.node_id, read_message(request, AdmissionRequest)))

    return blueprint
