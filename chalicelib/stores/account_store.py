"""Accounts and API tokens in DynamoDB."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.contract.ids import AccountId
from chalicelib.domain.account import Account
from chalicelib.services.ports import Key
from chalicelib.stores import table


class AccountItem(table.Item, discriminator="account"):
    """``ACC#{account}`` / ``ACCOUNT``."""

    account_id = UnicodeAttribute()
    name = UnicodeAttribute()
    created_at_ms = NumberAttribute()


class ApiTokenItem(table.Item, discriminator="api_token"):
    """``CRED#{sha256 hex}`` / ``API_TOKEN``: the token itself is nowhere."""

    account_id = UnicodeAttribute()
    created_at_ms = NumberAttribute()


def token_key(token_sha256: str) -> Key:
    """Return the key of an API token."""
    return f"CRED#{token_sha256}", "API_TOKEN"


class DynamoAccountStore:
    """The AccountStore of the real system."""

    def add(self, account: Account, token_sha256: str) -> None:
        """Store an account with its first API token. Raises ConditionFailed when either exists."""
        item = AccountItem(
            f"ACC#{account.id}",
            "ACCOUNT",
            account_id=account.id,
            name=account.name,
            created_at_ms=account.created_at_ms,
        )
        token = ApiTokenItem(*token_key(token_sha256), account_id=account.id, created_at_ms=account.created_at_ms)
        with table.transaction() as write:
            write.save(item, condition=AccountItem.pk.does_not_exist())
            write.save(token, condition=ApiTokenItem.pk.does_not_exist())

    def account_of_token(self, token_sha256: str) -> AccountId | None:
        """Return the account an API token belongs to, or None."""
        item = table.get(ApiTokenItem, *token_key(token_sha256))
        return AccountId(item.account_id) if item else None
