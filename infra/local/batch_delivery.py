"""How Lambda's event source mappings treat a batch that fails: partial failures, bisection, retries, then the dead.

Pure: the handler, the pause between attempts and what becomes of a dead record come in as arguments. The deployed
mappings are set to the same numbers (infra/control_plane_stack.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

MAX_RETRIES = 3
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Delivery(Generic[T]):
    """What delivering needs to know: call the handler, name a record, wait before a retry, give a record up."""

    invoke: Callable[[Sequence[T]], Any]
    identify: Callable[[T], str]
    pause: Callable[[int], None]
    give_up: Callable[[T, str], None]


def deliver_in_order(records: Sequence[T], delivery: Delivery[T]) -> None:
    """Deliver stream records; return when every one of them was handled or given up.

    Order is kept: nothing behind a failing record is handled before it is retried MAX_RETRIES times and given up.
    """
    rest = list(records)
    attempt = 0
    size = len(rest)
    while rest:
        batch = rest[:size]
        done, reason = _attempt(batch, delivery)
        if done:
            rest, attempt, size = rest[done:], 0, len(rest) - done
        elif len(batch) > 1:
            size = len(batch) // 2  # BisectBatchOnFunctionError: find the one record that cannot be handled
        elif attempt < MAX_RETRIES:
            attempt += 1
            delivery.pause(attempt)
        else:
            delivery.give_up(batch[0], reason)
            rest, attempt, size = rest[1:], 0, len(rest) - 1


def _attempt(batch: Sequence[T], delivery: Delivery[T]) -> tuple[int, str]:
    try:
        answer = delivery.invoke(batch)
    except Exception as error:  # whatever a handler raises is a failed invocation, as in Lambda
        return 0, f"{type(error).__name__}: {error}"
    failed = failures(answer)
    if failed is None:
        return 0, "the handler's answer is not understood"
    for index, record in enumerate(batch):
        if delivery.identify(record) in failed:
            return index, "the handler reported it as failed"
    return len(batch), ""


def failures(answer: Any) -> set[str] | None:
    """Return the item identifiers a handler reports as failed (ReportBatchItemFailures); None if that is malformed.

    An answer without ``batchItemFailures`` means success, as for Lambda.
    """
    if not isinstance(answer, dict) or not answer.get("batchItemFailures"):
        return set()
    try:
        identifiers = {entry["itemIdentifier"] for entry in answer["batchItemFailures"]}
    except (KeyError, TypeError):
        return None
    return identifiers if all(isinstance(one, str) and one for one in identifiers) else None
