"""The one place where exceptions become answers, and where Chalice's own answers get the API's envelope."""

from typing import Any

from chalice.app import ChaliceViewError, Response
from pydantic import ValidationError

from chalicelib import telemetry
from chalicelib.api.envelope import failure
from chalicelib.contract.codec import ContractError
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.services.ports import ConditionFailed, Contention, StoreUnavailable

_BY_STATUS = {
    400: ErrorId.INVALID_JSON,
    404: ErrorId.ROUTE_NOT_FOUND,
    405: ErrorId.METHOD_NOT_ALLOWED,
    413: ErrorId.BODY_TOO_LARGE,
    415: ErrorId.UNSUPPORTED_MEDIA_TYPE,
    429: ErrorId.TOO_MANY_REQUESTS,
}


class AnsweredAlready(Exception):
    """Not an error: the call needs no view, `response` is its answer."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


def answer_to(error: Exception) -> Response:
    """Return the answer to an exception that a view raised; what nobody expected is logged here, once."""
    if isinstance(error, AnsweredAlready):
        return error.response
    if isinstance(error, ParleyError):
        return failure(error.error, error.message, error.pointer)
    if isinstance(error, ContractError):
        return failure(ErrorId.INVALID_FIELD, str(error), error.pointer or None)
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        pointer = "".join(f"/{part}" for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        return failure(ErrorId.INVALID_FIELD, f"{pointer or '/'}: {reason}", pointer or None)
    if isinstance(error, Contention | ConditionFailed):
        # A use case that expects ConditionFailed handles it; here it lost a race that it may win the next time.
        return failure(ErrorId.BUSY, "the same thing is being changed by somebody else, try again")
    if isinstance(error, StoreUnavailable):
        telemetry.logger().error("store unavailable", reason=str(error))
        return failure(ErrorId.BUSY, "the database does not answer, try again")
    if isinstance(error, ChaliceViewError):
        known = _BY_STATUS.get(error.STATUS_CODE, ErrorId.INTERNAL_ERROR)
        return failure(known, str(error))
    telemetry.logger().error("unexpected exception", exc_info=error)
    return failure(ErrorId.INTERNAL_ERROR, "an error on our side, it has been logged")


def enveloped(response: Response) -> Response:
    """Return the answer itself, or in the envelope when it is one that Chalice made (``{Code, Message}``)."""
    body: Any = response.body
    if not (isinstance(body, dict) and body.keys() == {"Code", "Message"}):
        return response
    known = _BY_STATUS.get(response.status_code, ErrorId.INTERNAL_ERROR)
    kept = {name: value for name, value in response.headers.items() if name.lower() != "content-type"}
    return failure(known, str(body["Message"]), headers=kept)
