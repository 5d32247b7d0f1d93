"""Accounts: tenants of one installation. Credentials are in services/accounts.py."""

from dataclasses import dataclass

from chalicelib.contract.ids import AccountId


@dataclass(frozen=True, slots=True)
class Account:
    """A tenant; `created_at_ms` is ms since 1970 UTC."""

    id: AccountId
    name: str
    created_at_ms: int
