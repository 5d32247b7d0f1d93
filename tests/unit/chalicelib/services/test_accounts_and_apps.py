"""Making accounts and apps: what is secret is shown once, what is random is random."""

from chalicelib.contract.ids import is_uuid
from chalicelib.domain.paging import PageRequest
from chalicelib.services.accounts import create_account, token_sha256
from chalicelib.services.apps import create_app, list_apps
from tests.fakes.clock import FakeClock
from tests.fakes.dependencies import fake_dependencies


def test_an_account_is_reached_by_its_token_alone() -> None:
    deps = fake_dependencies()
    made = create_account(deps, "Ada")
    assert deps.accounts.account_of_token(token_sha256(made.api_token)) == made.account.id
    assert deps.accounts.account_of_token(made.api_token) is None
    assert made.api_token not in repr(made) and len(made.account.id) == 32


def test_two_apps_share_neither_id_nor_key() -> None:
    deps = fake_dependencies()
    account = create_account(deps, "Ada").account.id
    first, second = create_app(deps, account, "one"), create_app(deps, account, "two")
    assert is_uuid(first.app.id) and first.app.id != second.app.id
    assert first.api_key.key != second.api_key.key and first.api_key.secret != second.api_key.secret
    assert first.api_key.secret not in repr(first)


def test_apps_are_searched_by_name_in_any_case() -> None:
    clock = FakeClock()
    deps = fake_dependencies(clock)
    account = create_account(deps, "Ada").account.id
    for name in ("Staging", "production", "STAGE left"):
        create_app(deps, account, name)
        clock.advance(1)
    page = list_apps(deps, account, PageRequest(), search="stag", newest_first=False)
    assert [app.name for app in page.items] == ["Staging", "STAGE left"]
