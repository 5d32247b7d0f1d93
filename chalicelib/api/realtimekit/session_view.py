"""Sessions and those who were in them, as RealtimeKit renders them."""

from typing import Any

from chalicelib.api.envelope import iso
from chalicelib.domain.peer import Peer
from chalicelib.domain.session import Session, consumed_ms
from chalicelib.domain.session_filter import state_of
from chalicelib.services.sessions import Attendee

_MS_PER_MINUTE = 60_000


def session_view(session: Session, now_ms: int) -> dict[str, Any]:
    """Render a session as of `now_ms`; the minutes are those of all its peers together."""
    return {
        "id": session.session_id,
        "associated_id": session.meeting_id,
        "organization_id": session.app_id,
        "meeting_display_name": session.meeting_title,
        "status": state_of(session).value,
        "type": "meeting",
        "live_participants": session.live_peers,
        "max_concurrent_participants": session.max_concurrent_peers,
        "minutes_consumed": _minutes(consumed_ms(session, now_ms)),
        "created_at": iso(session.created_at_ms),
        "started_at": iso(session.started_at_ms),
        "updated_at": iso(session.updated_at_ms),
        "ended_at": iso(session.ending.at_ms) if session.ending else None,
        "breakout_rooms": [],
    }


def attendee_view(attendee: Attendee, *, with_events: bool) -> dict[str, Any]:
    """Render one who was in a session: `id` is the peer's, `user_id` the participant's."""
    peer = attendee.peer
    view: dict[str, Any] = {
        "id": peer.peer_id,
        "user_id": peer.participant_id,
        "custom_participant_id": peer.identity,
        "display_name": peer.name,
        "preset_name": peer.preset_name,
        "duration": _minutes(attendee.stayed_ms),
        "joined_at": iso(peer.joined_at_ms),
        "left_at": None if peer.left_at_ms is None else iso(peer.left_at_ms),
        "created_at": iso(peer.joined_at_ms),
        "updated_at": iso(peer.left_at_ms or peer.connected_at_ms or peer.joined_at_ms),
    }
    if with_events:
        view["peer_events"] = _peer_events(peer)
    return view


def _peer_events(peer: Peer) -> list[dict[str, Any]]:
    moments = {
        "PEER_CREATED": peer.joined_at_ms,
        "PEER_JOINING": peer.connected_at_ms,
        "PEER_LEAVING": peer.left_at_ms,
    }
    return [
        {
            "id": f"{peer.peer_id}:{name}",
            "event_name": name,
            "peer_id": peer.peer_id,
            "participant_id": peer.participant_id,
            "session_id": peer.session_id,
            "created_at": iso(at_ms),
            "updated_at": iso(at_ms),
        }
        for name, at_ms in moments.items()
        if at_ms is not None
    ]


def _minutes(duration_ms: int) -> float:
    return round(duration_ms / _MS_PER_MINUTE, 3)
