"""``/{app_id}/meetings/{meeting_id}/connected-meetings`` (extensions): breakout rooms of a meeting."""

from collections.abc import Callable
from typing import Annotated, Any

from chalice.app import Response
from pydantic import ConfigDict, Field

from chalicelib.api.authentication import app_of
from chalicelib.api.envelope import iso, success
from chalicelib.api.request_body import Body, read_body
from chalicelib.api.routing import Routes
from chalicelib.contract.limits import MAX_TITLE_CHARS
from chalicelib.domain.connected_meetings import MAX_CONNECTED
from chalicelib.domain.meeting import Meeting
from chalicelib.services import connected_meetings
from chalicelib.services.dependencies import Dependencies

_ALL = "/{app_id}/meetings/{meeting_id}/connected-meetings"
_DEFERRED = ConfigDict(strict=True, extra="ignore", defer_build=True)


class ConnectedMeeting(Body):
    """A meeting to make; its other options are the parent's."""

    model_config = _DEFERRED

    title: Annotated[str, Field(min_length=1, max_length=MAX_TITLE_CHARS)]


class ConnectedMeetings(Body):
    """Meetings to make."""

    model_config = _DEFERRED

    meetings: Annotated[list[ConnectedMeeting], Field(min_length=1, max_length=MAX_CONNECTED)]


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__)

    @blueprint.route(_ALL, methods=["POST"], body=ConnectedMeetings)
    def create(account_id: str, app_id: str, meeting_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        body = read_body(blueprint.current_request, ConnectedMeetings)
        made = connected_meetings.connect_meetings(deps(), app.id, meeting_id, [each.title for each in body.meetings])
        return success({"meetings": [_rendered(each) for each in made]}, status=201)

    @blueprint.route(_ALL, methods=["GET"])
    def list_(account_id: str, app_id: str, meeting_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        found = connected_meetings.list_connected(deps(), app.id, meeting_id)
        return success({"meetings": [_rendered(each) for each in found]})

    @blueprint.route(_ALL + "/{connected_meeting_id}", methods=["DELETE"])
    def delete(account_id: str, app_id: str, meeting_id: str, connected_meeting_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        closed, returned = connected_meetings.disconnect_meeting(deps(), app.id, meeting_id, connected_meeting_id)
        return success({**_rendered(closed), "returned_participants_count": returned})

    return blueprint


def _rendered(meeting: Meeting) -> dict[str, Any]:
    return {
        "id": meeting.id,
        "title": meeting.options.title or "",
        "status": meeting.options.status.value,
        "created_at": iso(meeting.created_at_ms),
    }
