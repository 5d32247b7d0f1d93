"""Reading a JSON body: size, syntax, depth, then the fields against a pydantic model."""

import json
from typing import Any, TypeVar

from chalice.app import Request
from pydantic import BaseModel, ConfigDict

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.limits import MAX_BODY_BYTES, MAX_JSON_DEPTH


class Body(BaseModel):
    """Base of request bodies: no coercion between types, unknown fields ignored."""

    model_config = ConfigDict(strict=True, extra="ignore", defer_build=True)  # most requests need few of them


B = TypeVar("B", bound=BaseModel)


def read_body(request: Request, model: type[B]) -> B:
    """Return the body as `model`.

    Raises ParleyError BODY_TOO_LARGE or INVALID_JSON, or pydantic's ValidationError for the first wrong field.
    """
    # From JSON, not from Python objects: only then does strict mode take the string of an enum or of a time.
    return model.model_validate_json(json.dumps(read_json(request)))


def read_json(request: Request) -> Any:
    """Return the body as plain JSON; an absent body is an empty object. Raises ParleyError."""
    raw = request.raw_body
    raw = raw.encode() if isinstance(raw, str) else raw
    if len(raw) > MAX_BODY_BYTES:
        raise ParleyError(ErrorId.BODY_TOO_LARGE, f"the body may have {MAX_BODY_BYTES} bytes")
    if not raw.strip():
        return {}
    try:
        value = json.loads(raw.decode(), parse_constant=_refuse_constant)
        # What Python reads but cannot be stored as UTF-8 JSON again: lone surrogates, and 1e999, which becomes inf.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise ParleyError(ErrorId.INVALID_JSON, "the body is not valid JSON") from None
    if _deeper_than(value, MAX_JSON_DEPTH):
        raise ParleyError(ErrorId.INVALID_JSON, f"the body is nested deeper than {MAX_JSON_DEPTH} levels")
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _deeper_than(value: Any, levels: int) -> bool:
    layer = [value]
    for _ in range(levels):
        layer = [child for node in layer for child in _children(node)]
        if not layer:
            return False
    return True


def _children(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []
