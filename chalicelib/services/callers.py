"""Who calls, and for which app: looked up in the short memory first. Whoever changes one of these forgets it here."""

from chalicelib.contract.ids import AccountId, AppId
from chalicelib.domain.app import ApiKey, App
from chalicelib.services.dependencies import Dependencies


def account_of_token(deps: Dependencies, token_sha256: str) -> AccountId | None:
    """Return the account an API token belongs to, or None. A revoked one may be known for another 30 s."""
    return deps.memory.recall(
        ("token", token_sha256), deps.now_ms(), lambda: deps.accounts.account_of_token(token_sha256)
    )


def app_of_account(deps: Dependencies, account_id: AccountId, app_id: AppId) -> App | None:
    """Return an app of this account, or None. It may be up to 30 s old: never decide a write on it."""
    return deps.memory.recall(("app", account_id, app_id), deps.now_ms(), lambda: deps.apps.get(account_id, app_id))


def api_key(deps: Dependencies, key: str) -> ApiKey | None:
    """Return an API key pair by its public half, or None: an expired one never, a revoked one for up to 30 s more."""
    found = deps.memory.recall(("key", key), deps.now_ms(), lambda: deps.apps.api_key(key))
    return found if found is not None and found.is_good(deps.now_ms()) else None


def forget_token(deps: Dependencies, token_sha256: str) -> None:
    """Let this process look an API token up afresh."""
    deps.memory.forget(("token", token_sha256))


def forget_app(deps: Dependencies, account_id: AccountId, app_id: AppId) -> None:
    """Let this process look an app up afresh."""
    deps.memory.forget(("app", account_id, app_id))


def forget_api_key(deps: Dependencies, key: str) -> None:
    """Let this process look an API key pair up afresh."""
    deps.memory.forget(("key", key))
