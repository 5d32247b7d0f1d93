"""The stage of a call (extensions): asking to come on, granting and denying it, joining, leaving."""

from collections.abc import Callable
from typing import Annotated, Any

from chalice.app import Response
from pydantic import ConfigDict, Field

from chalicelib.api.authentication import app_of
from chalicelib.api.envelope import iso, success
from chalicelib.api.realtimekit.live_control_body import live_view
from chalicelib.api.request_body import Body, read_body
from chalicelib.api.routing import Routes
from chalicelib.contract.node_commands import LivePeer
from chalicelib.domain.stage import StageRequest
from chalicelib.services import stage
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.participants import Home

_STAGE = "/{app_id}/meetings/{meeting_id}/active-session/stage"
_ACTIONS: dict[str, Callable[[Dependencies, Home, str], LivePeer]] = {
    "grant": stage.grant,
    "join": stage.join,
    "leave": stage.leave,
    "kick": stage.leave,
}


class StageBody(Body):
    """Who is meant."""

    model_config = ConfigDict(strict=True, extra="ignore", defer_build=True)

    participant_id: Annotated[str, Field(max_length=64)]


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__)

    def home_of(account_id: str, app_id: str, meeting_id: str) -> Home:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        return Home(app.account_id, app.id, meeting_id)

    def participant_id() -> str:
        return read_body(blueprint.current_request, StageBody).participant_id

    @blueprint.route(_STAGE + "/requests", methods=["POST"], body=StageBody)
    def ask(account_id: str, app_id: str, meeting_id: str) -> Response:
        home = home_of(account_id, app_id, meeting_id)
        return success(_rendered(stage.request_stage(deps(), home, participant_id())), status=201)

    @blueprint.route(_STAGE + "/requests", methods=["GET"])
    def list_(account_id: str, app_id: str, meeting_id: str) -> Response:
        found = stage.list_requests(deps(), home_of(account_id, app_id, meeting_id))
        return success({"requests": [_rendered(each) for each in found]})

    @blueprint.route(_STAGE + "/deny", methods=["POST"], body=StageBody)
    def deny(account_id: str, app_id: str, meeting_id: str) -> Response:
        home = home_of(account_id, app_id, meeting_id)
        stage.deny(deps(), home, participant_id())
        return success({"action": "deny"})

    for action in _ACTIONS:
        _route(blueprint, action, lambda ids, act: act(deps(), home_of(**ids), participant_id()))
    return blueprint


def _route(
    blueprint: Routes,
    action: str,
    run: Callable[[dict[str, str], Callable[[Dependencies, Home, str], LivePeer]], LivePeer],
) -> None:
    @blueprint.route(f"{_STAGE}/{action}", methods=["POST"], body=StageBody, name=f"stage_{action}")
    def act(**ids: str) -> Response:
        return success({"action": action, "participant": live_view(run(ids, _ACTIONS[action]))})


def _rendered(request: StageRequest) -> dict[str, Any]:
    return {
        "id": request.participant_id,
        "custom_participant_id": request.identity,
        "name": request.name,
        "requested_at": iso(request.asked_at_ms),
    }
