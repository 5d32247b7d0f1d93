"""Dyte's credential: ``Authorization: Basic base64(org_id:api_key)``. An organization is an app.

Two pairs are accepted: an app's id with an API token of its account, or both halves of one of the app's API key pairs.
"""

import base64
import hmac
from dataclasses import dataclass

from chalice.app import Request

from chalicelib.api.call_gate import Caller
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AccountId, AppId, is_uuid
from chalicelib.services import callers
from chalicelib.services.accounts import token_sha256
from chalicelib.services.dependencies import Dependencies

_MAX_HEADER_CHARS = 2048
_MAX_HALF_CHARS = 512


@dataclass(frozen=True, slots=True)
class Credential:
    """Whose a credential is. `manages_orgs`: it is the account's own, so it may make and list organizations."""

    account_id: AccountId
    app_id: AppId
    actor: str
    manages_orgs: bool

    @property
    def caller(self) -> Caller:
        """The caller that the views of RealtimeKit see; they name the app themselves."""
        return Caller(self.account_id, None, self.actor)


def credential_of(request: Request, deps: Dependencies) -> Credential:
    """Return whose the request's credential is. Raises ParleyError CREDENTIAL_MISSING or CREDENTIAL_INVALID."""
    scheme, _, encoded = (request.headers.get("authorization") or "").partition(" ")
    if scheme.lower() != "basic" or not encoded.strip():
        raise ParleyError(ErrorId.CREDENTIAL_MISSING, "authorization is required: Basic base64(org_id:api_key)")
    org_id, api_key = _halves(encoded.strip())
    found = _of_token(deps, org_id, api_key) if is_uuid(org_id) else _of_pair(deps, org_id, api_key)
    if found is None:
        # The same for an organization that does not exist, that is another account's, and for a wrong key.
        raise ParleyError(ErrorId.CREDENTIAL_INVALID, "the organization id or the API key is not valid")
    return found


def _halves(encoded: str) -> tuple[str, str]:
    if len(encoded) > _MAX_HEADER_CHARS:
        return "", ""
    try:
        org_id, _, api_key = base64.b64decode(encoded, validate=True).decode("ascii").partition(":")
    except ValueError:  # not base64, or not text
        return "", ""
    return (org_id, api_key) if max(len(org_id), len(api_key)) <= _MAX_HALF_CHARS else ("", "")


def _of_token(deps: Dependencies, org_id: str, token: str) -> Credential | None:
    digest = token_sha256(token)
    account_id = callers.account_of_token(deps, digest)
    if account_id is None:
        return None
    app = callers.app_of_account(deps, account_id, AppId(org_id))
    return Credential(account_id, app.id, f"api_token:{digest[:12]}", True) if app is not None else None


def _of_pair(deps: Dependencies, key: str, secret: str) -> Credential | None:
    # The key becomes part of a database key: nothing that cannot be one gets there.
    found = callers.api_key(deps, key) if key.isalnum() else None
    if found is None or not hmac.compare_digest(found.secret.encode(), secret.encode()):
        return None
    return Credential(found.account_id, found.app_id, f"api_key:{found.key}", False)
