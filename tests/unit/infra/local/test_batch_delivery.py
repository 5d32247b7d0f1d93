"""A batch that fails is treated as Lambda's event source mappings treat it."""

from collections.abc import Sequence
from typing import Any

import pytest

from infra.local.batch_delivery import MAX_RETRIES, Delivery, deliver_in_order, failures


class Handler:
    """Fails on the records in `poison`: by reporting them, or by raising when `raises` is set."""

    def __init__(self, poison: set[str], *, raises: bool = False, cured_after: int = 10**6) -> None:
        self.poison = poison
        self.raises = raises
        self.cured_after = cured_after
        self.calls: list[list[str]] = []
        self.handled: list[str] = []
        self.given_up: list[str] = []
        self.pauses: list[int] = []

    def __call__(self, records: Sequence[str]) -> Any:
        self.calls.append(list(records))
        bad = next((r for r in records if r in self.poison), None)
        if bad is None or len(self.pauses) >= self.cured_after:
            self.handled += records
            return None
        if self.raises:
            raise RuntimeError("no")
        self.handled += records[: records.index(bad)]
        return {"batchItemFailures": [{"itemIdentifier": bad}]}

    def run(self, records: list[str]) -> None:
        deliver_in_order(
            records, Delivery(self, str, self.pauses.append, lambda record, _: self.given_up.append(record))
        )


def test_a_good_batch_is_delivered_in_one_call() -> None:
    handler = Handler(set())
    handler.run(["1", "2", "3"])
    assert handler.calls == [["1", "2", "3"]]
    assert not handler.given_up


def test_a_reported_failure_is_retried_from_there_and_then_given_up() -> None:
    handler = Handler({"2"})
    handler.run(["1", "2", "3"])
    assert handler.handled == ["1", "3"]
    assert handler.given_up == ["2"]
    assert len(handler.pauses) == MAX_RETRIES


def test_a_batch_that_raises_is_bisected_until_one_record_is_to_blame() -> None:
    handler = Handler({"5"}, raises=True)
    handler.run([str(n) for n in range(8)])
    assert handler.handled == ["0", "1", "2", "3", "4", "6", "7"]
    assert handler.given_up == ["5"]


def test_a_passing_fault_loses_nothing_and_keeps_the_order() -> None:
    handler = Handler({"2"}, raises=True, cured_after=2)
    handler.run(["1", "2", "3"])
    assert handler.handled == ["1", "2", "3"]
    assert not handler.given_up


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (None, set()),
        ({}, set()),
        ({"batchItemFailures": []}, set()),
        ({"batchItemFailures": [{"itemIdentifier": "a"}]}, {"a"}),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, None),
        ({"batchItemFailures": [{"id": "a"}]}, None),
        ({"batchItemFailures": 3}, None),
    ],
)
def test_a_malformed_report_fails_the_whole_batch(answer: Any, expected: set[str] | None) -> None:
    assert failures(answer) == expected
