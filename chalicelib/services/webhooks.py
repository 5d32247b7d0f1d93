"""Webhooks: registering, reading, changing and removing them. Sending is not here."""

from typing import Any

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AppId, is_uuid, uuid7
from chalicelib.contract.limits import MAX_WEBHOOKS_PER_APP
from chalicelib.domain.webhook import Webhook, WebhookId, changed, problem_of_url
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.retrying import until_it_holds


def create_webhook(deps: Dependencies, app_id: AppId, fields: dict[str, Any]) -> Webhook:
    """Register a webhook of `fields` (name, url, events, enabled). Raises ParleyError INVALID_FIELD, QUOTA_REACHED."""
    _check_url(deps, fields)
    if len(list(deps.webhooks.in_app(app_id))) >= MAX_WEBHOOKS_PER_APP:
        raise ParleyError(ErrorId.QUOTA_REACHED, f"an app may have {MAX_WEBHOOKS_PER_APP} webhooks")
    now_ms = deps.now_ms()
    webhook_id = WebhookId(uuid7(now_ms, deps.entropy(10)))
    webhook = Webhook(id=webhook_id, app_id=app_id, created_at_ms=now_ms, updated_at_ms=now_ms, **fields)
    deps.webhooks.add(webhook)
    return webhook


def get_webhook(deps: Dependencies, app_id: AppId, webhook_id: str) -> Webhook:
    """Return a webhook of the app. Raises ParleyError WEBHOOK_NOT_FOUND."""
    webhook = deps.webhooks.get(app_id, WebhookId(webhook_id)) if is_uuid(webhook_id) else None
    if webhook is None:
        raise ParleyError(ErrorId.WEBHOOK_NOT_FOUND, "no such webhook")
    return webhook


def list_webhooks(deps: Dependencies, app_id: AppId) -> tuple[Webhook, ...]:
    """Return the app's webhooks, oldest first."""
    return tuple(deps.webhooks.in_app(app_id))


def change_webhook(deps: Dependencies, app_id: AppId, webhook_id: str, changes: dict[str, Any]) -> Webhook:
    """Set some fields of a webhook. Raises ParleyError INVALID_FIELD, WEBHOOK_NOT_FOUND or BUSY."""
    _check_url(deps, changes)

    def attempt() -> Webhook:
        stored = get_webhook(deps, app_id, webhook_id)
        webhook = changed(stored, changes, deps.now_ms())
        deps.webhooks.replace(webhook, observed_version=stored.version)
        return webhook

    return until_it_holds(attempt, deps.entropy, deps.sleep)


def delete_webhook(deps: Dependencies, app_id: AppId, webhook_id: str) -> Webhook:
    """Remove a webhook and return what it was. Raises ParleyError WEBHOOK_NOT_FOUND or BUSY."""

    def attempt() -> Webhook:
        webhook = get_webhook(deps, app_id, webhook_id)
        deps.webhooks.delete(webhook)
        return webhook

    return until_it_holds(attempt, deps.entropy, deps.sleep)


def _check_url(deps: Dependencies, fields: dict[str, Any]) -> None:
    problem = problem_of_url(fields["url"], loopback=deps.config.loopback_webhooks) if "url" in fields else None
    if problem is not None:
        raise ParleyError(ErrorId.INVALID_FIELD, f"/url: {problem}", "/url")
