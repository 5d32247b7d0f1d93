"""protobuf messages in and out, binary or as JSON, as the request's content type says."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from chalice.app import Request, Response
from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message

from chalicelib.api.request_body import read_json
from chalicelib.api.twirp.errors import TwirpError
from chalicelib.contract.ids import AppId
from chalicelib.contract.limits import MAX_BODY_BYTES
from chalicelib.domain.livekit_claims import VideoGrant
from chalicelib.services.dependencies import Dependencies

M = TypeVar("M", bound=Message)
_PROTOBUF = "application/protobuf"
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Method:
    """One call of a service: its request, who may call it, what it does, and whether it only reads."""

    request: type[Message]
    grants: Callable[[VideoGrant, Any], bool]
    handle: Callable[[Dependencies, AppId, Any], Message]
    reads: bool = False


def read_message(request: Request, kind: type[M]) -> M:
    """Return the body as a message; fields that are not known are ignored. Raises TwirpError or ParleyError."""
    message = kind()
    if _is_binary(request):
        raw = request.raw_body
        if len(raw) > MAX_BODY_BYTES:
            raise TwirpError("malformed", f"the body may have {MAX_BODY_BYTES} bytes", error_id="body_too_large")
        try:
            message.ParseFromString(raw if isinstance(raw, bytes) else raw.encode())
        except DecodeError:
            raise TwirpError("malformed", "the protobuf request could not be decoded") from None
        return message
    body = read_json(request)
    if not isinstance(body, dict):
        raise TwirpError("malformed", "the json request must be an object")
    try:
        json_format.ParseDict(body, message, ignore_unknown_fields=True)
    except json_format.ParseError as error:
        raise TwirpError("malformed", f"the json request could not be decoded: {error}"[:500]) from None
    return message


def answer(request: Request, message: Message) -> Response:
    """Answer in the form of the request; JSON has the names of the .proto files and every field, as Go's Twirp."""
    if _is_binary(request):
        return Response(body=message.SerializeToString(), status_code=200, headers={"Content-Type": _PROTOBUF})
    body = json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return Response(body=body, status_code=200, headers={"Content-Type": _JSON})


def _is_binary(request: Request) -> bool:
    return (request.headers.get("content-type") or "").partition(";")[0].strip().lower() == _PROTOBUF
