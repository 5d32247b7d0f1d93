"""Rooms and sessions as VideoSDK renders them. Links are paths on the same host."""

from typing import Any, TypeVar

from chalice.app import Response

from chalicelib.api.envelope import iso
from chalicelib.contract.ids import AccountId
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.room import display_name
from chalicelib.domain.session import Session
from chalicelib.services.videosdk_rooms import Visitor

BASE = "/videosdk/v2"

T = TypeVar("T")


def answer(body: dict[str, Any]) -> Response:
    """Answer without an envelope."""
    return Response(body=body, status_code=200, headers={"Content-Type": "application/json"})


def paged(page: Page[T], request: PageRequest, data: list[dict[str, Any]]) -> Response:
    """Answer with one page of a list; a list with nothing in it has one empty page."""
    info = {
        "currentPage": request.page_no,
        "perPage": request.per_page,
        "lastPage": max(1, -(-page.total_count // request.per_page)),
        "total": page.total_count,
    }
    return answer({"pageInfo": info, "data": data})


def room_view(meeting: Meeting, account_id: AccountId) -> dict[str, Any]:
    """Render a room; a meeting that was made otherwise goes by its own id."""
    room_id = display_name(meeting.room, meeting.id)
    return {
        "roomId": room_id,
        "customRoomId": meeting.room.custom_id or None,
        "userId": account_id,
        "disabled": not meeting.is_open,
        "createdAt": iso(meeting.created_at_ms),
        "updatedAt": iso(meeting.updated_at_ms),
        "id": meeting.id,
        "links": {"get_room": f"{BASE}/rooms/{room_id}", "get_session": f"{BASE}/sessions?roomId={room_id}"},
    }


def session_view(session: Session, room_id: str, visitors: list[Visitor]) -> dict[str, Any]:
    """Render a session with those who were in it."""
    return {
        "id": session.session_id,
        "roomId": room_id,
        "start": iso(session.started_at_ms),
        "end": iso(session.ending.at_ms) if session.ending else None,
        "participants": [visitor_view(visitor) for visitor in visitors],
        "status": "ended" if session.ending else "ongoing",
        "links": {
            "get_room": f"{BASE}/rooms/{room_id}",
            "get_session": f"{BASE}/sessions/{session.session_id}",
        },
    }


def visitor_view(visitor: Visitor) -> dict[str, Any]:
    """Render a participant of a session: the id is the one that its customer gave it."""
    latest = visitor.peers[-1]
    stays = [(peer.joined_at_ms, peer.left_at_ms) for peer in visitor.peers]
    return {
        "participantId": latest.identity,
        "name": latest.name,
        "timelog": [{"start": iso(start), "end": None if end is None else iso(end)} for start, end in stays],
    }
