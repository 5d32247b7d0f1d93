"""Presets: reading them."""

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AppId, PresetId, is_uuid
from chalicelib.domain.paging import Page, PageRequest, page_of
from chalicelib.domain.preset import Preset
from chalicelib.services.dependencies import Dependencies


def get_preset(deps: Dependencies, app_id: AppId, preset_id: str) -> Preset:
    """Return a preset of the app. Raises ParleyError PRESET_NOT_FOUND."""
    preset = deps.presets.by_id(app_id, PresetId(preset_id)) if is_uuid(preset_id) else None
    if preset is None:
        raise ParleyError(ErrorId.PRESET_NOT_FOUND, "no such preset")
    return preset


def list_presets(deps: Dependencies, app_id: AppId, page: PageRequest, *, search: str) -> Page[Preset]:
    """Return a page of the app's presets by name; `search` is a part of the name, in any case."""
    wanted = search.casefold()
    return page_of(deps.presets.in_app(app_id), page, lambda preset: wanted in preset.name.casefold())
