"""``/{app_id}/meetings``: making, reading, listing and changing meetings."""

import dataclasses
from collections.abc import Callable
from typing import Any

from chalice.app import Response

from chalicelib.api.authentication import app_of
from chalicelib.api.envelope import iso, success
from chalicelib.api.page_query import Query, SearchQuery, Text, TimeMs, read_query
from chalicelib.api.realtimekit.meeting_body import MeetingBody, MeetingPatch
from chalicelib.api.request_body import read_body
from chalicelib.api.routing import Routes
from chalicelib.domain.meeting import Meeting, MeetingFilter, MeetingOptions, MeetingStatus
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.meeting_check import check_meeting
from chalicelib.services.meetings import (
    change_meeting,
    create_meeting,
    delete_meeting,
    get_meeting,
    list_meetings,
    replace_meeting,
)


class _MeetingQuery(SearchQuery):
    status: MeetingStatus | None = None
    start_time: TimeMs | None = None
    end_time: TimeMs | None = None

    @property
    def filter(self) -> MeetingFilter:
        return MeetingFilter(self.search, self.status, self.start_time, self.end_time)


class _NameQuery(Query):
    name: Text = ""  # RealtimeKit's API takes it beside the id, which says everything


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__)

    @blueprint.route("/{app_id}/meetings", methods=["GET"], query=_MeetingQuery)
    def list_(account_id: str, app_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        query = read_query(request, _MeetingQuery)
        page = list_meetings(deps(), app.id, query.page, query.filter)
        return success([_summary(meeting) for meeting in page.items], paging=page.counts)

    @blueprint.route("/{app_id}/meetings", methods=["POST"], body=MeetingBody)
    def create(account_id: str, app_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        options = MeetingOptions(**read_body(request, MeetingBody).changes())
        return success(_rendered(create_meeting(deps(), app.id, options)), status=201)

    @blueprint.route("/{app_id}/meetings/{meeting_id}", methods=["GET"], query=_NameQuery)
    def get(account_id: str, app_id: str, meeting_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        read_query(blueprint.current_request, _NameQuery)
        return success(_rendered(get_meeting(deps(), app.id, meeting_id)))

    @blueprint.route("/{app_id}/meetings/{meeting_id}", methods=["PUT"], body=MeetingBody)
    def replace(account_id: str, app_id: str, meeting_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        options = MeetingOptions(**read_body(request, MeetingBody).changes())
        return success(_rendered(replace_meeting(deps(), app.id, meeting_id, options)))

    @blueprint.route("/{app_id}/meetings/{meeting_id}", methods=["PATCH"], body=MeetingPatch)
    def change(account_id: str, app_id: str, meeting_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        changes = read_body(request, MeetingPatch).changes()
        return success(_rendered(change_meeting(deps(), app.id, meeting_id, changes)))

    @blueprint.route("/{app_id}/meetings/{meeting_id}", methods=["DELETE"])
    def delete(account_id: str, app_id: str, meeting_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        return success(_rendered(delete_meeting(deps(), app.id, meeting_id)))

    @blueprint.route("/{app_id}/meetings/{meeting_id}/validate", methods=["GET"])
    def validate(account_id: str, app_id: str, meeting_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        check = check_meeting(deps(), app.id, meeting_id)
        return success({**dataclasses.asdict(check), "full": check.full})

    return blueprint


def _rendered(meeting: Meeting) -> dict[str, Any]:
    return {
        "id": meeting.id,
        **dataclasses.asdict(meeting.options),
        "status": meeting.options.status.value,
        "created_at": iso(meeting.created_at_ms),
        "updated_at": iso(meeting.updated_at_ms),
    }


def _summary(meeting: Meeting) -> dict[str, Any]:
    """Render an item of a list: the API shows no ai_config there."""
    return {name: value for name, value in _rendered(meeting).items() if name != "ai_config"}
