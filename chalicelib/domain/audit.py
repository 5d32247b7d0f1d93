"""The audit log: who did what to what, when, and what came of it."""

from dataclasses import dataclass

from chalicelib.contract.ids import AccountId, AppId


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One control action. `entry_id` is a UUIDv7; `actor` names a credential without giving it away.

    `action` is the method and the path with its variables' names, `target` their values and the id of what was made;
    `error_id` is None for what succeeded. `at_ms` is ms since 1970 UTC.
    """

    entry_id: str
    account_id: AccountId
    app_id: AppId | None
    actor: str
    action: str
    target: dict[str, str]
    at_ms: int
    status: int
    error_id: str | None
    request_id: str


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries to show; the times (ms) are inclusive."""

    actor: str = ""
    action: str = ""
    succeeded: bool | None = None
    from_ms: int | None = None
    to_ms: int | None = None

    def accepts(self, entry: AuditEntry) -> bool:
        """Tell whether an entry is wanted; `action` is a part of the entry's, in any case."""
        return (
            (not self.actor or entry.actor == self.actor)
            and self.action.casefold() in entry.action.casefold()
            and (self.succeeded is None or (entry.error_id is None) is self.succeeded)
            and (self.from_ms is None or entry.at_ms >= self.from_ms)
            and (self.to_ms is None or entry.at_ms <= self.to_ms)
        )
