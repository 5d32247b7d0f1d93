"""``/{app_id}/presets``: the named permissions and looks of an app's participants."""

from collections.abc import Callable
from typing import Any

from chalice.app import Response

from chalicelib.api.authentication import app_of
from chalicelib.api.envelope import iso, success
from chalicelib.api.page_query import SearchQuery, read_query
from chalicelib.api.realtimekit.preset_body import PresetBody, PresetPatch, patched_preset, read_patch, whole_preset
from chalicelib.api.routing import Routes
from chalicelib.domain.preset import Preset, PresetName
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.presets import change_preset, create_preset, delete_preset, get_preset, list_presets

_ONE = "/{app_id}/presets/{preset_id}"


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__)
    _reading(blueprint, deps)

    @blueprint.route("/{app_id}/presets", methods=["POST"], body=PresetBody)
    def create(account_id: str, app_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        return success(_whole(create_preset(deps(), app.id, whole_preset(request))))

    @blueprint.route(_ONE, methods=["PATCH"], body=PresetPatch)
    def change(account_id: str, app_id: str, preset_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        patch = read_patch(request)
        preset = change_preset(deps(), app.id, preset_id, lambda stored: patched_preset(stored, patch))
        return success(_whole(preset))

    @blueprint.route(_ONE, methods=["PUT"], body=PresetBody)
    def replace(account_id: str, app_id: str, preset_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        fields = whole_preset(request)
        return success(_whole(change_preset(deps(), app.id, preset_id, lambda _: fields)))

    @blueprint.route(_ONE, methods=["DELETE"])
    def delete(account_id: str, app_id: str, preset_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        return success(_whole(delete_preset(deps(), app.id, preset_id)))

    return blueprint


def _reading(blueprint: Routes, deps: Callable[[], Dependencies]) -> None:
    @blueprint.route("/{app_id}/presets", methods=["GET"], query=SearchQuery)
    def list_(account_id: str, app_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        query = read_query(request, SearchQuery)
        page = list_presets(deps(), app.id, query.page, search=query.search)
        return success([_summary(preset) for preset in page.items], paging=page.counts)

    @blueprint.route(_ONE, methods=["GET"])
    def get(account_id: str, app_id: str, preset_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        return success(_whole(get_preset(deps(), app.id, preset_id)))


def _whole(preset: Preset) -> dict[str, Any]:
    return _summary(preset) | {"config": preset.config, "permissions": preset.permissions, "ui": preset.ui}


def _summary(preset: Preset | PresetName) -> dict[str, Any]:
    return {
        "id": preset.id,
        "name": preset.name,
        "created_at": iso(preset.created_at_ms),
        "updated_at": iso(preset.updated_at_ms),
    }
