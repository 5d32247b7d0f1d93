"""HTTP to ``/internal`` of the control plane: one method per call, errors as ParleyError. No retries, no state."""

import json
from typing import Any, TypeVar

import aiohttp

from chalicelib.contract.codec import ContractError, from_json, to_json
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import NodeId
from chalicelib.contract.node_messages import (
    AdmissionAnswer,
    AdmissionRequest,
    EventBatch,
    EventsAccepted,
    Heartbeat,
    HeartbeatAccepted,
    NodeRegistered,
    RegisterNode,
)

T = TypeVar("T")

CALL_TIMEOUT_S = 5.0  # a cold Lambda answers in 1 to 2 s
MAX_ANSWER_BYTES = 1024 * 1024
_ERRORS = {error.id: error for error in ErrorId}


class ControlPlaneClient:
    """Calls the control plane at `base_url`, through a ClientSession that the caller owns and closes."""

    def __init__(self, http: aiohttp.ClientSession, base_url: str, timeout_s: float = CALL_TIMEOUT_S) -> None:
        self._http = http
        self._base_url = base_url
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)

    async def register(self, secret: str, node: RegisterNode) -> NodeRegistered:
        """Make this node known. Raises ParleyError."""
        return await self._call(NodeRegistered, "POST", "/internal/nodes", secret, node)

    async def heartbeat(self, token: str, node_id: NodeId, beat: Heartbeat) -> HeartbeatAccepted:
        """Say that this node lives. Raises ParleyError, NODE_NOT_REGISTERED when it is taken for dead."""
        return await self._call(HeartbeatAccepted, "POST", f"/internal/nodes/{node_id}/heartbeats", token, beat)

    async def deregister(self, token: str, node_id: NodeId) -> None:
        """Say that this node is gone for good. Raises ParleyError."""
        await self._request("DELETE", f"/internal/nodes/{node_id}", token, None)

    async def admit(self, token: str, request: AdmissionRequest) -> AdmissionAnswer:
        """Ask whether a client may join, and where. Raises ParleyError, with the reason when it may not."""
        return await self._call(AdmissionAnswer, "POST", "/internal/admissions", token, request)

    async def send_events(self, token: str, batch: EventBatch) -> EventsAccepted:
        """Hand over events. Raises ParleyError when none of them was looked at."""
        return await self._call(EventsAccepted, "POST", "/internal/events", token, batch)

    async def _call(self, kind: type[T], method: str, path: str, credential: str, message: Any) -> T:
        try:
            return from_json(kind, await self._request(method, path, credential, message))
        except ContractError as error:
            raise _unreachable(error) from error

    async def _request(self, method: str, path: str, credential: str, message: Any) -> Any:
        headers = {"Authorization": f"Bearer {credential}"}
        body = None if message is None else json.dumps(to_json(message)).encode()
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            async with self._http.request(
                method, self._base_url + path, data=body, headers=headers, timeout=self._timeout, allow_redirects=False
            ) as response:
                return _data_of(response.status, await _bounded(response))
        except (TimeoutError, aiohttp.ClientError) as error:
            raise _unreachable(error) from error


def _unreachable(error: Exception) -> ParleyError:
    detail = f"the control plane did not answer: {type(error).__name__}"
    return ParleyError(ErrorId.CONTROL_PLANE_UNREACHABLE, detail)


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    text = bytearray()
    async for piece in response.content.iter_chunked(65536):
        text += piece
        if len(text) > MAX_ANSWER_BYTES:
            raise aiohttp.ClientPayloadError("the answer is too long")
    return bytes(text)


def _data_of(status: int, text: bytes) -> Any:
    """Return the data of an answer's envelope, or raise the error that it tells."""
    try:
        envelope = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        envelope = None
    if status < 300 and isinstance(envelope, dict):
        return envelope.get("data")
    told = envelope.get("error") if isinstance(envelope, dict) else None
    if isinstance(told, dict) and told.get("id") in _ERRORS:
        raise ParleyError(_ERRORS[told["id"]], str(told.get("message", ""))[:500])
    raise ParleyError(ErrorId.CONTROL_PLANE_UNREACHABLE, f"the control plane answered {status} without a known error")
