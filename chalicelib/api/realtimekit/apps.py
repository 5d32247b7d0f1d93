"""``/apps``: the workspaces of an account.

Extensions to RealtimeKit: reading, changing and removing one, and ``api_key`` in the answer that makes one.
"""

from collections.abc import Callable
from typing import Annotated, Any

from chalice.app import Response
from pydantic import Field

from chalicelib.api.authentication import account_of, app_of
from chalicelib.api.envelope import iso, success
from chalicelib.api.page_query import OrderedQuery, read_query
from chalicelib.api.request_body import Body, read_body
from chalicelib.api.routing import Routes
from chalicelib.contract.limits import MAX_NAME_CHARS
from chalicelib.domain.app import App
from chalicelib.services.apps import change_app, create_app, delete_app, list_apps
from chalicelib.services.dependencies import Dependencies

AppName = Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARS)]


class _NewApp(Body):
    name: AppName


class _Settings(Body):
    auto_create_rooms: bool | None = None


class _AppPatch(Body):
    name: AppName | None = None
    settings: _Settings | None = None

    def changes(self) -> dict[str, Any]:
        """Return the fields of the app that the request names; null changes nothing."""
        named = {"name": self.name, "auto_create_rooms": self.settings.auto_create_rooms if self.settings else None}
        return {field: value for field, value in named.items() if value is not None}


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

    _routes_of_one(blueprint, deps)
    return blueprint


def _routes_of_one(blueprint: Routes, deps: Callable[[], Dependencies]) -> None:
    @blueprint.route("/apps/{app_id}", methods=["GET"])
    def get(account_id: str, app_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        return success(_whole(app, deps()))

    @blueprint.route("/apps/{app_id}", methods=["PATCH"], body=_AppPatch)
    def change(account_id: str, app_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        return success(_whole(change_app(deps(), app, read_body(request, _AppPatch).changes()), deps()))

    @blueprint.route("/apps/{app_id}", methods=["DELETE"])
    def delete(account_id: str, app_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        delete_app(deps(), app)
        return success(_rendered(app))


def _whole(app: App, deps: Dependencies) -> dict[str, Any]:
    limits = {"app": deps.rates.app, "account": deps.rates.account, "recording": deps.rates.recording}
    return {
        **_rendered(app),
        "settings": {"auto_create_rooms": app.auto_create_rooms},
        "rate_limits": {name: limit._asdict() for name, limit in limits.items()},
    }


def _rendered(app: App) -> dict[str, Any]:
    return {"id": app.id, "name": app.name, "created_at": iso(app.created_at_ms)}
