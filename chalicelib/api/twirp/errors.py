"""Errors in Twirp's form: ``{"code", "msg", "meta"}`` with the HTTP status that Twirp v7 gives each code.

The id that the same error has in the other APIs is in ``meta.error_id``, the field that is wrong in ``meta.argument``.
"""

import json
from collections.abc import Callable
from typing import Any

from chalice.app import Request, Response

from chalicelib.api.errors import answer_to
from chalicelib.contract.errors import ErrorId

PREFIX = "/twirp/"
_HTTP_STATUS = {
    "invalid_argument": 400,
    "malformed": 400,
    "unauthenticated": 401,
    "permission_denied": 403,
    "not_found": 404,
    "bad_route": 404,
    "deadline_exceeded": 408,
    "already_exists": 409,
    "aborted": 409,
    "failed_precondition": 412,
    "resource_exhausted": 429,
    "internal": 500,
    "unimplemented": 501,
    "unavailable": 503,
}
_BY_ERROR = {
    ErrorId.INVALID_JSON: "malformed",
    ErrorId.BODY_TOO_LARGE: "malformed",
    ErrorId.UNSUPPORTED_MEDIA_TYPE: "bad_route",
    ErrorId.METHOD_NOT_ALLOWED: "bad_route",
    ErrorId.ROUTE_NOT_FOUND: "bad_route",
    ErrorId.MEETING_INACTIVE: "failed_precondition",
    ErrorId.QUOTA_REACHED: "resource_exhausted",
    ErrorId.ALREADY_EXISTS: "already_exists",
}
_BY_STATUS = {
    400: "invalid_argument",
    401: "unauthenticated",
    403: "permission_denied",
    404: "not_found",
    409: "aborted",
    413: "malformed",
    429: "resource_exhausted",
    501: "unimplemented",
    503: "unavailable",
}


class TwirpError(Exception):
    """An error that has no other form than Twirp's; `meta` holds texts only."""

    def __init__(self, code: str, message: str, **meta: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.meta = code, message, meta


def twirp_answer(error: Exception) -> Response:
    """Return the answer to an exception that a view raised."""
    if isinstance(error, TwirpError):
        return _answer(error.code, error.message, error.meta)
    return translated(answer_to(error))


def translated(response: Response) -> Response:
    """Return an error of the envelope (api/envelope.py) in Twirp's form, with its headers."""
    told = response.body
    assert isinstance(told, dict), "an error in the envelope"
    known = next((each for each in ErrorId if each.id == told["error"]["id"]), ErrorId.INTERNAL_ERROR)
    code = _BY_ERROR.get(known) or _BY_STATUS.get(known.status) or _rest(known.status)
    meta = {"error_id": known.id}
    pointer = told["errors"][0].get("source", {}).get("pointer")
    if pointer:
        meta["argument"] = pointer.removeprefix("/")
    answer = _answer(code, told["error"]["message"], meta)
    kept = {name: value for name, value in response.headers.items() if name.lower() == "retry-after"}
    answer.headers.update(kept)
    return answer


def _rest(status: int) -> str:
    return "invalid_argument" if status < 500 else "internal"


def middleware(
    envelope: Callable[[Response], Response],
) -> Callable[[Request, Callable[[Request], Response]], Response]:
    """Return HTTP middleware for what Chalice itself refuses under ``/twirp``; `envelope` makes its answers uniform."""

    def handle(request: Request, get_response: Callable[[Request], Response]) -> Response:
        response = get_response(request)
        if not request.path.startswith(PREFIX):
            return response
        uniform = envelope(response)
        return response if uniform is response else translated(uniform)

    return handle


def _answer(code: str, message: str, meta: dict[str, str]) -> Response:
    body: dict[str, Any] = {"code": code, "msg": message}
    if meta:
        body["meta"] = meta
    return Response(body=json.dumps(body), status_code=_HTTP_STATUS[code], headers={"Content-Type": "application/json"})
