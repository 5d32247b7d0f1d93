"""Webhooks in DynamoDB."""

from collections.abc import Iterator

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.contract.ids import AppId
from chalicelib.domain.webhook import Webhook, WebhookEvent, WebhookId
from chalicelib.stores import table


class WebhookItem(table.Item, discriminator="webhook"):
    """``APP#{app}#HOOK`` / ``HOOK#{id}``: all of an app's in one Query."""

    app_id = UnicodeAttribute()
    webhook_id = UnicodeAttribute()
    name = UnicodeAttribute()
    url = UnicodeAttribute()
    events = JSONAttribute()
    enabled = BooleanAttribute()
    created_at_ms = NumberAttribute()
    updated_at_ms = NumberAttribute()
    version = NumberAttribute()


def _item(webhook: Webhook) -> WebhookItem:
    return WebhookItem(
        f"APP#{webhook.app_id}#HOOK",
        f"HOOK#{webhook.id}",
        app_id=webhook.app_id,
        webhook_id=webhook.id,
        name=webhook.name,
        url=webhook.url,
        events=[event.value for event in webhook.events],
        enabled=webhook.enabled,
        created_at_ms=webhook.created_at_ms,
        updated_at_ms=webhook.updated_at_ms,
        version=webhook.version,
    )


def _webhook_of(item: WebhookItem) -> Webhook:
    return Webhook(
        id=WebhookId(item.webhook_id),
        app_id=AppId(item.app_id),
        name=item.name,
        url=item.url,
        events=tuple(WebhookEvent(event) for event in item.events),
        enabled=item.enabled,
        created_at_ms=int(item.created_at_ms),
        updated_at_ms=int(item.updated_at_ms),
        version=int(item.version),
    )


class DynamoWebhookStore:
    """The WebhookStore of the real system."""

    def add(self, webhook: Webhook) -> None:
        """Store a new webhook. Raises ConditionFailed when its id exists."""
        table.save(_item(webhook), WebhookItem.pk.does_not_exist())

    def replace(self, webhook: Webhook, *, observed_version: int) -> None:
        """Overwrite a webhook that is still at `observed_version`. Raises ConditionFailed when it is not."""
        table.save(_item(webhook), WebhookItem.version == observed_version)

    def delete(self, observed: Webhook) -> None:
        """Remove a webhook as it was observed. Raises ConditionFailed when it is not."""
        item = _item(observed)
        with table.translated(item.key):
            item.delete(condition=WebhookItem.version == observed.version)

    def get(self, app_id: AppId, webhook_id: WebhookId) -> Webhook | None:
        """Return a webhook of this app, or None."""
        item = table.get(WebhookItem, f"APP#{app_id}#HOOK", f"HOOK#{webhook_id}")
        return _webhook_of(item) if item else None

    def in_app(self, app_id: AppId) -> Iterator[Webhook]:
        """Yield the app's webhooks, oldest first."""
        return map(_webhook_of, table.query(WebhookItem, f"APP#{app_id}#HOOK", "HOOK#"))
