"""``/{app_id}/api-keys``: the key pairs that sign LiveKit tokens of an app. All of it is an extension to RealtimeKit.

A secret is in the answer that makes its pair, and nowhere else.
"""

from collections.abc import Callable
from typing import Annotated, Any

from chalice.app import Response
from pydantic import Field

from chalicelib.api.authentication import app_of
from chalicelib.api.envelope import iso, success
from chalicelib.api.request_body import Body, read_body
from chalicelib.api.routing import Routes
from chalicelib.contract.limits import (
    DEFAULT_ROTATION_OVERLAP_SECONDS,
    MAX_NAME_CHARS,
    MAX_ROTATION_OVERLAP_SECONDS,
)
from chalicelib.domain.app import ApiKey, ListedApiKey
from chalicelib.services import api_keys
from chalicelib.services.dependencies import Dependencies

_PATH = "/{app_id}/api-keys"
_ONE = _PATH + "/{api_key}"


class _NewKey(Body):
    name: Annotated[str, Field(max_length=MAX_NAME_CHARS)] = ""


class _Rotation(Body):
    overlap_in_secs: Annotated[int, Field(ge=0, le=MAX_ROTATION_OVERLAP_SECONDS)] = DEFAULT_ROTATION_OVERLAP_SECONDS


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__)

    @blueprint.route(_PATH, methods=["GET"])
    def list_(account_id: str, app_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        return success([_listed(key) for key in api_keys.list_api_keys(deps(), app)])

    @blueprint.route(_PATH, methods=["POST"], body=_NewKey)
    def create(account_id: str, app_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        return success(_made(api_keys.create_api_key(deps(), app, read_body(request, _NewKey).name)), status=201)

    @blueprint.route(_ONE + "/rotate", methods=["POST"], body=_Rotation)
    def rotate(account_id: str, app_id: str, api_key: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        overlap_s = read_body(request, _Rotation).overlap_in_secs
        made, old = api_keys.rotate_api_key(deps(), app, api_key, overlap_s)
        return success({**_made(made), "replaces": _listed(old)}, status=201)

    @blueprint.route(_ONE, methods=["DELETE"])
    def revoke(account_id: str, app_id: str, api_key: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        return success(_listed(api_keys.revoke_api_key(deps(), app, api_key)))

    return blueprint


def _listed(key: ApiKey | ListedApiKey) -> dict[str, Any]:
    return {
        "id": key.key,
        "name": key.name,
        "created_at": iso(key.created_at_ms),
        "expires_at": None if key.expires_at_ms is None else iso(key.expires_at_ms),
    }


def _made(key: ApiKey) -> dict[str, Any]:
    return {**_listed(key), "key": key.key, "secret": key.secret}
