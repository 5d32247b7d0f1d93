"""Writing and reading the audit log.

An entry is written right after its action, by one put: the action has happened, and a log that cannot be written must
not undo it. An entry that cannot be stored is in the structured log instead.
"""

from collections.abc import Sequence

from chalicelib import telemetry
from chalicelib.contract.ids import AccountId, AppId, is_uuid
from chalicelib.domain.audit import AuditEntry, AuditFilter
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.ports import Contention, StoreUnavailable


def log_of(account_id: AccountId, app_id: AppId | None) -> str:
    """Return which log an action belongs to: its app's, or its account's when it is about apps."""
    return f"ACC#{account_id}" if app_id is None else f"APP#{app_id}"


def write_entry(deps: Dependencies, entry: AuditEntry) -> None:
    """Store an entry; never raises what the store does."""
    try:
        deps.audit.add(log_of(entry.account_id, entry.app_id), entry)
    except (StoreUnavailable, Contention) as error:
        telemetry.count("AuditEntryLost")
        telemetry.logger().error(
            "audit entry not stored",
            reason=str(error),
            actor=entry.actor,
            action=entry.action,
            target=entry.target,
            status=entry.status,
        )


def read_entries(
    deps: Dependencies, account_id: AccountId, app_id: AppId | None, wanted: AuditFilter, before: str, limit: int
) -> tuple[Sequence[AuditEntry], str | None]:
    """Return entries, newest first, and the `before` of the next call, or None at the end of the log."""
    start = before if is_uuid(before) else None
    return deps.audit.newest_first(log_of(account_id, app_id), wanted, start, limit)
