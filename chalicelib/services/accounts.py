"""Making accounts and their API tokens. There is no REST call for it: the operator's seed does it."""

import base64
import hashlib
from dataclasses import dataclass, field

from chalicelib.contract.ids import AccountId, uuid7
from chalicelib.domain.account import Account
from chalicelib.services.dependencies import Dependencies


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account with its API token, which can never be shown again."""

    account: Account
    api_token: str = field(repr=False)


def create_account(deps: Dependencies, name: str) -> NewAccount:
    """Make an account and its first API token (32 random bytes, base64url). Its id is 32 hex digits."""
    now_ms = deps.now_ms()
    account = Account(AccountId(uuid7(now_ms, deps.entropy(10)).replace("-", "")), name, now_ms)
    token = "pat_" + base64.urlsafe_b64encode(deps.entropy(32)).rstrip(b"=").decode()
    deps.accounts.add(account, token_sha256(token))
    return NewAccount(account, token)


def token_sha256(token: str) -> str:
    """Return the form in which an API token is stored and looked up."""
    return hashlib.sha256(token.encode()).hexdigest()
