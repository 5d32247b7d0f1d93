"""``/apps``: the workspaces of an account."""

from collections.abc import Callable
from typing import Annotated, Any

from chalice.app import Response
from pydantic import Field

from chalicelib.api.authentication import account_of
from chalicelib.api.envelope import iso, success
from chalicelib.api.page_query import OrderedQuery, read_query
from chalicelib.api.request_body import Body, read_body
from chalicelib.api.routing import Routes
from chalicelib.contract.limits import MAX_NAME_CHARS
from chalicelib.domain.app import App
from chalicelib.services.apps import create_app, list_apps
from chalicelib.services.dependencies import Dependencies


class _NewApp(Body):
    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARS)]


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__)

    @blueprint.route("/apps", methods=["GET"], query=OrderedQuery)
    def list_(account_id: str) -> Response:
        request = blueprint.current_request
        account = account_of(request, deps(), account_id)
        query = read_query(request, OrderedQuery)
        page = list_apps(deps(), account, query.page, search=query.search, newest_first=query.newest_first())
        return success([_rendered(app) for app in page.items], paging=page.counts)

    @blueprint.route("/apps", methods=["POST"], body=_NewApp)
    def create(account_id: str) -> Response:
        request = blueprint.current_request
        account = account_of(request, deps(), account_id)
        made = create_app(deps(), account, read_body(request, _NewApp).name)
        # Beside `app`, and only in this answer: the key pair that signs LiveKit tokens.
        pair = {"key": made.api_key.key, "secret": made.api_key.secret}
        return success({"app": _rendered(made.app), "api_key": pair})

    return blueprint


def _rendered(app: App) -> dict[str, Any]:
    return {"id": app.id, "name": app.name, "created_at": iso(app.created_at_ms)}
