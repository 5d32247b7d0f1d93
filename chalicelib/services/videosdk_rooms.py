"""VideoSDK's rooms as meetings: a room's id is the meeting's unique name, or the meeting's own id if it has none."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AppId, MeetingId, ParticipantId, uuid7
from chalicelib.domain import peer as peers_domain
from chalicelib.domain.meeting import Meeting, MeetingOptions
from chalicelib.domain.peer import Peer
from chalicelib.domain.room import RoomSettings, display_name
from chalicelib.domain.session import Session
from chalicelib.domain.videosdk_room import ENTROPY_BYTES, new_room_id, room_id_of
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.retrying import until_it_holds
from chalicelib.services.rooms import find_room


@dataclass(frozen=True, slots=True)
class Visitor:
    """A participant with all its stays in one session, the oldest first."""

    peers: tuple[Peer, ...]

    @property
    def is_there(self) -> bool:
        """Tell whether it has not left."""
        return any(peer.left_at_ms is None for peer in self.peers)


def make_room(deps: Dependencies, app_id: AppId, custom_room_id: str) -> Meeting:
    """Make a room, or return the one that has this custom id; an empty one makes a room always.

    Raises ParleyError ALREADY_EXISTS when the id that follows from the custom one is another room's, or BUSY.
    """

    def attempt() -> Meeting:
        room_id = room_id_of(app_id, custom_room_id) if custom_room_id else new_room_id(deps.entropy(ENTROPY_BYTES))
        found = deps.meetings.by_room_name(app_id, room_id) if custom_room_id else None
        if found is not None:
            if found.room.custom_id != custom_room_id:
                raise ParleyError(ErrorId.ALREADY_EXISTS, "this id stands for another room", "/customRoomId")
            return found
        now_ms = deps.now_ms()
        made = Meeting(
            id=MeetingId(uuid7(now_ms, deps.entropy(10))),
            app_id=app_id,
            options=MeetingOptions(title=custom_room_id or None),
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
            room=RoomSettings(room_id, custom_id=custom_room_id),
        )
        deps.meetings.add(made)
        return made

    return until_it_holds(attempt, deps.entropy, deps.sleep)


def find_by_any_id(deps: Dependencies, app_id: AppId, wanted: str) -> Meeting:
    """Return the room with this id or custom id. Raises ParleyError MEETING_NOT_FOUND."""
    found = find_room(deps, app_id, wanted) or find_room(deps, app_id, room_id_of(app_id, wanted))
    if found is None or not answers_to(found, wanted):
        raise ParleyError(ErrorId.MEETING_NOT_FOUND, "no such room")
    return found


def answers_to(meeting: Meeting, wanted: str) -> bool:
    """Tell whether this is one of the room's ids."""
    return bool(wanted) and wanted in (meeting.id, meeting.room.name, meeting.room.custom_id)


def room_ids(deps: Dependencies, app_id: AppId, sessions: Iterable[Session]) -> dict[MeetingId, str]:
    """Return the room ids of sessions; a meeting that was deleted goes by its own id."""
    ids = list({session.meeting_id for session in sessions})
    found = deps.meetings.get_many(app_id, ids)
    return {each: display_name(found[each].room, each) if each in found else each for each in ids}


def visitors(deps: Dependencies, session: Session, most_peers: int | None = None) -> list[Visitor]:
    """Return who was in a session by time of the first join; of no more than its first `most_peers` stays."""
    stays: dict[ParticipantId, list[Peer]] = {}
    for peer in islice(deps.sessions.peers(session.app_id, session.session_id), most_peers):
        shown = peers_domain.as_of(peer, session.ending)
        stays.setdefault(shown.participant_id, []).append(shown)
    found = [Visitor(tuple(sorted(peers, key=lambda peer: peer.joined_at_ms))) for peers in stays.values()]
    return sorted(found, key=lambda visitor: visitor.peers[0].joined_at_ms)
