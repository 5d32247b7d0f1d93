"""What every call of the API needs from the outside world: rate counters, idempotency records and the audit log.

No implementation is here: ports.py says where they are and holds the errors they raise.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from chalicelib.domain.audit import AuditEntry, AuditFilter


class RateCounterStore(Protocol):
    """Counters that processes share: `tenant` and `name` say whose and of what, `window` which fixed window."""

    def add(self, tenant: str, name: str, window: int, calls: int, expires_s: int) -> int:
        """Add calls and return the sum. It may be forgotten after `expires_s` (seconds since 1970)."""
        ...

    def count(self, tenant: str, name: str, window: int) -> int:
        """Return the sum, 0 when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    """A key in use: `answer` is None while the first call runs. Times are ms since 1970 UTC."""

    record_id: str
    fingerprint: str
    owner: str
    locked_until_ms: int
    expires_at_ms: int
    answer: bytes | None = field(default=None, repr=False)


class IdempotencyStore(Protocol):
    """Records of idempotency keys by their id, a hash of tenant and key."""

    def begin(self, tenant: str, record: IdempotencyRecord, now_ms: int) -> None:
        """Store a record in place of none, of one that has expired, or of one whose lock is over.

        Raises ConditionFailed when there is another one.
        """
        ...

    def get(self, tenant: str, record_id: str) -> IdempotencyRecord | None:
        """Return a record, or None."""
        ...

    def complete(self, tenant: str, record: IdempotencyRecord, answer: bytes) -> None:
        """Add the answer. Raises ConditionFailed when somebody else has taken the record over."""
        ...

    def release(self, tenant: str, record: IdempotencyRecord) -> None:
        """Remove the record. Raises ConditionFailed when somebody else has taken it over."""
        ...


class AuditStore(Protocol):
    """The audit logs: `log` says whose, ``ACC#{account}`` or ``APP#{app}``."""

    def add(self, log: str, entry: AuditEntry) -> None:
        """Store an entry."""
        ...

    def newest_first(
        self, log: str, wanted: AuditFilter, before: str | None, limit: int
    ) -> tuple[Sequence[AuditEntry], str | None]:
        """Return up to `limit` entries older than the one with id `before`, and where to go on, or None at the end.

        It looks at a bounded number of entries: there may be fewer than `limit` although there are more to come.
        """
        ...
