"""Who may do what: one answer for everything that is not the caller's."""

import pytest

from chalicelib.api.authentication import account_of, app_of
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.services.accounts import create_account
from chalicelib.services.apps import create_app
from chalicelib.services.dependencies import Dependencies
from tests.fakes.dependencies import fake_dependencies
from tests.fakes.requests import fake_request


def refusal(deps: Dependencies, headers: dict[str, str], account_id: str) -> ParleyError:
    with pytest.raises(ParleyError) as refused:
        account_of(fake_request(headers=headers), deps, account_id)
    return refused.value


def test_a_token_opens_its_own_account_in_either_header() -> None:
    deps = fake_dependencies()
    made = create_account(deps, "Ada")
    for headers in (
        {"Authorization": f"Bearer {made.api_token}"},
        {"authorization": f"bearer  {made.api_token} "},
        {"X-Auth-Key": made.api_token, "X-Auth-Email": "ada@example.org"},
    ):
        assert account_of(fake_request(headers=headers), deps, made.account.id) == made.account.id


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({}, ErrorId.CREDENTIAL_MISSING),
        ({"Authorization": "Bearer "}, ErrorId.CREDENTIAL_MISSING),
        ({"Authorization": "Basic YTpi"}, ErrorId.CREDENTIAL_MISSING),
        ({"Authorization": "Bearer wrong"}, ErrorId.CREDENTIAL_INVALID),
        ({"Authorization": "Bearer " + "x" * 10_000}, ErrorId.CREDENTIAL_INVALID),
        ({"Authorization": "Bearer \N{SNOWMAN}"}, ErrorId.CREDENTIAL_INVALID),
    ],
)
def test_without_a_good_token_nothing_is_said(headers: dict[str, str], error: ErrorId) -> None:
    assert refusal(fake_dependencies(), headers, "a" * 32).error is error


def test_another_account_looks_like_none() -> None:
    deps = fake_dependencies()
    mine, theirs = create_account(deps, "Ada"), create_account(deps, "Eve")
    headers = {"Authorization": f"Bearer {mine.api_token}"}
    foreign, absent = refusal(deps, headers, theirs.account.id), refusal(deps, headers, "0" * 32)
    assert foreign.error is ErrorId.ACCOUNT_NOT_FOUND
    assert (foreign.error, foreign.message, foreign.pointer) == (absent.error, absent.message, absent.pointer)


def test_an_app_is_found_under_its_own_account_only() -> None:
    deps = fake_dependencies()
    mine, theirs = create_account(deps, "Ada"), create_account(deps, "Eve")
    my_app, their_app = (create_app(deps, made.account.id, "dev").app for made in (mine, theirs))
    request = fake_request(headers={"Authorization": f"Bearer {mine.api_token}"})
    assert app_of(request, deps, mine.account.id, my_app.id) == my_app
    for app_id in (their_app.id, "01890000-0000-7000-8000-000000000000", "apps"):
        with pytest.raises(ParleyError) as refused:
            app_of(request, deps, mine.account.id, app_id)
        assert refused.value.error is ErrorId.APP_NOT_FOUND
