"""Presets in DynamoDB: the preset under its id, the claim on its name, and a row for every participant who has it."""

from collections.abc import Iterator

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.contract.ids import AppId, MeetingId, ParticipantId, PresetId
from chalicelib.domain.preset import Preset, PresetName, PresetUse
from chalicelib.services.ports import Key
from chalicelib.stores import table


class PresetItem(table.Item, discriminator="preset"):
    """``APP#{app}#PRESET`` / ``ID#{id}``."""

    app_id = UnicodeAttribute()
    preset_id = UnicodeAttribute()
    name = UnicodeAttribute()
    config = JSONAttribute()
    permissions = JSONAttribute()
    ui = JSONAttribute()
    created_at_ms = NumberAttribute()
    updated_at_ms = NumberAttribute()
    version = NumberAttribute()


class PresetNameItem(table.Item, discriminator="preset_name"):
    """``APP#{app}#PRESET`` / ``NAME#{name}``: what a list shows, so that none reads whole presets."""

    preset_id = UnicodeAttribute()
    name = UnicodeAttribute()
    created_at_ms = NumberAttribute()
    updated_at_ms = NumberAttribute()


class PresetUseItem(table.Item, discriminator="preset_use"):
    """``PRESET#{app}#{preset}`` / ``USE#{meeting}#{participant}``, written with the participant."""

    meeting_id = UnicodeAttribute()
    participant_id = UnicodeAttribute()
    custom_participant_id = UnicodeAttribute()


def preset_key(app_id: AppId, preset_id: PresetId) -> Key:
    """Return the key of a preset."""
    return f"APP#{app_id}#PRESET", f"ID#{preset_id}"


def preset_name_key(app_id: AppId, name: str) -> Key:
    """Return the key of the claim on a preset's name; one that is too long for a sort key is nobody's."""
    sk = f"NAME#{name}"
    return f"APP#{app_id}#PRESET", sk if len(sk.encode()) <= table.MAX_SORT_KEY_BYTES else "NAME#"


def preset_use_key(app_id: AppId, preset_id: PresetId, meeting_id: MeetingId, participant_id: ParticipantId) -> Key:
    """Return the key of the row that says that a participant has a preset."""
    return f"PRESET#{app_id}#{preset_id}", f"USE#{meeting_id}#{participant_id}"


def preset_items(preset: Preset) -> tuple[PresetItem, PresetNameItem]:
    """Return the two items of a preset."""
    item = PresetItem(
        *preset_key(preset.app_id, preset.id),
        app_id=preset.app_id,
        preset_id=preset.id,
        name=preset.name,
        config=preset.config,
        permissions=preset.permissions,
        ui=preset.ui,
        created_at_ms=preset.created_at_ms,
        updated_at_ms=preset.updated_at_ms,
        version=preset.version,
    )
    claim = PresetNameItem(
        *preset_name_key(preset.app_id, preset.name),
        preset_id=preset.id,
        name=preset.name,
        created_at_ms=preset.created_at_ms,
        updated_at_ms=preset.updated_at_ms,
    )
    return item, claim


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
        version=int(item.version),
    )


def preset_name_of(item: PresetNameItem) -> PresetName:
    """Return what a list shows of a preset."""
    return PresetName(PresetId(item.preset_id), item.name, int(item.created_at_ms), int(item.updated_at_ms))


class DynamoPresetStore:
    """The PresetStore of the real system."""

    def add(self, preset: Preset) -> None:
        """Store a new preset. Raises ConditionFailed when its id or its name is taken."""
        with table.transaction() as write:
            for item in preset_items(preset):
                write.save(item, condition=table.Item.pk.does_not_exist())

    def replace(self, preset: Preset, *, observed: Preset) -> None:
        """Overwrite a preset as it was observed. Raises ConditionFailed when it is not, or when a new name is taken."""
        item, claim = preset_items(preset)
        with table.transaction() as write:
            write.save(item, condition=PresetItem.version == observed.version)
            if preset.name == observed.name:
                write.save(claim)
            else:
                write.delete(preset_items(observed)[1])
                write.save(claim, condition=PresetNameItem.pk.does_not_exist())

    def delete(self, observed: Preset) -> None:
        """Remove a preset as it was observed. Raises ConditionFailed when it is not."""
        item, claim = preset_items(observed)
        with table.transaction() as write:
            write.delete(item, condition=PresetItem.version == observed.version)
            write.delete(claim)

    def by_id(self, app_id: AppId, preset_id: PresetId) -> Preset | None:
        """Return the preset with this id, or None."""
        item = table.get(PresetItem, *preset_key(app_id, preset_id))
        return preset_of(item) if item else None

    def named(self, app_id: AppId, name: str) -> PresetName | None:
        """Return which preset has this name, or None."""
        item = table.get(PresetNameItem, *preset_name_key(app_id, name))
        return preset_name_of(item) if item else None

    def in_app(self, app_id: AppId) -> Iterator[PresetName]:
        """Yield the app's presets by name."""
        for item in table.query(PresetNameItem, f"APP#{app_id}#PRESET", "NAME#"):
            yield preset_name_of(item)

    def uses(self, app_id: AppId, preset_id: PresetId) -> Iterator[PresetUse]:
        """Yield the participants who have this preset, reading only as far as it is iterated."""
        for item in table.query(PresetUseItem, f"PRESET#{app_id}#{preset_id}", "USE#"):
            meeting_id, participant_id = MeetingId(item.meeting_id), ParticipantId(item.participant_id)
            yield PresetUse(meeting_id, participant_id, item.custom_participant_id)
