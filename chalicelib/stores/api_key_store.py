"""API key pairs in DynamoDB: the pair under its public half, and the ring of an app without the secrets."""

from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.contract.ids import AppId
from chalicelib.domain.app import ApiKey, KeyRing, ListedApiKey
from chalicelib.services.ports import Key
from chalicelib.stores import table

_FOUND_FOR_MS = 24 * 3600 * 1000  # an expired pair stays for a day: who asks why it is refused still finds it


class ApiKeyItem(table.Item, discriminator="api_key"):
    """``KEY#{api key}`` / ``API_KEY``; the secret is in clear because HS256 is checked with it."""

    SORT_KEY = "API_KEY"

    key_id = UnicodeAttribute()
    secret = UnicodeAttribute()
    app_id = UnicodeAttribute()
    account_id = UnicodeAttribute()
    created_at_ms = NumberAttribute()
    name = UnicodeAttribute(null=True)
    expires_at_ms = NumberAttribute(null=True)


class ListedApiKeyItem(table.Item, discriminator="listed_api_key"):
    """``APP#{app}#KEY`` / ``KEY#{api key}``: no secret."""

    key_id = UnicodeAttribute()
    name = UnicodeAttribute(null=True)
    created_at_ms = NumberAttribute()
    expires_at_ms = NumberAttribute(null=True)


class KeyRingItem(table.Item, discriminator="key_ring"):
    """``APP#{app}#KEY`` / ``RING``: its version is what changes of the ring agree on."""

    version = NumberAttribute()


def api_key_key(key: str) -> Key:
    """Return where a key pair is."""
    return f"KEY#{key}", ApiKeyItem.SORT_KEY


def _partition(app_id: AppId) -> str:
    return f"APP#{app_id}#KEY"


def _save_key(write: table.Transaction, key: ApiKey) -> None:
    shared: dict[str, Any] = {"key_id": key.key, "name": key.name or None, "created_at_ms": key.created_at_ms}
    pair = ApiKeyItem(*api_key_key(key.key), secret=key.secret, app_id=key.app_id, account_id=key.account_id, **shared)
    listed = ListedApiKeyItem(_partition(key.app_id), f"KEY#{key.key}", **shared)
    write.save(pair, condition=ApiKeyItem.pk.does_not_exist())
    write.save(listed, condition=ListedApiKeyItem.pk.does_not_exist())


def write_first_key(write: table.Transaction, key: ApiKey) -> None:
    """Add the first key pair of a new app to a transaction."""
    _save_key(write, key)
    write.save(KeyRingItem(_partition(key.app_id), "RING", version=1))


def delete_ring(write: table.Transaction, app_id: AppId, ring: KeyRing) -> None:
    """Add to a transaction that all key pairs of an app go, if there are no others by now."""
    for key in ring.keys:
        _delete_key(write, app_id, key.key)
    if ring.version:
        write.delete(KeyRingItem(_partition(app_id), "RING"), condition=KeyRingItem.version == ring.version)


def _delete_key(write: table.Transaction, app_id: AppId, key: str) -> None:
    write.delete(ApiKeyItem(*api_key_key(key)))
    write.delete(ListedApiKeyItem(_partition(app_id), f"KEY#{key}"))


class DynamoApiKeyStore:
    """The ApiKeyStore of the real system."""

    def ring(self, app_id: AppId) -> KeyRing:
        """Return the key pairs of an app."""
        keys: list[ListedApiKey] = []
        version = 0
        with table.translated():
            for item in table.Item.query(_partition(app_id), consistent_read=True):
                if isinstance(item, KeyRingItem):
                    version = int(item.version)
                if isinstance(item, ListedApiKeyItem):
                    expires = None if item.expires_at_ms is None else int(item.expires_at_ms)
                    keys.append(ListedApiKey(item.key_id, item.name or "", int(item.created_at_ms), expires))
        return KeyRing(tuple(sorted(keys, key=lambda key: (key.created_at_ms, key.key))), version)

    def change(
        self,
        app_id: AppId,
        observed: KeyRing,
        *,
        add: ApiKey | None = None,
        expire: tuple[str, int] | None = None,
        remove: tuple[str, ...] = (),
    ) -> None:
        """Add a key pair, let one expire, remove some: all or nothing. Raises ConditionFailed."""
        partition = _partition(app_id)
        same: Condition = KeyRingItem.version == observed.version
        unchanged = same if observed.version else KeyRingItem.pk.does_not_exist()
        with table.transaction() as write:
            write.save(KeyRingItem(partition, "RING", version=observed.version + 1), condition=unchanged)
            if add is not None:
                _save_key(write, add)
            if expire is not None:
                key, at_ms = expire
                _expire(write, partition, key, at_ms)
            for key in remove:
                _delete_key(write, app_id, key)


def _expire(write: table.Transaction, partition: str, key: str, at_ms: int) -> None:
    ttl = (at_ms + _FOUND_FOR_MS) // 1000
    pair: list[Action] = [ApiKeyItem.expires_at_ms.set(at_ms), ApiKeyItem.ttl.set(ttl)]
    listed: list[Action] = [ListedApiKeyItem.expires_at_ms.set(at_ms), ListedApiKeyItem.ttl.set(ttl)]
    write.update(ApiKeyItem(*api_key_key(key)), pair, condition=ApiKeyItem.pk.exists())
    write.update(ListedApiKeyItem(partition, f"KEY#{key}"), listed, condition=ListedApiKeyItem.pk.exists())
