"""The shape of every answer of the RealtimeKit and internal APIs: ``{success, data, paging?}``, or the error form.

The error form carries both conventions in use: ``error`` (Dyte) and ``errors`` (what the official SDK shows people).
"""

from datetime import UTC, datetime
from typing import Any

from chalice.app import Response

from chalicelib.contract.errors import ErrorId

Headers = dict[str, str | list[str]]

_RETRY_WORTHWHILE = {408, 429}
_WILL_NOT_CHANGE = {ErrorId.NOT_AVAILABLE_YET, ErrorId.ENGINE_NOT_AVAILABLE}


def success(data: Any, *, paging: dict[str, int] | None = None, status: int = 200) -> Response:
    """Answer with data; `paging` stands beside it, not in it."""
    body = {"success": True, "data": data}
    if paging is not None:
        body["paging"] = paging
    return Response(body=body, status_code=status, headers={"Content-Type": "application/json"})


def failure(error: ErrorId, message: str, pointer: str | None = None, headers: Headers | None = None) -> Response:
    """Answer with an error; `pointer` is the JSON pointer of the field that is wrong."""
    detail: dict[str, Any] = {"code": error.code, "message": message}
    if pointer is not None:
        detail["source"] = {"pointer": pointer}
    body = {
        "success": False,
        "error": {"code": error.status, "id": error.id, "message": message},
        "errors": [detail],
        "messages": [],
        "result": None,
    }
    answer_headers: Headers = {"Content-Type": "application/json", **(headers or {})}
    # The SDKs repeat 409 and every 5xx by default, POSTs too. Only what may go better the next time is worth it.
    if error in _WILL_NOT_CHANGE or _is_final(error):
        answer_headers["x-should-retry"] = "false"
    return Response(body=body, status_code=error.status, headers=answer_headers)


def _is_final(error: ErrorId) -> bool:
    passing = error.status in _RETRY_WORTHWHILE or error is ErrorId.REPEATED_TOO_SOON
    return error.status < 500 and not passing


def iso(at_ms: int) -> str:
    """Render ms since 1970 as ISO 8601 in UTC with milliseconds and ``Z``."""
    moment = datetime.fromtimestamp(at_ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"
