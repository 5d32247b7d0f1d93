"""The waiting room of a meeting (extensions): who waits, letting them in, sending them away. No session is needed."""

from collections.abc import Callable
from typing import Any

from chalice.app import Response

from chalicelib.api.authentication import app_of
from chalicelib.api.envelope import iso, success
from chalicelib.api.realtimekit.live_control_body import Selection
from chalicelib.api.request_body import read_body
from chalicelib.api.routing import Routes
from chalicelib.contract.node_commands import PeerSelector
from chalicelib.domain.waiting_room import Decision, Waiting
from chalicelib.services import waiting_room
from chalicelib.services.dependencies import Dependencies

_ROOM = "/{app_id}/meetings/{meeting_id}/active-session/waiting-room"


class WaitingSelection(Selection):
    """Who is meant: those who are named, or with ``all`` everybody who waits."""

    all: bool = False

    @property
    def waiting(self) -> PeerSelector:
        """Return the selection."""
        return PeerSelector(everybody=True) if self.all else self.who


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__)

    def decided(account_id: str, app_id: str, meeting_id: str, action: str, decision: Decision) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        who = read_body(blueprint.current_request, WaitingSelection).waiting
        found = waiting_room.decide(deps(), app.id, meeting_id, who, decision)
        return success({"action": action, "participants": [_rendered(each) for each in found]})

    @blueprint.route(_ROOM, methods=["GET"])
    def list_(account_id: str, app_id: str, meeting_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        found = waiting_room.list_waiting(deps(), app.id, meeting_id)
        return success({"participants": [_rendered(each) for each in found]})

    @blueprint.route(_ROOM + "/admit", methods=["POST"], body=WaitingSelection)
    def admit(account_id: str, app_id: str, meeting_id: str) -> Response:
        return decided(account_id, app_id, meeting_id, "admit", Decision.ADMITTED)

    @blueprint.route(_ROOM + "/reject", methods=["POST"], body=WaitingSelection)
    def reject(account_id: str, app_id: str, meeting_id: str) -> Response:
        return decided(account_id, app_id, meeting_id, "reject", Decision.REJECTED)

    return blueprint


def _rendered(waiting: Waiting) -> dict[str, Any]:
    return {
        "id": waiting.participant_id,
        "custom_participant_id": waiting.identity,
        "name": waiting.name,
        "waiting_since": iso(waiting.asked_at_ms),
        "last_seen_at": iso(waiting.seen_at_ms),
    }
