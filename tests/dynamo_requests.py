"""Counts what is asked of DynamoDB: requests, and the write units of every key, through a hook of botocore."""

import json
import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from chalicelib.stores import table

Params = dict[str, Any]


@dataclass
class Requests:
    """What was asked since counting began. A read that returns nothing counts too."""

    names: list[str] = field(default_factory=list)
    params: list[Params] = field(default_factory=list)
    items_read: int = 0

    def written(self) -> Counter[tuple[str, str]]:
        """Return the write units of every item: per KB, twice in a transaction, deletes and checks like writes.

        An update is taken for an item of 1 KB, what all items that are updated stay below.
        """
        units: Counter[tuple[str, str]] = Counter()
        for name, params in zip(self.names, self.params, strict=True):
            if name == "TransactWriteItems":
                for action in params["TransactItems"]:
                    (kind, told), *_ = action.items()
                    units[_key(told)] += 2 * _kilobytes(told.get("Item")) if kind == "Put" else 2
            elif name in ("PutItem", "UpdateItem", "DeleteItem"):
                units[_key(params)] += _kilobytes(params.get("Item"))
        return units

    def clear(self) -> None:
        """Begin again."""
        self.names.clear()
        self.params.clear()
        self.items_read = 0


@contextmanager
def counted_requests() -> Iterator[Requests]:
    """Count while the block runs; the table is bound already."""
    seen = Requests()

    def before(params: Params, model: Any, **_: Any) -> None:
        seen.names.append(model.name)
        seen.params.append(params)

    def after(parsed: Params, **_: Any) -> None:
        seen.items_read += len(parsed.get("Items", ()))
        seen.items_read += sum(len(found) for found in parsed.get("Responses", {}).values())

    events = table.connection().client.meta.events
    events.register("provide-client-params.dynamodb", before)
    events.register("after-call.dynamodb", after)
    try:
        yield seen
    finally:
        events.unregister("provide-client-params.dynamodb", before)
        events.unregister("after-call.dynamodb", after)


def _key(told: Params) -> tuple[str, str]:
    key = told.get("Key") or told["Item"]
    return key["pk"]["S"], key["sk"]["S"]


def _kilobytes(item: Params | None) -> int:
    """Return the units of one write; JSON is a little longer than what DynamoDB counts."""
    return math.ceil(len(json.dumps(item, default=str).encode()) / 1024) if item else 1
