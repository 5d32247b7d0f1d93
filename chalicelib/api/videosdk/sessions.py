"""``/sessions``: past and present sessions of rooms, who was in them, ending one and removing somebody."""

from collections.abc import Callable
from typing import Annotated

from chalice.app import Response
from pydantic import Field

from chalicelib.api.page_query import Text, read_query
from chalicelib.api.request_body import Body, read_body
from chalicelib.api.routing import Routes
from chalicelib.api.videosdk.credential import Backend, backend_of
from chalicelib.api.videosdk.page_query import RoomPageQuery
from chalicelib.api.videosdk.refusal import refusal
from chalicelib.api.videosdk.rooms import RoomId
from chalicelib.api.videosdk.views import answer, paged, session_view, visitor_view
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.limits import MAX_IDENTITY_CHARS
from chalicelib.contract.node_commands import PeerSelector
from chalicelib.domain.paging import page_of
from chalicelib.domain.session import Session
from chalicelib.domain.session_filter import SessionFilter
from chalicelib.services import live_control
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.sessions import active_session, get_session, list_sessions
from chalicelib.services.videosdk_rooms import room_ids, visitors

# Of each session of a list: a page of large ones would not fit into an answer. GET .../participants has them all.
_STAYS_IN_A_LIST = 200


class _SessionQuery(RoomPageQuery):
    room_id: Annotated[Text, Field(alias="roomId")] = ""
    custom_room_id: Annotated[Text, Field(alias="customRoomId")] = ""


class _SessionBody(Body):
    roomId: RoomId
    sessionId: RoomId | None = None


class _RemoveBody(_SessionBody):
    participantId: Annotated[str, Field(min_length=1, max_length=MAX_IDENTITY_CHARS)]


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__, refusal)
    _reading(blueprint, deps)
    _participants(blueprint, deps)

    @blueprint.route("/sessions/end", methods=["POST"], body=_SessionBody)
    def end() -> Response:
        backend = backend_of(blueprint.current_request, deps(), changes=True)
        session = _active(backend, read_body(blueprint.current_request, _SessionBody))
        live_control.kick_all(deps(), backend.app_id, session.meeting_id)
        return _shown(backend, session.session_id)

    @blueprint.route("/sessions/participants/remove", methods=["POST"], body=_RemoveBody)
    def remove() -> Response:
        backend = backend_of(blueprint.current_request, deps(), changes=True)
        body = read_body(blueprint.current_request, _RemoveBody)
        session = _active(backend, body)
        live_control.kick(deps(), backend.app_id, session.meeting_id, PeerSelector(identities=(body.participantId,)))
        return _shown(backend, session.session_id)

    return blueprint


def _reading(blueprint: Routes, deps: Callable[[], Dependencies]) -> None:
    @blueprint.route("/sessions", methods=["GET"], query=_SessionQuery)
    def list_() -> Response:
        backend = backend_of(blueprint.current_request, deps())
        query = read_query(blueprint.current_request, _SessionQuery)
        page = list_sessions(deps(), backend.app_id, query.request, _filter(backend, query))
        rooms = room_ids(deps(), backend.app_id, page.items)
        return paged(
            page,
            query.request,
            [
                session_view(session, rooms[session.meeting_id], visitors(deps(), session, _STAYS_IN_A_LIST))
                for session in page.items
            ],
        )

    @blueprint.route("/sessions/{session_id}", methods=["GET"])
    def get(session_id: str) -> Response:
        return _shown(backend_of(blueprint.current_request, deps()), session_id)


def _participants(blueprint: Routes, deps: Callable[[], Dependencies]) -> None:
    def listed(session_id: str, *, only_active: bool) -> Response:
        backend = backend_of(blueprint.current_request, deps())
        request = read_query(blueprint.current_request, RoomPageQuery).request
        people = visitors(deps(), _session(backend, session_id))
        page = page_of(people, request, lambda visitor: visitor.is_there or not only_active)
        return paged(page, request, [visitor_view(visitor) for visitor in page.items])

    @blueprint.route("/sessions/{session_id}/participants", methods=["GET"], query=RoomPageQuery)
    def list_participants(session_id: str) -> Response:
        return listed(session_id, only_active=False)

    @blueprint.route("/sessions/{session_id}/participants/active", methods=["GET"], query=RoomPageQuery)
    def list_active(session_id: str) -> Response:
        return listed(session_id, only_active=True)


def _filter(backend: Backend, query: _SessionQuery) -> SessionFilter:
    wanted = [backend.room(each).id for each in (query.room_id, query.custom_room_id) if each]
    if not wanted:
        backend.check_every_room()
        return SessionFilter()
    if len(set(wanted)) > 1:
        raise ParleyError(ErrorId.INVALID_FIELD, "roomId and customRoomId name two rooms", "/customRoomId")
    return SessionFilter(meeting_id=wanted[0])


def _session(backend: Backend, session_id: str) -> Session:
    session = get_session(backend.deps, backend.app_id, session_id)
    if backend.token.room and backend.room(backend.token.room).id != session.meeting_id:
        raise ParleyError(ErrorId.SESSION_NOT_FOUND, "no such session")
    return session


def _active(backend: Backend, body: _SessionBody) -> Session:
    session = active_session(backend.deps, backend.app_id, backend.room(body.roomId).id)
    if body.sessionId is not None and body.sessionId != session.session_id:
        raise ParleyError(ErrorId.NO_ACTIVE_SESSION, "this session is not the room's active one", "/sessionId")
    return session


def _shown(backend: Backend, session_id: str) -> Response:
    session = _session(backend, session_id)
    room_id = room_ids(backend.deps, backend.app_id, [session])[session.meeting_id]
    return answer(session_view(session, room_id, visitors(backend.deps, session)))
