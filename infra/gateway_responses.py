"""What API Gateway says by itself, before any Lambda runs, put into the API's own envelope. Pure."""

from typing import Any

from chalicelib.contract.errors import ErrorId
from infra.local.http_server import envelope

_ANSWERS = {
    "MISSING_AUTHENTICATION_TOKEN": (ErrorId.ROUTE_NOT_FOUND, "There is no such call in this API."),
    "RESOURCE_NOT_FOUND": (ErrorId.ROUTE_NOT_FOUND, "There is no such call in this API."),
    "REQUEST_TOO_LARGE": (ErrorId.BODY_TOO_LARGE, "The body is too large."),
    "UNSUPPORTED_MEDIA_TYPE": (ErrorId.UNSUPPORTED_MEDIA_TYPE, "The body must be application/json."),
    "THROTTLED": (ErrorId.TOO_MANY_REQUESTS, "Too many requests; try again shortly."),
    "INTEGRATION_TIMEOUT": (ErrorId.BUSY, "The call took too long; try again."),
    "INTEGRATION_FAILURE": (ErrorId.INTERNAL_ERROR, "Something went wrong on our side."),
}


def gateway_responses() -> dict[str, Any]:
    """Return the property ``GatewayResponses`` of a SAM API: by response type, status code and body."""
    answers: dict[str, Any] = {}
    for kind, (error, message) in _ANSWERS.items():
        status, _, body = envelope(error, message)
        answers[kind] = {"StatusCode": status, "ResponseTemplates": {"application/json": body.decode()}}
    return answers
