"""Connected ("breakout") meetings: making children of a meeting, listing them, and closing them.

People are sent to a child, and back, by live_control.move(); closing a child sends back everybody who is there.
"""

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AppId, MeetingId
from chalicelib.contract.node_commands import PeerSelector
from chalicelib.domain.connected_meetings import MAX_CONNECTED, Connection
from chalicelib.domain.meeting import Meeting, MeetingStatus
from chalicelib.domain.paging import PageRequest
from chalicelib.domain.session import Session
from chalicelib.domain.session_filter import SessionFilter
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.live_control import live_peers, move
from chalicelib.services.meetings import change_meeting, create_meeting, get_meeting
from chalicelib.services.moving import MAX_MOVED
from chalicelib.services.sessions import get_session, list_sessions


def connect_meetings(deps: Dependencies, app_id: AppId, parent_id: str, titles: Sequence[str]) -> tuple[Meeting, ...]:
    """Make children of a meeting, with its options and these titles.

    Raises ParleyError MEETING_NOT_FOUND, MEETING_INACTIVE, INVALID_FIELD when the meeting is a child itself,
    QUOTA_REACHED, or BUSY.
    """
    parent = get_meeting(deps, app_id, parent_id)
    if not parent.is_open:
        raise ParleyError(ErrorId.MEETING_INACTIVE, "the meeting is inactive")
    if deps.connections.parent_of(app_id, parent.id) is not None:
        raise ParleyError(ErrorId.INVALID_FIELD, "a connected meeting has no connected meetings of its own")
    if len(_open(deps, app_id, parent.id)) + len(titles) > MAX_CONNECTED:
        raise ParleyError(ErrorId.QUOTA_REACHED, f"a meeting may have {MAX_CONNECTED} connected meetings")
    children = tuple(create_meeting(deps, app_id, replace(parent.options, title=title)) for title in titles)
    now_ms = deps.now_ms()
    deps.connections.add([Connection(app_id, parent.id, child.id, now_ms, at) for at, child in enumerate(children)])
    return children


def list_connected(deps: Dependencies, app_id: AppId, parent_id: str) -> tuple[Meeting, ...]:
    """Return a meeting's children, oldest first. Raises ParleyError MEETING_NOT_FOUND."""
    parent = get_meeting(deps, app_id, parent_id)
    ids = [each.child_id for each in _open(deps, app_id, parent.id)]
    found = deps.meetings.get_many(app_id, ids) if ids else {}
    return tuple(found[child_id] for child_id in ids if child_id in found)


def disconnect_meeting(deps: Dependencies, app_id: AppId, parent_id: str, child_id: str) -> tuple[Meeting, int]:
    """Close a child: nobody enters it any more, and everybody in it is sent to the parent. Return it, and how many.

    May be repeated after a failure. Raises ParleyError MEETING_NOT_FOUND (also when it is no child of this one),
    MEETING_INACTIVE when people cannot return to the parent, NODE_UNREACHABLE or BUSY.
    """
    parent = get_meeting(deps, app_id, parent_id)
    connection = next((each for each in _open(deps, app_id, parent.id) if each.child_id == child_id), None)
    if connection is None:
        raise ParleyError(ErrorId.MEETING_NOT_FOUND, "no such connected meeting")
    closed = change_meeting(deps, app_id, child_id, {"status": MeetingStatus.INACTIVE})
    returned = _send_back(deps, app_id, connection)
    deps.connections.remove(connection, deps.now_ms())
    return closed, returned


def breakout_sessions(deps: Dependencies, app_id: AppId, session_id: str) -> tuple[Session, ...]:
    """Return the sessions of the children that began while a session of the parent went on, at most 100 of each.

    Raises ParleyError SESSION_NOT_FOUND.
    """
    session = get_session(deps, app_id, session_id)
    until_ms = session.ending.at_ms if session.ending else deps.now_ms()
    found: list[Session] = []
    for each in deps.connections.children_of(app_id, session.meeting_id):
        if each.created_at_ms > until_ms or (each.removed_at_ms or until_ms) < session.started_at_ms:
            continue
        wanted = SessionFilter(meeting_id=each.child_id, from_ms=session.started_at_ms, to_ms=until_ms)
        found += list_sessions(deps, app_id, PageRequest(per_page=100), wanted).items
    return tuple(sorted(found, key=lambda child: (child.started_at_ms, child.session_id)))


def _open(deps: Dependencies, app_id: AppId, parent_id: MeetingId) -> list[Connection]:
    found = [each for each in deps.connections.children_of(app_id, parent_id) if each.removed_at_ms is None]
    return sorted(found, key=lambda each: (each.created_at_ms, each.position))


def _send_back(deps: Dependencies, app_id: AppId, connection: Connection) -> int:
    try:
        peers = [peer.peer_id for peer in live_peers(deps, app_id, connection.child_id).peers]
        for first in range(0, len(peers), MAX_MOVED):
            who = PeerSelector(peer_ids=tuple(peers[first : first + MAX_MOVED]))
            move(deps, app_id, connection.child_id, who, connection.parent_id)
    except ParleyError as error:
        if error.error not in (ErrorId.NO_ACTIVE_SESSION, ErrorId.PARTICIPANT_NOT_FOUND):
            raise
        return 0  # nobody is there, or those who were have just left
    return len(peers)
