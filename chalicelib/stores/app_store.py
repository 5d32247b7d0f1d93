"""Apps and their API key pairs in DynamoDB."""

import hashlib
from collections.abc import Iterator

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from chalicelib.contract.ids import AccountId, AppId
from chalicelib.contract.limits import MAX_APPS
from chalicelib.domain.app import ApiKey, App, KeyRing
from chalicelib.domain.preset import Preset
from chalicelib.services.key_ports import Purge
from chalicelib.stores import table
from chalicelib.stores.api_key_store import ApiKeyItem, delete_ring, write_first_key
from chalicelib.stores.counted_list import ListCountItem
from chalicelib.stores.meeting_lists import place_of_all
from chalicelib.stores.preset_store import preset_items
from chalicelib.stores.purge_items import purge_item

_MAX_API_KEY_CHARS = 128  # ours have 19


class AppItem(table.Item, discriminator="app"):
    """``ACC#{account}`` / ``APP#{app}``."""

    app_id = UnicodeAttribute()
    account_id = UnicodeAttribute()
    name = UnicodeAttribute()
    created_at_ms = NumberAttribute()
    auto_create_rooms = BooleanAttribute(null=True)


class AppNameItem(table.Item, discriminator="app_name"):
    """``ACC#{account}`` / ``APPNAME#{sha256 of the name}``: the claim on a name."""

    app_id = UnicodeAttribute()


class AppCountItem(table.Item, discriminator="app_count"):
    """``ACC#{account}`` / ``APPCOUNT``: how many apps an account has."""

    apps = NumberAttribute()


def _app_of(item: AppItem) -> App:
    return App(
        id=AppId(item.app_id),
        account_id=AccountId(item.account_id),
        name=item.name,
        created_at_ms=int(item.created_at_ms),
        auto_create_rooms=item.auto_create_rooms is not False,
    )


def _app_item(app: App) -> AppItem:
    return AppItem(f"ACC#{app.account_id}", f"APP#{app.id}")


def _name_item(app: App) -> AppNameItem:
    # Hashed: a name of 256 characters may have more bytes than a sort key.
    return AppNameItem(
        f"ACC#{app.account_id}", f"APPNAME#{hashlib.sha256(app.name.encode()).hexdigest()}", app_id=app.id
    )


def _count_item(account_id: AccountId) -> AppCountItem:
    return AppCountItem(f"ACC#{account_id}", "APPCOUNT")


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
            auto_create_rooms=app.auto_create_rooms,
        )
        counted: list[Action] = [AppCountItem.apps.add(1), AppCountItem.kind.set(AppCountItem)]
        room = AppCountItem.apps.does_not_exist() | (AppCountItem.apps < MAX_APPS)
        with table.transaction() as write:
            for item in (app_item, _name_item(app), *(part for preset in presets for part in preset_items(preset))):
                write.save(item, condition=table.Item.pk.does_not_exist())
            write.update(_count_item(app.account_id), counted, condition=room)
            write_first_key(write, key)

    def get(self, account_id: AccountId, app_id: AppId) -> App | None:
        """Return an app of this account, or None."""
        item = table.get(AppItem, f"ACC#{account_id}", f"APP#{app_id}")
        return _app_of(item) if item else None

    def replace(self, app: App, *, observed: App) -> None:
        """Write the name and settings of an app whose name is still as observed. Raises ConditionFailed."""
        actions: list[Action] = [AppItem.name.set(app.name), AppItem.auto_create_rooms.set(app.auto_create_rooms)]
        with table.transaction() as write:
            write.update(_app_item(app), actions, condition=AppItem.name == observed.name)
            if app.name != observed.name:
                write.delete(_name_item(observed))
                write.save(_name_item(app), condition=AppNameItem.pk.does_not_exist())

    def delete(self, app: App, ring: KeyRing) -> None:
        """Remove an app with its key pairs, free its name, and note that the rest is to go. Raises ConditionFailed."""
        meetings = ListCountItem(*place_of_all(app.id).count_key)
        none = ListCountItem.total.does_not_exist() | (ListCountItem.total == 0)
        with table.transaction() as write:
            write.condition_check(ListCountItem, meetings.pk, meetings.sk, condition=none)
            write.delete(_app_item(app), condition=AppItem.name == app.name)
            write.delete(_name_item(app))
            write.update(_count_item(app.account_id), [AppCountItem.apps.add(-1)])
            delete_ring(write, app.id, ring)
            write.save(purge_item(Purge(app.id)))

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
        return ApiKey(
            key=item.key_id,
            secret=item.secret,
            app_id=AppId(item.app_id),
            account_id=AccountId(item.account_id),
            created_at_ms=int(item.created_at_ms),
            name=item.name or "",
            expires_at_ms=None if item.expires_at_ms is None else int(item.expires_at_ms),
        )
