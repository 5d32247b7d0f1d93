"""Presets: reading, making, changing and removing them. Their schema is checked at the API."""

from collections.abc import Callable
from itertools import islice
from typing import Any

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AppId, PresetId, is_uuid, uuid7
from chalicelib.contract.limits import MAX_PRESETS_PER_APP
from chalicelib.domain.paging import Page, PageRequest, page_of
from chalicelib.domain.preset import Preset, PresetName, PresetUse, changed
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.retrying import until_it_holds

_USES_COUNTED = 1000
_USES_NAMED = 3


def get_preset(deps: Dependencies, app_id: AppId, preset_id: str) -> Preset:
    """Return a preset of the app. Raises ParleyError PRESET_NOT_FOUND."""
    preset = deps.presets.by_id(app_id, PresetId(preset_id)) if is_uuid(preset_id) else None
    if preset is None:
        raise ParleyError(ErrorId.PRESET_NOT_FOUND, "no such preset")
    return preset


def list_presets(deps: Dependencies, app_id: AppId, page: PageRequest, *, search: str) -> Page[PresetName]:
    """Return a page of the app's presets by name; `search` is a part of the name, in any case."""
    wanted = search.casefold()
    return page_of(deps.presets.in_app(app_id), page, lambda preset: wanted in preset.name.casefold())


def create_preset(deps: Dependencies, app_id: AppId, fields: dict[str, Any]) -> Preset:
    """Make a preset of `fields` (name, config, permissions, ui). Raises ParleyError ALREADY_EXISTS or QUOTA_REACHED."""

    def attempt() -> Preset:
        names = [preset.name for preset in deps.presets.in_app(app_id)]
        if fields["name"] in names:
            raise _name_taken()
        if len(names) >= MAX_PRESETS_PER_APP:
            raise ParleyError(ErrorId.QUOTA_REACHED, f"an app may have {MAX_PRESETS_PER_APP} presets")
        now_ms = deps.now_ms()
        preset_id = PresetId(uuid7(now_ms, deps.entropy(10)))
        preset = Preset(id=preset_id, app_id=app_id, created_at_ms=now_ms, updated_at_ms=now_ms, **fields)
        deps.presets.add(preset)
        return preset

    return until_it_holds(attempt, deps.entropy, deps.sleep)


def change_preset(
    deps: Dependencies, app_id: AppId, preset_id: str, changes_of: Callable[[Preset], dict[str, Any]]
) -> Preset:
    """Set the fields (name, config, permissions, ui) that `changes_of` the stored preset returns.

    Those who are in a call keep the rights they came with; the next join of everybody else has the new ones. Raises
    ParleyError PRESET_NOT_FOUND, ALREADY_EXISTS when the new name is taken, BUSY, and what `changes_of` raises.
    """

    def attempt() -> Preset:
        stored = get_preset(deps, app_id, preset_id)
        preset = changed(stored, changes_of(stored), deps.now_ms())
        if preset.name != stored.name and deps.presets.named(app_id, preset.name) is not None:
            raise _name_taken()
        deps.presets.replace(preset, observed=stored)
        return preset

    return until_it_holds(attempt, deps.entropy, deps.sleep)


def delete_preset(deps: Dependencies, app_id: AppId, preset_id: str) -> Preset:
    """Remove a preset that no participant has. Raises ParleyError PRESET_NOT_FOUND, IN_USE or BUSY."""

    def attempt() -> Preset:
        preset = get_preset(deps, app_id, preset_id)
        uses = list(islice(deps.presets.uses(app_id, preset.id), _USES_COUNTED))
        if uses:
            raise ParleyError(ErrorId.IN_USE, _in_use(uses))
        deps.presets.delete(preset)
        return preset

    return until_it_holds(attempt, deps.entropy, deps.sleep)


def _name_taken() -> ParleyError:
    return ParleyError(ErrorId.ALREADY_EXISTS, "the app has a preset of this name", "/name")


def _in_use(uses: list[PresetUse]) -> str:
    many = f"{_USES_COUNTED} or more" if len(uses) == _USES_COUNTED else str(len(uses))
    named = ", ".join(f"{use.custom_participant_id!r} of meeting {use.meeting_id}" for use in uses[:_USES_NAMED])
    more = " and others" if len(uses) > _USES_NAMED else ""
    return f"the preset is that of {many} participants: {named}{more}; give them another one first"
