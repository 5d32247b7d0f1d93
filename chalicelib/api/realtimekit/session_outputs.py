"""``/{app_id}/sessions``: what a session leaves behind beside its records, and the report of one peer."""

from collections.abc import Callable
from typing import Literal

from chalice.app import Response

from chalicelib.api.authentication import app_of
from chalicelib.api.envelope import success
from chalicelib.api.page_query import Query, read_query
from chalicelib.api.realtimekit.session_view import attendee_view
from chalicelib.api.routing import Routes
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.session_outputs import reported_peer, session_output

_ONE = "/{app_id}/sessions/{session_id}"


class _TranscriptQuery(Query):
    format: Literal["SRT", "VTT", "JSON", "CSV"] = "CSV"


class _ReportQuery(Query):
    filters: (
        Literal["device_info", "ip_information", "precall_network_information", "events", "quality_stats"] | None
    ) = None
    include_peer_events: bool = False


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__)

    @blueprint.route("/{app_id}/sessions/peer-report/{peer_id}", methods=["GET"], query=_ReportQuery)
    def report(account_id: str, app_id: str, peer_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        query = read_query(request, _ReportQuery)
        attendee = reported_peer(deps(), app.id, peer_id)
        view = attendee_view(attendee, with_events=query.include_peer_events)
        # Nodes report no devices, addresses or quality yet, and clients are not asked for them.
        view |= {"session_id": attendee.peer.session_id, "role": attendee.peer.preset_name, "peer_report": {}}
        return success({"participant": view})

    @blueprint.route(_ONE + "/chat", methods=["GET"])
    def chat(account_id: str, app_id: str, session_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        session_output(deps(), app.id, session_id, "chat")

    @blueprint.route(_ONE + "/transcript", methods=["GET"], query=_TranscriptQuery)
    def transcript(account_id: str, app_id: str, session_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        read_query(request, _TranscriptQuery)
        session_output(deps(), app.id, session_id, "transcript")

    @blueprint.route(_ONE + "/summary", methods=["GET", "POST"])
    def summary(account_id: str, app_id: str, session_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        session_output(deps(), app.id, session_id, "summary")

    return blueprint
