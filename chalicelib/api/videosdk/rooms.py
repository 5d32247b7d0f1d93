"""``/rooms``: making, validating, reading, listing and deactivating rooms."""

from collections.abc import Callable
from typing import Annotated, Any

from chalice.app import Response
from pydantic import Field

from chalicelib.api.page_query import read_query
from chalicelib.api.request_body import Body, read_body
from chalicelib.api.routing import Routes
from chalicelib.api.videosdk.credential import Backend, backend_of
from chalicelib.api.videosdk.page_query import RoomPageQuery
from chalicelib.api.videosdk.refusal import refusal
from chalicelib.api.videosdk.views import answer, paged, room_view
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.limits import MAX_NAME_CHARS
from chalicelib.domain.meeting import Meeting, MeetingFilter, MeetingStatus
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.meetings import change_meeting, list_meetings
from chalicelib.services.videosdk_rooms import make_room

RoomId = Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARS)]


class _NewRoom(Body):
    customRoomId: RoomId | None = None
    webhook: dict[str, Any] | None = None
    autoCloseConfig: dict[str, Any] | None = None
    autoStartConfig: dict[str, Any] | None = None

    def check(self) -> None:
        """Raise ParleyError for what would be accepted and never happen."""
        for name in ("webhook", "autoCloseConfig", "autoStartConfig"):
            if getattr(self, name):
                raise ParleyError(ErrorId.NOT_AVAILABLE_YET, f"{name} is not available yet", f"/{name}")


class _RoomBody(Body):
    roomId: RoomId


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__, refusal)
    _reading(blueprint, deps)

    @blueprint.route("/rooms", methods=["POST"], body=_NewRoom)
    def create() -> Response:
        backend = backend_of(blueprint.current_request, deps(), changes=True)
        backend.check_every_room()
        body = read_body(blueprint.current_request, _NewRoom)
        body.check()
        return _room(backend, make_room(deps(), backend.app_id, body.customRoomId or ""))

    @blueprint.route("/rooms/deactivate", methods=["POST"], body=_RoomBody)
    def deactivate() -> Response:
        backend = backend_of(blueprint.current_request, deps(), changes=True)
        meeting = backend.room(read_body(blueprint.current_request, _RoomBody).roomId)
        return _room(backend, change_meeting(deps(), backend.app_id, meeting.id, {"status": MeetingStatus.INACTIVE}))

    return blueprint


def _reading(blueprint: Routes, deps: Callable[[], Dependencies]) -> None:
    @blueprint.route("/rooms", methods=["GET"], query=RoomPageQuery)
    def list_() -> Response:
        backend = backend_of(blueprint.current_request, deps())
        backend.check_every_room()
        request = read_query(blueprint.current_request, RoomPageQuery).request
        page = list_meetings(deps(), backend.app_id, request, MeetingFilter())
        return paged(page, request, [room_view(meeting, backend.account_id) for meeting in page.items])

    @blueprint.route("/rooms/{room_id}", methods=["GET"])
    def get(room_id: str) -> Response:
        backend = backend_of(blueprint.current_request, deps())
        return _room(backend, backend.room_in_path(room_id))

    @blueprint.route("/rooms/validate/{room_id}", methods=["GET", "POST"])
    def validate(room_id: str) -> Response:
        backend = backend_of(blueprint.current_request, deps())
        meeting = backend.room_in_path(room_id)
        if not meeting.is_open:
            raise ParleyError(ErrorId.MEETING_INACTIVE, "the room is disabled")
        return _room(backend, meeting)


def _room(backend: Backend, meeting: Meeting) -> Response:
    return answer(room_view(meeting, backend.account_id))
