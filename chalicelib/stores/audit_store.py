"""The audit logs in DynamoDB. Ids grow with time, so a time is a bound of the sort key."""

from collections.abc import Sequence

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.contract.ids import AccountId, AppId, uuid7
from chalicelib.contract.limits import AUDIT_RETENTION_SECONDS
from chalicelib.domain.audit import AuditEntry, AuditFilter
from chalicelib.stores import table

MAX_LOOKED_AT = 1_000  # entries of one call, about 300 KB: a filter that matches nothing must not read for ever


class AuditItem(table.Item, discriminator="audit_entry"):
    """``APP#{app}#AUDIT`` or ``ACC#{account}#AUDIT`` / ``AT#{uuid7}``."""

    entry_id = UnicodeAttribute()
    account_id = UnicodeAttribute()
    app_id = UnicodeAttribute(null=True)
    actor = UnicodeAttribute()
    action = UnicodeAttribute()
    target = JSONAttribute()
    at_ms = NumberAttribute()
    status = NumberAttribute()
    error_id = UnicodeAttribute(null=True)
    request_id = UnicodeAttribute(null=True)


def _entry_of(item: AuditItem) -> AuditEntry:
    return AuditEntry(
        entry_id=item.entry_id,
        account_id=AccountId(item.account_id),
        app_id=AppId(item.app_id) if item.app_id else None,
        actor=item.actor,
        action=item.action,
        target=item.target,
        at_ms=int(item.at_ms),
        status=int(item.status),
        error_id=item.error_id,
        request_id=item.request_id or "",
    )


class DynamoAuditStore:
    """The AuditStore of the real system."""

    def add(self, log: str, entry: AuditEntry) -> None:
        """Store an entry."""
        item = AuditItem(
            f"{log}#AUDIT",
            f"AT#{entry.entry_id}",
            entry_id=entry.entry_id,
            account_id=entry.account_id,
            app_id=entry.app_id,
            actor=entry.actor,
            action=entry.action,
            target=entry.target,
            at_ms=entry.at_ms,
            status=entry.status,
            error_id=entry.error_id,
            request_id=entry.request_id or None,
            ttl=entry.at_ms // 1000 + AUDIT_RETENTION_SECONDS,
        )
        table.save(item)

    def newest_first(
        self, log: str, wanted: AuditFilter, before: str | None, limit: int
    ) -> tuple[Sequence[AuditEntry], str | None]:
        """Return up to `limit` entries older than the one with id `before`, and where to go on, or None at the end."""
        oldest = "AT#" + uuid7(max(0, wanted.from_ms or 0), bytes(10))[:13]
        newest = f"AT#{before}" if before else "AT#g"
        if wanted.to_ms is not None:
            newest = min(newest, "AT#" + uuid7(max(0, wanted.to_ms) + 1, bytes(10))[:13])
        if oldest > newest:
            return [], None
        found: list[AuditEntry] = []
        last = ""
        with table.translated():
            rows = AuditItem.query(
                f"{log}#AUDIT",
                AuditItem.sk.between(oldest, newest),
                scan_index_forward=False,
                consistent_read=True,
                limit=MAX_LOOKED_AT + 1,
                page_size=min(MAX_LOOKED_AT, limit + 1),
            )
            for looked_at, item in enumerate(rows):
                entry = _entry_of(item)
                if entry.entry_id == before:
                    continue
                if len(found) == limit or looked_at == MAX_LOOKED_AT:
                    return found, last or None
                last = entry.entry_id
                if wanted.accepts(entry):
                    found.append(entry)
        return found, None
