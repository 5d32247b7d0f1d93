"""Who is calling the REST API: the account behind an API token, and the app in the path if it is that account's."""

from chalice.app import Request

from chalicelib.api import call_gate
from chalicelib.api.call_gate import Caller
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AccountId, AppId, is_uuid
from chalicelib.domain.app import App
from chalicelib.services import callers
from chalicelib.services.accounts import token_sha256
from chalicelib.services.dependencies import Dependencies

_MAX_CREDENTIAL_CHARS = 512
_PROVEN = "parley.proven_caller"


def bearer(request: Request) -> str:
    """Return the token of the Authorization header, or an empty string."""
    scheme, _, token = (request.headers.get("authorization") or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def prove(request: Request, caller: Caller) -> None:
    """Say whose a request is that came with the credential of another API, which was checked already."""
    request.context[_PROVEN] = caller


def account_of(request: Request, deps: Dependencies, account_id: str) -> AccountId:
    """Return the account in the path if the credential is its own, and let the call in (call_gate.py).

    Raises ParleyError CREDENTIAL_MISSING, CREDENTIAL_INVALID or ACCOUNT_NOT_FOUND, and what call_gate.enter() raises.
    Another account's id answers exactly like one that does not exist.
    """
    caller = _caller(request, deps, account_id)
    call_gate.enter(request, deps, caller)
    return caller.account_id


def app_of(request: Request, deps: Dependencies, account_id: str, app_id: str) -> App:
    """Return the app in the path, looked up under the credential's account only, and let the call in.

    Raises what account_of() raises, and ParleyError APP_NOT_FOUND.
    """
    caller = _caller(request, deps, account_id)
    app = callers.app_of_account(deps, caller.account_id, AppId(app_id)) if is_uuid(app_id) else None
    if app is not None:
        caller.app_id = app.id
    call_gate.enter(request, deps, caller)
    if app is None:
        raise ParleyError(ErrorId.APP_NOT_FOUND, "no such app")
    return app


def _caller(request: Request, deps: Dependencies, account_id: str) -> Caller:
    proven: Caller | None = request.context.get(_PROVEN)
    if proven is not None:
        assert proven.account_id == account_id, "an adapter asked for another account than its caller's"
        return proven
    token = bearer(request) or request.headers.get("x-auth-key") or ""
    if not token:
        raise ParleyError(ErrorId.CREDENTIAL_MISSING, "an API token is required: Authorization: Bearer ...")
    if len(token) > _MAX_CREDENTIAL_CHARS:
        raise ParleyError(ErrorId.CREDENTIAL_INVALID, "the API token is not known")
    # Looked up by its hash: neither the table nor the time a comparison takes gives a token away.
    digest = token_sha256(token)
    account = callers.account_of_token(deps, digest)
    if account is None:
        raise ParleyError(ErrorId.CREDENTIAL_INVALID, "the API token is not known")
    if account != account_id:
        raise ParleyError(ErrorId.ACCOUNT_NOT_FOUND, "no such account")
    return Caller(account, None, f"api_token:{digest[:12]}")
