"""``/{app_id}/webhooks``: where events are sent, and which events there are."""

from collections.abc import Callable
from typing import Annotated, Any

from chalice.app import Request, Response
from pydantic import AfterValidator, ConfigDict, Field

from chalicelib.api.authentication import app_of
from chalicelib.api.envelope import iso, success
from chalicelib.api.request_body import Body, read_body
from chalicelib.api.routing import Routes
from chalicelib.contract.limits import MAX_NAME_CHARS, MAX_URL_CHARS
from chalicelib.domain.webhook import DESCRIPTIONS, Webhook, WebhookEvent
from chalicelib.services import webhooks
from chalicelib.services.dependencies import Dependencies

_ALL = "/{app_id}/webhooks"
_ONE = "/{app_id}/webhooks/{webhook_id}"


def _once_each(events: list[WebhookEvent]) -> list[WebhookEvent]:
    return list(dict.fromkeys(events))


Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARS)]
Url = Annotated[str, Field(min_length=1, max_length=MAX_URL_CHARS)]
Events = Annotated[list[WebhookEvent], Field(min_length=1, max_length=len(WebhookEvent)), AfterValidator(_once_each)]


class WebhookBody(Body):
    """Body of create and replace."""

    model_config = ConfigDict(defer_build=True)

    name: Name
    url: Url
    events: Events
    enabled: bool = True


class WebhookPatch(Body):
    """Body of update: only what it names changes."""

    model_config = ConfigDict(defer_build=True)

    # The defaults are never read: null is no value, and what is absent is not set.
    name: Name = ""
    url: Url = ""
    events: Events = []
    enabled: bool = True


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__)
    _routes_of_all(blueprint, deps)

    @blueprint.route(_ONE, methods=["GET"])
    def get(account_id: str, app_id: str, webhook_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        return success(_rendered(webhooks.get_webhook(deps(), app.id, webhook_id)))

    @blueprint.route(_ONE, methods=["PATCH"], body=WebhookPatch)
    def change(account_id: str, app_id: str, webhook_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        body = read_body(request, WebhookPatch)
        changes = _fields(body.model_dump(include=body.model_fields_set))
        return success(_rendered(webhooks.change_webhook(deps(), app.id, webhook_id, changes)))

    @blueprint.route(_ONE, methods=["PUT"], body=WebhookBody)
    def replace(account_id: str, app_id: str, webhook_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        return success(_rendered(webhooks.change_webhook(deps(), app.id, webhook_id, _whole(request))))

    @blueprint.route(_ONE, methods=["DELETE"])
    def delete(account_id: str, app_id: str, webhook_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        return success(_rendered(webhooks.delete_webhook(deps(), app.id, webhook_id)))

    return blueprint


def _routes_of_all(blueprint: Routes, deps: Callable[[], Dependencies]) -> None:
    @blueprint.route(_ALL, methods=["GET"])
    def list_(account_id: str, app_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        return success([_rendered(webhook) for webhook in webhooks.list_webhooks(deps(), app.id)])

    @blueprint.route(_ALL, methods=["POST"], body=WebhookBody)
    def create(account_id: str, app_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        return success(_rendered(webhooks.create_webhook(deps(), app.id, _whole(request))), status=201)

    @blueprint.route(_ALL + "/all", methods=["GET"])
    def catalogue(account_id: str, app_id: str) -> Response:
        app_of(blueprint.current_request, deps(), account_id, app_id)
        return success([{"name": event.value, "description": text} for event, text in DESCRIPTIONS.items()])


def _whole(request: Request) -> dict[str, Any]:
    return _fields(read_body(request, WebhookBody).model_dump())


def _fields(named: dict[str, Any]) -> dict[str, Any]:
    return named | {"events": tuple(named["events"])} if "events" in named else named


def _rendered(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "name": webhook.name,
        "url": webhook.url,
        "events": [event.value for event in webhook.events],
        "enabled": webhook.enabled,
        "created_at": iso(webhook.created_at_ms),
        "updated_at": iso(webhook.updated_at_ms),
    }
