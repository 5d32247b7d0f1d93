"""API key pairs of an app: making, listing, rotating with an overlap, revoking. A secret is shown once."""

import base64

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.limits import MAX_API_KEYS
from chalicelib.domain.app import ApiKey, App, KeyRing, ListedApiKey
from chalicelib.services.callers import forget_api_key
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.retrying import until_it_holds


def new_api_key(deps: Dependencies, app: App, name: str = "") -> ApiKey:
    """Return a fresh key pair: 10 random bytes in base32 behind "API", and 32 in base64url. Nothing is stored."""
    return ApiKey(
        key="API" + base64.b32encode(deps.entropy(10)).decode(),
        secret=base64.urlsafe_b64encode(deps.entropy(32)).rstrip(b"=").decode(),
        app_id=app.id,
        account_id=app.account_id,
        created_at_ms=deps.now_ms(),
        name=name,
    )


def list_api_keys(deps: Dependencies, app: App) -> tuple[ListedApiKey, ...]:
    """Return the app's key pairs that are good, the oldest first."""
    now_ms = deps.now_ms()
    return tuple(key for key in deps.api_keys.ring(app.id).keys if key.is_good(now_ms))


def create_api_key(deps: Dependencies, app: App, name: str) -> ApiKey:
    """Make a key pair. Raises ParleyError QUOTA_REACHED or BUSY."""

    def attempt() -> ApiKey:
        ring = deps.api_keys.ring(app.id)
        made = new_api_key(deps, app, name)
        deps.api_keys.change(app.id, ring, add=made, remove=_make_room(deps, ring))
        return made

    return until_it_holds(attempt, deps.entropy, deps.sleep)


def rotate_api_key(deps: Dependencies, app: App, key: str, overlap_s: int) -> tuple[ApiKey, ListedApiKey]:
    """Make a key pair in place of another one, which stays good for `overlap_s` more seconds; return both.

    Raises ParleyError API_KEY_NOT_FOUND, QUOTA_REACHED or BUSY.
    """

    def attempt() -> tuple[ApiKey, ListedApiKey]:
        ring = deps.api_keys.ring(app.id)
        old = _find(deps, ring, key)
        until_ms = deps.now_ms() + overlap_s * 1000
        if old.expires_at_ms is not None:
            until_ms = min(until_ms, old.expires_at_ms)
        made = new_api_key(deps, app, old.name)
        deps.api_keys.change(app.id, ring, add=made, expire=(key, until_ms), remove=_make_room(deps, ring))
        forget_api_key(deps, key)
        return made, ListedApiKey(old.key, old.name, old.created_at_ms, until_ms)

    return until_it_holds(attempt, deps.entropy, deps.sleep)


def revoke_api_key(deps: Dependencies, app: App, key: str) -> ListedApiKey:
    """Remove a key pair: tokens that it signed admit nobody any more. Raises ParleyError API_KEY_NOT_FOUND or BUSY."""

    def attempt() -> ListedApiKey:
        ring = deps.api_keys.ring(app.id)
        found = _find(deps, ring, key)
        deps.api_keys.change(app.id, ring, remove=(key,))
        forget_api_key(deps, key)
        return found

    return until_it_holds(attempt, deps.entropy, deps.sleep)


def _find(deps: Dependencies, ring: KeyRing, key: str) -> ListedApiKey:
    found = ring.find(key)
    if found is None or not found.is_good(deps.now_ms()):
        raise ParleyError(ErrorId.API_KEY_NOT_FOUND, "no such API key")
    return found


def _make_room(deps: Dependencies, ring: KeyRing) -> tuple[str, ...]:
    """Return the expired pairs, which go when a new one comes."""
    now_ms = deps.now_ms()
    expired = tuple(key.key for key in ring.keys if not key.is_good(now_ms))
    if len(ring.keys) - len(expired) >= MAX_API_KEYS:
        raise ParleyError(ErrorId.QUOTA_REACHED, f"an app has at most {MAX_API_KEYS} API keys: revoke one first")
    return expired
