"""``POST /twirp/livekit.{service}/{method}``: who calls, and which method is meant. protobuf is imported by then only:
it would cost every cold start a tenth of a second.
"""

from collections.abc import Callable
from functools import partial

from chalice.app import CaseInsensitiveMapping, Request, Response

from chalicelib.api import call_gate
from chalicelib.api.authentication import bearer
from chalicelib.api.call_gate import Caller
from chalicelib.api.routing import Routes
from chalicelib.api.twirp.errors import TwirpError, twirp_answer
from chalicelib.services import callers
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.livekit_tokens import AccessToken, verify_livekit_token

CONTENT_TYPES = ["application/json", "application/protobuf"]
PROTOBUF = CONTENT_TYPES[1]
PACKAGE = "livekit."
# What these do is the work of separate programs, which Parley does not have.
NOT_HERE = ("Egress", "Ingress", "SIP", "Connector", "WhatsAppConnector", "PhoneNumberService", "AgentSimulation")
_AUDITED = ("room", "name", "identity", "destination_room", "destination_identity", "track_sid", "agent_name")


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__, twirp_answer)

    @blueprint.route("/twirp/{service}/{method}", methods=["POST"], content_types=CONTENT_TYPES)
    def call(service: str, method: str) -> Response:
        request = _plain(blueprint.current_request)
        _check_service(service)
        token = verify_livekit_token(bearer(request), partial(callers.api_key, deps()), deps().now_ms())
        return _answer(request, deps(), token, service, method)

    return blueprint


def _plain(request: Request) -> Request:
    # Chalice refuses a binary answer to who did not ask for one; Twirp answers in the form of the request. Answers that
    # are kept for an idempotency key are text.
    headers = {name: value for name, value in request.headers.items() if name != call_gate.IDEMPOTENCY_HEADER}
    request.headers = CaseInsensitiveMapping({**headers, "accept": "*/*"})
    return request


def _check_service(service: str) -> None:
    if service in {PACKAGE + name for name in NOT_HERE}:
        raise TwirpError("unimplemented", f"{service} is not available in Parley")


def _answer(request: Request, deps: Dependencies, token: AccessToken, service: str, method: str) -> Response:
    from chalicelib.api.twirp import agent_dispatch_service, messages, room_service

    tables = {
        "livekit.RoomService": room_service.METHODS,
        "livekit.AgentDispatchService": agent_dispatch_service.METHODS,
    }
    known = tables.get(service, {}).get(method)
    if known is None:
        raise TwirpError("bad_route", f"no handler for path /twirp/{service}/{method}")
    key = token.key
    call_gate.enter(request, deps, Caller(key.account_id, key.app_id, f"api_key:{key.key}"))
    asked = messages.read_message(request, known.request)
    about = {name: getattr(asked, name, "") for name in _AUDITED}
    call_gate.describe(request, reads=known.reads, **about)
    if not known.grants(token.claims.video, asked):
        raise TwirpError("unauthenticated", "permissions denied", error_id="not_allowed")  # as LiveKit does
    return messages.answer(request, known.handle(deps, key.app_id, asked))
