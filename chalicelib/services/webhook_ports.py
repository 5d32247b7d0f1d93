"""What the use cases of webhooks need: a store. ports.py says where implementations are and which errors they raise."""

from collections.abc import Iterator
from typing import Protocol

from chalicelib.contract.ids import AppId
from chalicelib.domain.webhook import Webhook, WebhookId


class WebhookStore(Protocol):
    """Webhooks of apps."""

    def add(self, webhook: Webhook) -> None:
        """Store a new webhook. Raises ConditionFailed when its id exists."""
        ...

    def replace(self, webhook: Webhook, *, observed_version: int) -> None:
        """Overwrite a webhook that is still at `observed_version`. Raises ConditionFailed when it is not."""
        ...

    def delete(self, observed: Webhook) -> None:
        """Remove a webhook as it was observed. Raises ConditionFailed when it is not."""
        ...

    def get(self, app_id: AppId, webhook_id: WebhookId) -> Webhook | None:
        """Return a webhook of this app, or None."""
        ...

    def in_app(self, app_id: AppId) -> Iterator[Webhook]:
        """Yield the app's webhooks, oldest first."""
        ...
