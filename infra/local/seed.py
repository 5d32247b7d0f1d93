"""The account, API token and app "dev" of a local installation, made through the use cases everybody else uses."""

import dataclasses

from chalicelib.contract.ids import AccountId, AppId
from chalicelib.services.accounts import create_account, token_sha256
from chalicelib.services.apps import create_app
from chalicelib.services.dependencies import Dependencies
from infra.local.credentials import Credentials

APP_NAME = "dev"


def seed(deps: Dependencies, known: Credentials) -> Credentials:
    """Return credentials that exist in the table: the known ones, or new ones for what is missing there.

    Running it again changes nothing. A crash in the middle leaves at most an account that nobody knows a token of.
    """
    found = known.api_token and deps.accounts.account_of_token(token_sha256(known.api_token))
    if not found:
        made = create_account(deps, "Local development")
        known = dataclasses.replace(known, account_id=made.account.id, api_token=made.api_token)
    account_id = AccountId(known.account_id)
    if not known.app_id or deps.apps.get(account_id, AppId(known.app_id)) is None:
        app = create_app(deps, account_id, APP_NAME)
        known = dataclasses.replace(known, app_id=app.app.id, api_key=app.api_key.key, api_secret=app.api_key.secret)
    return known
