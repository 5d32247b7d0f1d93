"""The same tests for the stores in DynamoDB and for their fakes: rate counters, idempotency records, audit logs."""

import dataclasses

import pytest

from chalicelib.contract.ids import AccountId, AppId, uuid7
from chalicelib.domain.audit import AuditEntry, AuditFilter
from chalicelib.services.call_ports import AuditStore, IdempotencyRecord, IdempotencyStore, RateCounterStore
from chalicelib.services.ports import ConditionFailed
from chalicelib.stores.audit_store import DynamoAuditStore
from chalicelib.stores.idempotency_store import DynamoIdempotencyStore
from chalicelib.stores.rate_counter_store import DynamoRateCounterStore
from tests.fakes.call_stores import FakeAuditStore, FakeIdempotencyStore, FakeRateCounterStore
from tests.fakes.clock import START_MS, FakeEntropy

new_entropy = FakeEntropy()


@dataclasses.dataclass
class Stores:
    rates: RateCounterStore
    idempotency: IdempotencyStore
    audit: AuditStore


@pytest.fixture(params=["fake", "dynamodb"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "fake":
        return Stores(FakeRateCounterStore(), FakeIdempotencyStore(), FakeAuditStore())
    request.getfixturevalue("fresh_table")
    return Stores(DynamoRateCounterStore(), DynamoIdempotencyStore(), DynamoAuditStore())


def test_counters_sum_up_by_tenant_name_and_window(stores: Stores) -> None:
    assert stores.rates.count("ACC#a", "account", 7) == 0
    assert stores.rates.add("ACC#a", "account", 7, 35, 10**10) == 35
    assert stores.rates.add("ACC#a", "account", 7, 5, 10**10) == 40
    assert stores.rates.add("ACC#b", "account", 7, 1, 10**10) == 1
    assert stores.rates.add("ACC#a", "account", 8, 2, 10**10) == 2
    assert stores.rates.count("ACC#a", "account", 7) == 40


def a_record(owner: str = "o1", at_ms: int = START_MS) -> IdempotencyRecord:
    return IdempotencyRecord("r" * 64, "f" * 64, owner, at_ms + 60_000, at_ms + 86_400_000)


def test_a_key_is_taken_once_until_it_is_given_back(stores: Stores) -> None:
    record = a_record()
    stores.idempotency.begin("APP#a", record, START_MS)
    with pytest.raises(ConditionFailed):
        stores.idempotency.begin("APP#a", a_record("o2"), START_MS + 59_999)
    stores.idempotency.begin("APP#b", a_record("o3"), START_MS)
    assert stores.idempotency.get("APP#a", record.record_id) == record
    stores.idempotency.release("APP#a", record)
    assert stores.idempotency.get("APP#a", record.record_id) is None
    stores.idempotency.begin("APP#a", a_record("o2"), START_MS)


def test_a_lock_that_is_over_is_taken_over_and_its_owner_is_shut_out(stores: Stores) -> None:
    first, second = a_record("o1"), a_record("o2", START_MS + 60_000)
    stores.idempotency.begin("APP#a", first, START_MS)
    stores.idempotency.begin("APP#a", second, START_MS + 60_000)
    with pytest.raises(ConditionFailed):
        stores.idempotency.complete("APP#a", first, b"late")
    with pytest.raises(ConditionFailed):
        stores.idempotency.release("APP#a", first)
    stores.idempotency.complete("APP#a", second, b"\x00answer")
    found = stores.idempotency.get("APP#a", first.record_id)
    assert found is not None and found.answer == b"\x00answer"


def test_an_answer_is_kept_until_it_expires(stores: Stores) -> None:
    record = a_record()
    stores.idempotency.begin("APP#a", record, START_MS)
    stores.idempotency.complete("APP#a", record, b"answer")
    with pytest.raises(ConditionFailed):
        stores.idempotency.begin("APP#a", a_record("o2"), record.expires_at_ms - 1)
    stores.idempotency.begin("APP#a", a_record("o2", record.expires_at_ms), record.expires_at_ms)


def an_entry(number: int, **changes: object) -> AuditEntry:
    at_ms = START_MS + number * 1000
    entry = AuditEntry(
        entry_id=uuid7(at_ms, new_entropy(10)),
        account_id=AccountId("a" * 32),
        app_id=AppId("app"),
        actor="api_token:1",
        action="POST /{app_id}/meetings",
        target={"id": str(number)},
        at_ms=at_ms,
        status=201,
        error_id=None,
        request_id="r",
    )
    return dataclasses.replace(entry, **changes)  # type: ignore[arg-type]


def test_entries_come_newest_first_page_by_page(stores: Stores) -> None:
    entries = [an_entry(number) for number in range(5)]
    for entry in entries:
        stores.audit.add("APP#a", entry)
    stores.audit.add("APP#b", an_entry(9))
    first, after = stores.audit.newest_first("APP#a", AuditFilter(), None, 2)
    assert list(first) == [entries[4], entries[3]] and after is not None
    second, after = stores.audit.newest_first("APP#a", AuditFilter(), after, 2)
    assert list(second) == [entries[2], entries[1]] and after is not None
    assert stores.audit.newest_first("APP#a", AuditFilter(), after, 2) == ([entries[0]], None)


def test_entries_are_found_by_who_what_when_and_outcome(stores: Stores) -> None:
    made, failed = an_entry(0), an_entry(1, status=400, error_id="invalid_field")
    other = an_entry(2, actor="api_token:2", action="DELETE /{app_id}/meetings/{meeting_id}")
    for entry in (made, failed, other):
        stores.audit.add("APP#a", entry)

    def found(wanted: AuditFilter) -> list[AuditEntry]:
        return list(stores.audit.newest_first("APP#a", wanted, None, 10)[0])

    assert found(AuditFilter(actor="api_token:2")) == [other]
    assert found(AuditFilter(action="post")) == [failed, made]
    assert found(AuditFilter(succeeded=False)) == [failed]
    assert found(AuditFilter(from_ms=failed.at_ms, to_ms=failed.at_ms)) == [failed]
    assert found(AuditFilter(from_ms=START_MS + 10, to_ms=START_MS)) == []
