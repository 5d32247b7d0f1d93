"""Errors in VideoSDK's form: ``{statusCode, code, name, message, error}``, the last two being the same text."""

from typing import Any

from chalice.app import Response

from chalicelib.api.errors import answer_to
from chalicelib.contract.errors import ErrorId

_CODES = {
    ErrorId.TOKEN_MISSING: (4002, "INVALID_TOKEN"),
    ErrorId.TOKEN_INVALID: (4002, "INVALID_TOKEN"),
    ErrorId.TOKEN_EXPIRED: (4002, "INVALID_TOKEN"),
    ErrorId.MEETING_NOT_FOUND: (4003, "INVALID_MEETING_ID"),
    ErrorId.PARTICIPANT_NOT_FOUND: (4004, "INVALID_PARTICIPANT_ID"),
    ErrorId.INVALID_PERMISSIONS: (4008, "INVALID_PERMISSIONS"),
}
_BY_ID = {error.id: error for error in ErrorId}


def refusal(error: Exception) -> Response:
    """Return the answer to an exception; the answer of an idempotent call that is repeated stays as it is."""
    return in_videosdks_form(answer_to(error))


def in_videosdks_form(response: Response) -> Response:
    """Return a refusal as VideoSDK would write it; anything else as it is."""
    body = response.body
    if isinstance(body, dict) and body.get("success") is False:
        response.body = _reshaped(body)
    return response


def _reshaped(body: dict[str, Any]) -> dict[str, Any]:
    known = _BY_ID[body["error"]["id"]]
    code, name = _CODES.get(known, (known.code, known.id.upper()))
    message = body["error"]["message"]
    reshaped = {"statusCode": known.status, "code": code, "name": name, "message": message, "error": message}
    source = body["errors"][0].get("source")
    return reshaped if source is None else reshaped | {"pointer": source["pointer"]}
