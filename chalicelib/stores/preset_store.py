"""Presets in DynamoDB: the preset under its name, and a pointer from its id to its name."""

from collections.abc import Iterator

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.contract.ids import AppId, PresetId
from chalicelib.domain.preset import Preset
from chalicelib.services.ports import Key
from chalicelib.stores import table


class PresetItem(table.Item, discriminator="preset"):
    """``APP#{app}#PRESET`` / ``NAME#{name}``."""

    app_id = UnicodeAttribute()
    preset_id = UnicodeAttribute()
    name = UnicodeAttribute()
    config = JSONAttribute()
    permissions = JSONAttribute()
    ui = JSONAttribute()
    created_at_ms = NumberAttribute()
    updated_at_ms = NumberAttribute()


class PresetPointerItem(table.Item, discriminator="preset_pointer"):
    """``APP#{app}#PRESET`` / ``ID#{id}``."""

    name = UnicodeAttribute()


def preset_key(app_id: AppId, name: str) -> Key:
    """Return the key of a preset."""
    return f"APP#{app_id}#PRESET", f"NAME#{name}"


def preset_items(preset: Preset) -> tuple[PresetItem, PresetPointerItem]:
    """Return the two items of a preset."""
    item = PresetItem(
        *preset_key(preset.app_id, preset.name),
        app_id=preset.app_id,
        preset_id=preset.id,
        name=preset.name,
        config=preset.config,
        permissions=preset.permissions,
        ui=preset.ui,
        created_at_ms=preset.created_at_ms,
        updated_at_ms=preset.updated_at_ms,
    )
    return item, PresetPointerItem(item.pk, f"ID#{preset.id}", name=preset.name)


def preset_of(item: PresetItem) -> Preset:
    """Return the domain object of an item."""
    return Preset(
        id=PresetId(item.preset_id),
        app_id=AppId(item.app_id),
        name=item.name,
        config=item.config,
        permissions=item.permissions,
        ui=item.ui,
        created_at_ms=int(item.created_at_ms),
        updated_at_ms=int(item.updated_at_ms),
    )


class DynamoPresetStore:
    """The PresetStore of the real system."""

    def by_name(self, app_id: AppId, name: str) -> Preset | None:
        """Return the preset of this name, or None."""
        pk, sk = preset_key(app_id, name)
        if len(sk.encode()) > table.MAX_SORT_KEY_BYTES:
            return None
        item = table.get(PresetItem, pk, sk)
        return preset_of(item) if item else None

    def by_id(self, app_id: AppId, preset_id: PresetId) -> Preset | None:
        """Return the preset with this id, or None."""
        pointer = table.get(PresetPointerItem, f"APP#{app_id}#PRESET", f"ID#{preset_id}")
        found = self.by_name(app_id, pointer.name) if pointer else None
        return found if found and found.id == preset_id else None

    def in_app(self, app_id: AppId) -> Iterator[Preset]:
        """Yield the app's presets by name."""
        for item in table.query(PresetItem, f"APP#{app_id}#PRESET", "NAME#"):
            yield preset_of(item)
