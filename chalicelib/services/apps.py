"""Apps: making one (with its presets and first API key pair), listing, changing and removing them."""

from dataclasses import dataclass, replace
from typing import Any

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AccountId, AppId, uuid7
from chalicelib.contract.limits import MAX_APPS
from chalicelib.domain.app import ApiKey, App, KeyRing
from chalicelib.domain.default_presets import NAMES, default_presets
from chalicelib.domain.meeting import MeetingFilter
from chalicelib.domain.paging import Page, PageRequest, page_of
from chalicelib.services.api_keys import new_api_key
from chalicelib.services.callers import forget_api_key, forget_app
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.key_ports import Purge
from chalicelib.services.ports import ConditionFailed
from chalicelib.services.purging import try_clean_up
from chalicelib.services.retrying import until_it_holds


@dataclass(frozen=True, slots=True)
class NewApp:
    """An app with its first API key pair, whose secret is shown this once."""

    app: App
    api_key: ApiKey


def create_app(deps: Dependencies, account_id: AccountId, name: str) -> NewApp:
    """Make an app, its default presets and one API key pair, all or nothing.

    Raises ParleyError ALREADY_EXISTS when the account has an app of this name, QUOTA_REACHED, or BUSY.
    """

    def attempt() -> NewApp:
        now_ms = deps.now_ms()
        app = App(AppId(uuid7(now_ms, deps.entropy(10))), account_id, name, now_ms)
        ids = [uuid7(now_ms, deps.entropy(10)) for _ in NAMES]
        key = new_api_key(deps, app)
        try:
            deps.apps.add(app, default_presets(app.id, ids, now_ms), key)
        except ConditionFailed:
            _explain_refusal(deps, app)
            raise
        return NewApp(app, key)

    return until_it_holds(attempt, deps.entropy, deps.sleep)


def change_app(deps: Dependencies, app: App, changes: dict[str, Any]) -> App:
    """Set the name or settings (by field name) of an app.

    Raises ParleyError ALREADY_EXISTS when another one of the account has the name, APP_NOT_FOUND, or BUSY.
    """

    def attempt() -> App:
        observed = deps.apps.get(app.account_id, app.id)
        if observed is None:
            raise ParleyError(ErrorId.APP_NOT_FOUND, "no such app")
        changed = replace(observed, **changes)
        try:
            deps.apps.replace(changed, observed=observed)
        except ConditionFailed:
            _explain_refusal(deps, changed, adding=False)
            raise
        forget_app(deps, app.account_id, app.id)
        return changed

    return until_it_holds(attempt, deps.entropy, deps.sleep)


def delete_app(deps: Dependencies, app: App) -> None:
    """Remove an app that has no meetings, with its key pairs; the rest of what it had goes soon after.

    Raises ParleyError APP_NOT_FOUND, IN_USE (saying by what), or BUSY.
    """

    def attempt() -> KeyRing:
        if deps.apps.get(app.account_id, app.id) is None:
            raise ParleyError(ErrorId.APP_NOT_FOUND, "no such app")
        meetings = deps.meetings.page(app.id, MeetingFilter(), PageRequest(1, 1)).total_count
        if meetings:
            message = f"the app has {meetings} meeting{'s' * (meetings > 1)}: delete them first"
            raise ParleyError(ErrorId.IN_USE, message)
        ring = deps.api_keys.ring(app.id)
        deps.apps.delete(app, ring)
        return ring

    ring = until_it_holds(attempt, deps.entropy, deps.sleep)
    forget_app(deps, app.account_id, app.id)
    for key in ring.keys:
        forget_api_key(deps, key.key)
    try_clean_up(deps, Purge(app.id))


def _explain_refusal(deps: Dependencies, app: App, *, adding: bool = True) -> None:
    """Raise what a failed write of an app means, or return when it may hold the next time."""
    others = [one for one in deps.apps.in_account(app.account_id, newest_first=False) if one.id != app.id]
    if any(one.name == app.name for one in others):
        raise ParleyError(ErrorId.ALREADY_EXISTS, "the account has an app of this name", "/name")
    if adding and len(others) >= MAX_APPS:
        raise ParleyError(ErrorId.QUOTA_REACHED, f"an account has at most {MAX_APPS} apps")


def list_apps(
    deps: Dependencies, account_id: AccountId, page: PageRequest, *, search: str, newest_first: bool
) -> Page[App]:
    """Return a page of the account's apps; `search` is a part of the name, in any case."""
    wanted = search.casefold()
    apps = deps.apps.in_account(account_id, newest_first=newest_first)
    return page_of(apps, page, lambda app: wanted in app.name.casefold())
