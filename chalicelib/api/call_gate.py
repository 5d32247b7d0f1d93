"""What every call of an authenticated caller passes: rate limits, idempotency keys on the way in, the audit log on the
way out.

authentication.py calls enter() as soon as it knows who calls, so that strangers can neither spend a tenant's calls nor
see its answers. The middleware in routing.py calls leave().
"""

import json
from dataclasses import dataclass, field
from typing import Any

from chalice.app import Request, Response

from chalicelib import telemetry
from chalicelib.api.errors import AnsweredAlready
from chalicelib.contract.errors import ErrorId
from chalicelib.contract.ids import AccountId, AppId, uuid7
from chalicelib.domain.audit import AuditEntry
from chalicelib.services import audit, idempotency
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.ports import ConditionFailed, Contention, StoreUnavailable
from chalicelib.services.rate_limits import Standing, refused

_NOTE = "parley.call"
IDEMPOTENCY_HEADER = "idempotency-key"
_READS = {"GET", "HEAD", "OPTIONS"}
# One for every join, and each leaves a record of its own: the participant, and the jti in the token.
_NOT_AUDITED_ENDS = ("/meetings/{meeting_id}/participants", "/token")


@dataclass(slots=True)
class Caller:
    """Who calls: the account and app are proven, `actor` names the credential without giving it away."""

    account_id: AccountId
    app_id: AppId | None
    actor: str

    @property
    def tenant(self) -> str:
        """What keys of the table start with."""
        return audit.log_of(self.account_id, self.app_id)


@dataclass(slots=True)
class _Call:
    deps: Dependencies
    caller: Caller
    headers: dict[str, str] = field(default_factory=dict)
    attempt: idempotency.Attempt | None = None
    replayed: bool = False
    reads: bool = False
    target: dict[str, str] = field(default_factory=dict)


def enter(request: Request, deps: Dependencies, caller: Caller) -> None:
    """Let a call in. Raises ParleyError TOO_MANY_REQUESTS and what idempotency.begin() raises.

    A call that was done before under its idempotency key ends here with its first answer (AnsweredAlready).
    """
    call = request.context[_NOTE] = _Call(deps, caller)
    standing = deps.rates.spend(caller.account_id, caller.app_id, recording="/recordings" in request.path)
    call.headers.update(_rate_headers(standing))
    if standing.retry_after_s:
        raise refused(standing)
    key = request.headers.get(IDEMPOTENCY_HEADER) if request.method == "POST" else None
    if key is None:
        return
    begun = idempotency.begin(deps, caller.tenant, key, _sameness(request))
    if isinstance(begun, idempotency.Answer):
        call.replayed = True
        headers: dict[str, str | list[str]] = {"Content-Type": begun.content_type, "Idempotency-Replayed": "true"}
        raise AnsweredAlready(Response(body=begun.body, status_code=begun.status, headers=headers))
    call.attempt = begun


def describe(request: Request, *, reads: bool, **target: str) -> None:
    """Say of a call that was let in what its method and path do not: whether it only reads, and what it is about."""
    call: _Call = request.context[_NOTE]
    call.reads = reads
    call.target.update({name: value[:256] for name, value in target.items() if value})


def leave(request: Request, response: Response) -> Response:
    """Finish a call: settle its idempotency key, write its audit entry, say where the caller stands."""
    call: _Call | None = request.context.pop(_NOTE, None)
    if call is None:
        return response
    if call.attempt is not None:
        _settle(call, call.attempt, response)
    if _is_audited(request, response) and not (call.replayed or call.reads):
        audit.write_entry(call.deps, _entry(request, call, response))
    if _error_id(response) == ErrorId.REPEATED_TOO_SOON.id:
        call.headers["Retry-After"] = "1"
    response.headers.update(call.headers)
    return response


def _rate_headers(standing: Standing) -> dict[str, str]:
    # draft-ietf-httpapi-ratelimit-headers: the policy, and what is left of it for how many seconds.
    headers = {
        "RateLimit-Policy": f'"{standing.name}";q={standing.limit.requests};w={standing.limit.window_s}',
        "RateLimit": f'"{standing.name}";r={standing.remaining};t={standing.retry_after_s or standing.reset_s}',
    }
    if standing.retry_after_s:
        headers["Retry-After"] = str(standing.retry_after_s)
    return headers


def _sameness(request: Request) -> bytes:
    raw = request.raw_body
    body = raw.encode() if isinstance(raw, str) else raw
    where = json.dumps([request.method, request.path, sorted((request.uri_params or {}).items())])
    return where.encode() + b"\n" + body


def _settle(call: _Call, attempt: idempotency.Attempt, response: Response) -> None:
    # Only what was done is kept. What was refused has done nothing and may go better the next time.
    try:
        if 200 <= response.status_code < 300:
            idempotency.complete(call.deps, attempt, _answer(response))
        else:
            idempotency.release(call.deps, attempt)
    except ConditionFailed:
        telemetry.count("IdempotencyLockLost")  # this call took longer than its lock
    except (StoreUnavailable, Contention) as error:
        telemetry.count("IdempotencyAnswerLost")
        telemetry.logger().error("idempotent answer not kept", reason=str(error))


def _answer(response: Response) -> idempotency.Answer:
    body = response.body if isinstance(response.body, str) else json.dumps(response.body, separators=(",", ":"))
    return idempotency.Answer(response.status_code, body, str(response.headers.get("Content-Type")))


def _is_audited(request: Request, response: Response) -> bool:
    if request.method in _READS or response.status_code == ErrorId.TOO_MANY_REQUESTS.status:
        return False
    return not _action(request).endswith(_NOT_AUDITED_ENDS)


def _action(request: Request) -> str:
    _, kit, path = request.path.partition("/realtime/kit")
    return f"{request.method} {path if kit else request.path}"


def _entry(request: Request, call: _Call, response: Response) -> AuditEntry:
    now_ms = call.deps.now_ms()
    return AuditEntry(
        entry_id=uuid7(now_ms, call.deps.entropy(10)),
        account_id=call.caller.account_id,
        app_id=None if _action(request).partition(" ")[2].startswith("/apps") else call.caller.app_id,
        actor=call.caller.actor,
        action=_action(request),
        target=_target(request, response.body) | call.target,
        at_ms=now_ms,
        status=response.status_code,
        error_id=_error_id(response),
        request_id=str(getattr(request.lambda_context, "aws_request_id", "")),
    )


def _target(request: Request, body: Any) -> dict[str, str]:
    named = {name: value[:256] for name, value in (request.uri_params or {}).items() if name != "account_id"}
    data = body.get("data") if isinstance(body, dict) else None
    made = data.get("app", data) if isinstance(data, dict) else None
    if isinstance(made, dict) and isinstance(made.get("id"), str):
        named["id"] = made["id"]
    return named


def _error_id(response: Response) -> str | None:
    if response.status_code < 400:
        return None
    error = response.body.get("error") if isinstance(response.body, dict) else None
    return str(error.get("id")) if isinstance(error, dict) else f"http_{response.status_code}"
