"""``/{app_id}/presets``: reading the presets of an app."""

from collections.abc import Callable
from typing import Any

from chalice.app import Response

from chalicelib.api.authentication import app_of
from chalicelib.api.envelope import iso, success
from chalicelib.api.page_query import SearchQuery, read_query
from chalicelib.api.routing import Routes
from chalicelib.domain.preset import Preset, PresetName
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.presets import get_preset, list_presets


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__)

    @blueprint.route("/{app_id}/presets", methods=["GET"], query=SearchQuery)
    def list_(account_id: str, app_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        query = read_query(request, SearchQuery)
        page = list_presets(deps(), app.id, query.page, search=query.search)
        return success([_summary(preset) for preset in page.items], paging=page.counts)

    @blueprint.route("/{app_id}/presets/{preset_id}", methods=["GET"])
    def get(account_id: str, app_id: str, preset_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        preset = get_preset(deps(), app.id, preset_id)
        whole = {"config": preset.config, "permissions": preset.permissions, "ui": preset.ui}
        return success(_summary(preset) | whole)

    return blueprint


def _summary(preset: Preset | PresetName) -> dict[str, Any]:
    return {
        "id": preset.id,
        "name": preset.name,
        "created_at": iso(preset.created_at_ms),
        "updated_at": iso(preset.updated_at_ms),
    }
