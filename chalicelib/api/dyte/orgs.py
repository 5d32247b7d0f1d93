"""``/orgs``: Dyte's organizations, which are apps here. Only the account's own API token manages them."""

from collections.abc import Callable
from typing import Annotated, Any

from chalice.app import Response
from pydantic import Field

from chalicelib.api import authentication
from chalicelib.api.dyte.credential import credential_of
from chalicelib.api.dyte.mirror import refusal
from chalicelib.api.envelope import iso, success
from chalicelib.api.page_query import OrderedQuery, read_query
from chalicelib.api.request_body import Body, read_body
from chalicelib.api.routing import Routes
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AccountId
from chalicelib.contract.limits import MAX_NAME_CHARS
from chalicelib.domain.app import App
from chalicelib.services.apps import change_app, create_app, delete_app, list_apps
from chalicelib.services.dependencies import Dependencies


class _Org(Body):
    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARS)]


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__, refusal)

    @blueprint.route("/orgs", methods=["GET"], query=OrderedQuery)
    def list_() -> Response:
        account = authentication.account_of(blueprint.current_request, deps(), _manager(blueprint, deps()))
        query = read_query(blueprint.current_request, OrderedQuery)
        page = list_apps(deps(), account, query.page, search=query.search, newest_first=query.newest_first())
        return success([_rendered(app) for app in page.items], paging=page.counts)

    @blueprint.route("/orgs", methods=["POST"], body=_Org)
    def create() -> Response:
        account = authentication.account_of(blueprint.current_request, deps(), _manager(blueprint, deps()))
        made = create_app(deps(), account, read_body(blueprint.current_request, _Org).name)
        # Only in this answer: the pair is a credential of the new organization (credential.py).
        pair = {"key": made.api_key.key, "secret": made.api_key.secret}
        return success(_rendered(made.app) | {"api_key": pair}, status=201)

    _routes_of_one(blueprint, deps)
    return blueprint


def _routes_of_one(blueprint: Routes, deps: Callable[[], Dependencies]) -> None:
    def named(org_id: str) -> App:
        return authentication.app_of(blueprint.current_request, deps(), _manager(blueprint, deps()), org_id)

    @blueprint.route("/orgs/{org_id}", methods=["GET"])
    def get(org_id: str) -> Response:
        return success(_rendered(named(org_id)))

    @blueprint.route("/orgs/{org_id}", methods=["PATCH", "PUT"], body=_Org)
    def change(org_id: str) -> Response:
        app = named(org_id)
        return success(_rendered(change_app(deps(), app, {"name": read_body(blueprint.current_request, _Org).name})))

    @blueprint.route("/orgs/{org_id}", methods=["DELETE"])
    def delete(org_id: str) -> Response:
        app = named(org_id)
        delete_app(deps(), app)
        return success(_rendered(app))


def _manager(blueprint: Routes, deps: Dependencies) -> AccountId:
    request = blueprint.current_request
    credential = credential_of(request, deps)
    authentication.prove(request, credential.caller)
    if not credential.manages_orgs:
        raise ParleyError(ErrorId.NOT_ALLOWED, "organizations are managed with an API token of the account")
    return credential.account_id


def _rendered(app: App) -> dict[str, Any]:
    return {"id": app.id, "name": app.name, "created_at": iso(app.created_at_ms)}
