"""LiveKit's rooms as meetings: finding one by id or unique name, making, listing, changing and ending it.

What acts on those who are in a call is in live_control.py.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AppId, MeetingId, is_uuid, uuid7
from chalicelib.contract.limits import MAX_NAME_CHARS, MAX_PER_PAGE
from chalicelib.domain.app import ApiKey
from chalicelib.domain.livekit_claims import RoomConfig
from chalicelib.domain.meeting import Meeting, MeetingOptions
from chalicelib.domain.paging import PageRequest
from chalicelib.domain.room import (
    DEFAULT_DEPARTURE_TIMEOUT_S,
    OpenedRoom,
    RoomSettings,
    check_room_name,
    cleared,
    configured,
)
from chalicelib.domain.session import Session
from chalicelib.domain.session_filter import SessionFilter, SessionState
from chalicelib.services import live_control
from chalicelib.services.agent_dispatch import check_orders, dispatch_agents, forget_agents
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.retrying import until_it_holds
from chalicelib.services.sessions import active_session, list_sessions

MAX_NAMES = 100  # of one ListRooms
NO_SUCH_ROOM = "requested room does not exist"  # LiveKit's words: its JavaScript SDK looks for them


@dataclass(frozen=True, slots=True)
class RoomState:
    """A room that is there in LiveKit's sense: it has an active session, or was made and waits for its first peer."""

    meeting: Meeting
    session: Session | None
    opened: OpenedRoom | None
    publishers: int = 0


def find_room(deps: Dependencies, app_id: AppId, name: str) -> Meeting | None:
    """Return the meeting that a room's name stands for: a meeting's id, or a unique name."""
    if is_uuid(name):
        return deps.meetings.get(app_id, MeetingId(name))
    return deps.meetings.by_room_name(app_id, name) if 0 < len(name) <= MAX_NAME_CHARS else None


def get_room(deps: Dependencies, app_id: AppId, name: str) -> Meeting:
    """Return the meeting that a room's name stands for. Raises ParleyError MEETING_NOT_FOUND."""
    found = find_room(deps, app_id, name)
    if found is None:
        raise ParleyError(ErrorId.MEETING_NOT_FOUND, NO_SUCH_ROOM)
    return found


def auto_creates(deps: Dependencies, key: ApiKey, name: str) -> bool:
    """Tell whether a join makes the room of this name: the app's setting, and never for what looks like an id."""
    if is_uuid(name) or not 0 < len(name) <= MAX_NAME_CHARS:
        return False
    app = deps.apps.get(key.account_id, key.app_id)
    return app is not None and app.auto_create_rooms


def make_room(deps: Dependencies, app_id: AppId, name: str, config: RoomConfig) -> Meeting:
    """Return the room of this name; one that was not there yet is made, with its agents. Raises ParleyError."""
    check_room_name(name)
    check_orders(config.agents)
    settings = configured(RoomSettings(name), config)
    departure_s = config.departure_timeout_s or DEFAULT_DEPARTURE_TIMEOUT_S
    options = MeetingOptions(title=name, session_keep_alive_time_in_secs=departure_s)

    def attempt() -> Meeting:
        found = find_room(deps, app_id, name)
        if found is not None:
            return found
        now_ms = deps.now_ms()
        meeting_id = MeetingId(uuid7(now_ms, deps.entropy(10)))
        made = Meeting(meeting_id, app_id, options, now_ms, now_ms, room=settings)
        deps.meetings.add(made)
        dispatch_agents(deps, made, config.agents)
        return made

    return until_it_holds(attempt, deps.entropy, deps.sleep)


def room_or_new(deps: Dependencies, app_id: AppId, name: str) -> Meeting:
    """Return the room of this name; one that was not there is made. Raises ParleyError MEETING_NOT_FOUND for an id."""
    if is_uuid(name):
        return get_room(deps, app_id, name)
    return make_room(deps, app_id, name, RoomConfig())


def create_room(deps: Dependencies, app_id: AppId, name: str, config: RoomConfig) -> RoomState:
    """Make a room, or set what the configuration says of the one that is there, and let it wait for its first peer.

    Raises ParleyError INVALID_FIELD, MEETING_NOT_FOUND for a UUID that is no meeting's id, or BUSY.
    """
    check_orders(config.agents)
    found = find_room(deps, app_id, name)
    if found is None and is_uuid(name):
        raise ParleyError(ErrorId.MEETING_NOT_FOUND, NO_SUCH_ROOM)
    if found is None:
        meeting = make_room(deps, app_id, name, config)
    else:
        meeting = _change(deps, app_id, name, lambda meeting: _configured(meeting, config))
        dispatch_agents(deps, meeting, config.agents)
    state = _state(deps, meeting, _session(deps, meeting))
    if state.session is not None:
        return state
    now_ms = deps.now_ms()
    until_ms = now_ms + meeting.room.empty_timeout_s * 1000
    opened = OpenedRoom(meeting.id, now_ms, until_ms, _epoch(deps, meeting))
    deps.rooms.open(app_id, opened)
    return replace(state, opened=opened)


def list_rooms(deps: Dependencies, app_id: AppId, names: Sequence[str]) -> list[RoomState]:
    """Return the rooms that are there, of these names or (without names) all. Raises ParleyError INVALID_FIELD."""
    if len(names) > MAX_NAMES:
        raise ParleyError(ErrorId.INVALID_FIELD, f"at most {MAX_NAMES} names", "/names")
    if names:
        meetings = [meeting for name in dict.fromkeys(names) if (meeting := find_room(deps, app_id, name))]
        states = [_state(deps, meeting, _session(deps, meeting)) for meeting in meetings]
        return [state for state in states if state.session or state.opened]
    sessions = {session.meeting_id: session for session in _live_sessions(deps, app_id)}
    waiting = [room.meeting_id for room in deps.rooms.all_opened(app_id) if room.meeting_id not in sessions]
    found = deps.meetings.get_many(app_id, [*sessions, *waiting])
    states = [_state(deps, meeting, sessions.get(meeting_id)) for meeting_id, meeting in found.items()]
    return sorted(
        (state for state in states if state.session or state.opened), key=lambda state: state.meeting.id, reverse=True
    )


def delete_room(deps: Dependencies, app_id: AppId, name: str) -> None:
    """Send everybody away, end the session, and forget what CreateRoom had set. The meeting and its history stay.

    Raises ParleyError MEETING_NOT_FOUND when the room is not there, NODE_UNREACHABLE or BUSY.
    """
    meeting = get_room(deps, app_id, name)
    state = _state(deps, meeting, _session(deps, meeting))
    if state.session is None and state.opened is None:
        raise ParleyError(ErrorId.MEETING_NOT_FOUND, NO_SUCH_ROOM)
    if state.session is not None:
        _end_call(deps, meeting)
    deps.rooms.close(app_id, meeting.id)
    forget_agents(deps, meeting)
    _change(deps, app_id, meeting.id, lambda meeting: replace(meeting, room=cleared(meeting.room)))


def update_metadata(deps: Dependencies, app_id: AppId, name: str, metadata: str) -> RoomState:
    """Set a room's metadata, of its session if there is one and else for the next one.

    Raises ParleyError MEETING_NOT_FOUND, INVALID_FIELD, NODE_UNREACHABLE or BUSY.
    """
    meeting = get_room(deps, app_id, name)
    session = _session(deps, meeting)
    if session is not None:
        return _state(deps, meeting, live_control.update_room_metadata(deps, app_id, meeting.id, metadata))
    state = _state(deps, meeting, None)
    if state.opened is None:
        raise ParleyError(ErrorId.MEETING_NOT_FOUND, NO_SUCH_ROOM)
    configured(meeting.room, RoomConfig(metadata=metadata))  # refuses what is too long
    changed = _change(
        deps, app_id, meeting.id, lambda meeting: replace(meeting, room=replace(meeting.room, metadata=metadata))
    )
    return replace(state, meeting=changed)


def _end_call(deps: Dependencies, meeting: Meeting) -> None:
    try:
        live_control.kick_all(deps, meeting.app_id, meeting.id)
    except ParleyError as error:
        if error.error is not ErrorId.NO_ACTIVE_SESSION:  # it has just ended by itself
            raise


def _configured(meeting: Meeting, config: RoomConfig) -> Meeting:
    options = meeting.options
    if config.departure_timeout_s:
        options = replace(options, session_keep_alive_time_in_secs=config.departure_timeout_s)
    return replace(meeting, options=options, room=configured(meeting.room, config))


def _change(deps: Dependencies, app_id: AppId, name: str, change: Callable[[Meeting], Meeting]) -> Meeting:
    def attempt() -> Meeting:
        meeting = get_room(deps, app_id, name)
        wanted = change(meeting)
        if wanted == meeting:
            return meeting
        now_ms = max(deps.now_ms(), meeting.updated_at_ms)
        wanted = replace(wanted, updated_at_ms=now_ms, version=meeting.version + 1)
        deps.meetings.replace(wanted, observed=meeting)
        return wanted

    return until_it_holds(attempt, deps.entropy, deps.sleep)


def _session(deps: Dependencies, meeting: Meeting) -> Session | None:
    try:
        return active_session(deps, meeting.app_id, meeting.id)
    except ParleyError as error:
        if error.error is not ErrorId.NO_ACTIVE_SESSION:
            raise
        return None


def _live_sessions(deps: Dependencies, app_id: AppId) -> Iterator[Session]:
    number = 1
    while True:
        page = list_sessions(deps, app_id, PageRequest(number, MAX_PER_PAGE), SessionFilter(state=SessionState.LIVE))
        yield from page.items
        if page.end_offset >= page.total_count:
            return
        number += 1


def _state(deps: Dependencies, meeting: Meeting, session: Session | None) -> RoomState:
    if session is not None:
        peers = deps.sessions.peers(meeting.app_id, session.session_id)
        return RoomState(meeting, session, None, sum(1 for peer in peers if peer.tracks and peer.left_at_ms is None))
    opened = deps.rooms.opened(meeting.app_id, meeting.id)
    if opened is not None and not opened.waits(_epoch(deps, meeting), deps.now_ms()):
        opened = None
    return RoomState(meeting, None, opened)


def _epoch(deps: Dependencies, meeting: Meeting) -> int:
    pointer = deps.sessions.pointer(meeting.app_id, meeting.id)
    return pointer.epoch if pointer is not None else 0
