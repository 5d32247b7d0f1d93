"""Livestreams: records of stand-alone ones, and refusals where an engine is needed, since there is none yet.

Making, renewing and closing stand-alone ones is Dyte's part of the API; RealtimeKit's official SDK does not have it.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from chalice.app import Response
from pydantic import ConfigDict, Field

from chalicelib.api.authentication import app_of
from chalicelib.api.envelope import iso, success
from chalicelib.api.page_query import PageQuery, SortOrder, TimeMs, read_query
from chalicelib.api.request_body import Body, read_body
from chalicelib.api.routing import Routes
from chalicelib.contract.limits import MAX_NAME_CHARS
from chalicelib.domain.livestream import Livestream, LivestreamFilter
from chalicelib.services import livestreams
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.meetings import get_meeting
from chalicelib.services.sessions import get_session

_ALL = "/{app_id}/livestreams"
_ONE = "/{app_id}/livestreams/{livestream_id}"
_OF_MEETING = "/{app_id}/meetings/{meeting_id}"
_NO_ITEMS = {"total_count": 0, "start_offset": 0, "end_offset": 0}

Side = Annotated[int, Field(ge=1, le=1920)]


class NewLivestream(Body):
    """Body of create."""

    model_config = ConfigDict(defer_build=True)

    name: Annotated[str, Field(max_length=MAX_NAME_CHARS, pattern=r"^[a-zA-Z0-9_-]*$")] = ""


class _VideoConfig(Body):
    height: Side | None = None
    width: Side | None = None


class StartLivestream(Body):
    """Body of a start."""

    model_config = ConfigDict(defer_build=True)

    name: Annotated[str, Field(max_length=MAX_NAME_CHARS)] | None = None
    video_config: _VideoConfig | None = None


class _LivestreamQuery(PageQuery):
    exclude_meetings: bool = False
    status: Literal["LIVE", "IDLE", "ERRORED", "INVOKED"] | None = None
    start_time: TimeMs | None = None
    end_time: TimeMs | None = None
    sort_order: SortOrder | None = None

    @property
    def filter(self) -> LivestreamFilter:
        return LivestreamFilter(self.status or "", self.exclude_meetings, self.start_time, self.end_time)


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__)
    _records(blueprint, deps)
    _changes(blueprint, deps)
    _sessions(blueprint, deps)
    _of_meetings(blueprint, deps)
    return blueprint


def _records(blueprint: Routes, deps: Callable[[], Dependencies]) -> None:
    @blueprint.route(_ALL, methods=["GET"], query=_LivestreamQuery)
    def list_(account_id: str, app_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        query = read_query(request, _LivestreamQuery)
        newest_first = query.sort_order != "ASC"
        page = livestreams.list_livestreams(deps(), app.id, query.page, query.filter, newest_first=newest_first)
        views = [_rendered(livestream) for livestream in page.items]
        # RealtimeKit's schema knows one livestream here, in `data` itself; all of the page are beside it.
        return success({**(views[0] if views else {}), "livestreams": views, "paging": page.counts})

    @blueprint.route(_ALL, methods=["POST"], body=NewLivestream)
    def create(account_id: str, app_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        name = read_body(request, NewLivestream).name
        return success(_rendered(livestreams.create_livestream(deps(), app.id, name)), status=201)

    @blueprint.route(_ONE, methods=["GET"], query=PageQuery)
    def get(account_id: str, app_id: str, livestream_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        read_query(request, PageQuery)
        livestream = livestreams.get_livestream(deps(), app.id, livestream_id)
        return success({"livestream": _rendered(livestream), "session": None, "paging": _NO_ITEMS})


def _changes(blueprint: Routes, deps: Callable[[], Dependencies]) -> None:
    @blueprint.route(_ONE + "/reset-stream-key", methods=["POST"])
    def reset(account_id: str, app_id: str, livestream_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        return success(_rendered(livestreams.reset_stream_key(deps(), app.id, livestream_id)))

    @blueprint.route(_ONE + "/enable", methods=["POST"])
    def enable(account_id: str, app_id: str, livestream_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        return success(_rendered(livestreams.set_disabled(deps(), app.id, livestream_id, False)))

    @blueprint.route(_ONE + "/disable", methods=["POST"])
    def disable(account_id: str, app_id: str, livestream_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        return success(_rendered(livestreams.set_disabled(deps(), app.id, livestream_id, True)))


def _sessions(blueprint: Routes, deps: Callable[[], Dependencies]) -> None:
    @blueprint.route(_ONE + "/active-livestream-session", methods=["GET"])
    def active(account_id: str, app_id: str, livestream_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        livestreams.active_livestream_session(deps(), app.id, livestream_id)

    @blueprint.route(_ALL + "/sessions/{livestream_session_id}", methods=["GET"])
    def get_session_of_livestream(account_id: str, app_id: str, livestream_session_id: str) -> Response:
        app_of(blueprint.current_request, deps(), account_id, app_id)
        livestreams.livestream_session()

    @blueprint.route("/{app_id}/sessions/{session_id}/livestream-sessions", methods=["GET"], query=PageQuery)
    def of_session(account_id: str, app_id: str, session_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        read_query(request, PageQuery)
        get_session(deps(), app.id, session_id)
        return success([], paging=_NO_ITEMS)


def _of_meetings(blueprint: Routes, deps: Callable[[], Dependencies]) -> None:
    @blueprint.route(_OF_MEETING + "/livestreams", methods=["POST"], body=StartLivestream)
    def start(account_id: str, app_id: str, meeting_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        read_body(request, StartLivestream)
        livestreams.start_livestream(deps(), app.id, meeting_id)

    @blueprint.route(_OF_MEETING + "/livestream", methods=["GET"], query=PageQuery)
    def list_of_meeting(account_id: str, app_id: str, meeting_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        read_query(request, PageQuery)
        get_meeting(deps(), app.id, meeting_id)
        return success([], paging=_NO_ITEMS)

    @blueprint.route(_OF_MEETING + "/active-livestream", methods=["GET"])
    def active(account_id: str, app_id: str, meeting_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        livestreams.active_livestream(deps(), app.id, meeting_id)

    @blueprint.route(_OF_MEETING + "/active-livestream/stop", methods=["POST"])
    def stop(account_id: str, app_id: str, meeting_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        livestreams.active_livestream(deps(), app.id, meeting_id)


def _rendered(livestream: Livestream) -> dict[str, Any]:
    return {
        "id": livestream.id,
        "name": livestream.name,
        "meeting_id": livestream.meeting_id,
        "status": "IDLE",
        "disabled": "true" if livestream.disabled else "false",  # a string in RealtimeKit's schema
        "stream_key": livestream.stream_key,
        "ingest_server": None,
        "playback_url": None,
        "created_at": iso(livestream.created_at_ms),
        "updated_at": iso(livestream.updated_at_ms),
    }
