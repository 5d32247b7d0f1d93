"""Rate counters, idempotency records and audit logs in memory, as tests/contract holds them to be."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from chalicelib.domain.audit import AuditEntry, AuditFilter
from chalicelib.services.call_ports import IdempotencyRecord
from chalicelib.services.ports import ConditionFailed


class FakeRateCounterStore:
    """RateCounterStore in memory; `error`, when set, is raised by every call."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str, int]] = Counter()
        self.writes = 0
        self.error: Exception | None = None

    def add(self, tenant: str, name: str, window: int, calls: int, expires_s: int) -> int:
        """See the port."""
        if self.error:
            raise self.error
        self.writes += 1
        self.counts[tenant, name, window] += calls
        return self.counts[tenant, name, window]

    def count(self, tenant: str, name: str, window: int) -> int:
        """See the port."""
        return self.counts[tenant, name, window]


class FakeIdempotencyStore:
    """IdempotencyStore in memory."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], IdempotencyRecord] = {}

    def begin(self, tenant: str, record: IdempotencyRecord, now_ms: int) -> None:
        """See the port."""
        found = self.rows.get((tenant, record.record_id))
        if found is not None and found.expires_at_ms > now_ms and (found.answer or found.locked_until_ms > now_ms):
            raise ConditionFailed
        self.rows[tenant, record.record_id] = record

    def get(self, tenant: str, record_id: str) -> IdempotencyRecord | None:
        """See the port."""
        return self.rows.get((tenant, record_id))

    def complete(self, tenant: str, record: IdempotencyRecord, answer: bytes) -> None:
        """See the port."""
        self._mine(tenant, record)
        self.rows[tenant, record.record_id] = replace(record, answer=answer)

    def release(self, tenant: str, record: IdempotencyRecord) -> None:
        """See the port."""
        self._mine(tenant, record)
        del self.rows[tenant, record.record_id]

    def _mine(self, tenant: str, record: IdempotencyRecord) -> None:
        found = self.rows.get((tenant, record.record_id))
        if found is None or found.owner != record.owner:
            raise ConditionFailed


class FakeAuditStore:
    """AuditStore in memory."""

    def __init__(self) -> None:
        self.logs: defaultdict[str, list[AuditEntry]] = defaultdict(list)

    def add(self, log: str, entry: AuditEntry) -> None:
        """See the port."""
        self.logs[log].append(entry)

    def newest_first(
        self, log: str, wanted: AuditFilter, before: str | None, limit: int
    ) -> tuple[Sequence[AuditEntry], str | None]:
        """See the port."""
        entries = sorted(self.logs[log], key=lambda entry: entry.entry_id, reverse=True)
        found = [one for one in entries if (before is None or one.entry_id < before) and wanted.accepts(one)]
        return found[:limit], found[limit - 1].entry_id if len(found) > limit else None
