"""Shared rate counters in DynamoDB: an item per tenant, limit and window, removed by TTL."""

from pynamodb.attributes import NumberAttribute
from pynamodb.expressions.update import Action

from chalicelib.services.ports import Key
from chalicelib.stores import table


class RateCounterItem(table.Item, discriminator="rate_counter"):
    """``ACC#{account}#RATE`` or ``APP#{app}#RATE`` / ``{limit}#{window}``."""

    calls = NumberAttribute()


def rate_counter_key(tenant: str, name: str, window: int) -> Key:
    """Return the key of a counter; `tenant` is ``ACC#{account}`` or ``APP#{app}``."""
    return f"{tenant}#RATE", f"{name}#{window}"


class DynamoRateCounterStore:
    """The RateCounterStore of the real system."""

    def add(self, tenant: str, name: str, window: int, calls: int, expires_s: int) -> int:
        """Add calls and return the sum. It may be forgotten after `expires_s` (seconds since 1970)."""
        item = RateCounterItem(*rate_counter_key(tenant, name, window))
        actions: list[Action] = [
            RateCounterItem.calls.add(calls),
            RateCounterItem.ttl.set(expires_s),
            RateCounterItem.kind.set(RateCounterItem),
        ]
        with table.translated(item.key):
            item.update(actions)  # it answers with the item as it is now
        return int(item.calls)

    def count(self, tenant: str, name: str, window: int) -> int:
        """Return the sum, 0 when there is none."""
        item = table.get(RateCounterItem, *rate_counter_key(tenant, name, window))
        return int(item.calls) if item else 0
