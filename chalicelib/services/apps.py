"""Apps: making one (with its presets and first API key pair) and listing them."""

import base64
from dataclasses import dataclass

from chalicelib.contract.ids import AccountId, AppId, uuid7
from chalicelib.domain.app import ApiKey, App
from chalicelib.domain.default_presets import NAMES, default_presets
from chalicelib.domain.paging import Page, PageRequest, page_of
from chalicelib.services.dependencies import Dependencies


@dataclass(frozen=True, slots=True)
class NewApp:
    """An app with its first API key pair, whose secret is shown this once."""

    app: App
    api_key: ApiKey


def create_app(deps: Dependencies, account_id: AccountId, name: str) -> NewApp:
    """Make an app, its default presets and one API key pair, all or nothing."""
    now_ms = deps.now_ms()
    app = App(AppId(uuid7(now_ms, deps.entropy(10))), account_id, name, now_ms)
    ids = [uuid7(now_ms, deps.entropy(10)) for _ in NAMES]
    key = ApiKey(
        key="API" + base64.b32encode(deps.entropy(10)).decode(),
        secret=base64.urlsafe_b64encode(deps.entropy(32)).rstrip(b"=").decode(),
        app_id=app.id,
        account_id=account_id,
        created_at_ms=now_ms,
    )
    deps.apps.add(app, default_presets(app.id, ids, now_ms), key)
    return NewApp(app, key)


def list_apps(
    deps: Dependencies, account_id: AccountId, page: PageRequest, *, search: str, newest_first: bool
) -> Page[App]:
    """Return a page of the account's apps; `search` is a part of the name, in any case."""
    wanted = search.casefold()
    apps = deps.apps.in_account(account_id, newest_first=newest_first)
    return page_of(apps, page, lambda app: wanted in app.name.casefold())
