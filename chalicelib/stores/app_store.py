"""Apps and their API key pairs in DynamoDB."""

from collections.abc import Iterator

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.contract.ids import AccountId, AppId
from chalicelib.domain.app import ApiKey, App
from chalicelib.domain.preset import Preset
from chalicelib.stores import table
from chalicelib.stores.preset_store import preset_items

_MAX_API_KEY_CHARS = 128  # ours have 19


class AppItem(table.Item, discriminator="app"):
    """``ACC#{account}`` / ``APP#{app}``."""

    app_id = UnicodeAttribute()
    account_id = UnicodeAttribute()
    name = UnicodeAttribute()
    created_at_ms = NumberAttribute()


class ApiKeyItem(table.Item, discriminator="api_key"):
    """``KEY#{api key}`` / ``API_KEY``; the secret is in clear because HS256 is checked with it."""

    key_id = UnicodeAttribute()
    secret = UnicodeAttribute()
    app_id = UnicodeAttribute()
    account_id = UnicodeAttribute()
    created_at_ms = NumberAttribute()


def _app_of(item: AppItem) -> App:
    return App(AppId(item.app_id), AccountId(item.account_id), item.name, int(item.created_at_ms))


class DynamoAppStore:
    """The AppStore of the real system."""

    def add(self, app: App, presets: tuple[Preset, ...], key: ApiKey) -> None:
        """Store an app, its first presets and its first key pair, all or nothing. Raises ConditionFailed."""
        app_item = AppItem(
            f"ACC#{app.account_id}",
            f"APP#{app.id}",
            app_id=app.id,
            account_id=app.account_id,
            name=app.name,
            created_at_ms=app.created_at_ms,
        )
        key_item = ApiKeyItem(
            f"KEY#{key.key}",
            "API_KEY",
            key_id=key.key,
            secret=key.secret,
            app_id=key.app_id,
            account_id=key.account_id,
            created_at_ms=key.created_at_ms,
        )
        with table.transaction() as write:
            for item in (app_item, key_item, *(part for preset in presets for part in preset_items(preset))):
                write.save(item, condition=table.Item.pk.does_not_exist())

    def get(self, account_id: AccountId, app_id: AppId) -> App | None:
        """Return an app of this account, or None."""
        item = table.get(AppItem, f"ACC#{account_id}", f"APP#{app_id}")
        return _app_of(item) if item else None

    def in_account(self, account_id: AccountId, *, newest_first: bool) -> Iterator[App]:
        """Yield the account's apps by creation time, reading only as far as it is iterated."""
        for item in table.query(AppItem, f"ACC#{account_id}", "APP#", newest_first=newest_first):
            yield _app_of(item)

    def api_key(self, key: str) -> ApiKey | None:
        """Return an API key pair by its public half, or None."""
        # Strangers choose what is asked for here; a key of DynamoDB may have 2,048 bytes.
        item = table.get(ApiKeyItem, f"KEY#{key}", "API_KEY") if 0 < len(key) <= _MAX_API_KEY_CHARS else None
        if item is None:
            return None
        return ApiKey(item.key_id, item.secret, AppId(item.app_id), AccountId(item.account_id), int(item.created_at_ms))
