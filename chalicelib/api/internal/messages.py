"""Reading and answering the messages of contract/node_messages.py, and who is allowed to send them."""

from typing import Any, TypeVar

from chalice.app import Request, Response

from chalicelib.api.authentication import bearer
from chalicelib.api.envelope import success
from chalicelib.api.request_body import read_json
from chalicelib.contract.codec import from_json, to_json
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.token_claims import NodeClaims
from chalicelib.services.dependencies import Dependencies

M = TypeVar("M")


def read_message(request: Request, kind: type[M]) -> M:
    """Return the body as `kind`. Raises ParleyError BODY_TOO_LARGE or INVALID_JSON, or ContractError."""
    return from_json(kind, read_json(request))


def answer(message: Any) -> Response:
    """Answer with a message of the contract."""
    return success(to_json(message))


def node_of(request: Request, deps: Dependencies) -> NodeClaims:
    """Return which node calls, by its token. Raises ParleyError CREDENTIAL_MISSING or CREDENTIAL_INVALID."""
    try:
        return deps.signer.verify_node(bearer(request), deps.now_ms())
    except ParleyError as error:
        # Not token_*: in the answer to an admission those are about the client's token, and the node passes them on.
        missing = error.error is ErrorId.TOKEN_MISSING
        known = ErrorId.CREDENTIAL_MISSING if missing else ErrorId.CREDENTIAL_INVALID
        raise ParleyError(known, f"node token: {error.message}") from error


def the_node(request: Request, deps: Dependencies, node_id: str) -> NodeClaims:
    """Return the node that calls about itself. Raises ParleyError CREDENTIAL_*, or NOT_ALLOWED for another node's."""
    claims = node_of(request, deps)
    if claims.node_id != node_id:
        raise ParleyError(ErrorId.NOT_ALLOWED, "a node may only speak for itself")
    return claims
