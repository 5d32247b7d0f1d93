"""Validating a meeting: what somebody wants to know of it before joining. Admission decides by itself."""

from dataclasses import dataclass

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AppId, MeetingId, is_uuid
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.sessions import active_session


@dataclass(frozen=True, slots=True)
class MeetingCheck:
    """What a client wants to know before it joins; `live_peers` and `full` are as of now."""

    exists: bool
    active: bool = False
    live: bool = False
    live_peers: int = 0
    max_participants: int = 0

    @property
    def full(self) -> bool:
        """Whether nobody more gets in."""
        return 0 < self.max_participants <= self.live_peers


def check_meeting(deps: Dependencies, app_id: AppId, meeting_id: str) -> MeetingCheck:
    """Tell whether a meeting is there, takes joins, and has room."""
    meeting = deps.meetings.get(app_id, MeetingId(meeting_id)) if is_uuid(meeting_id) else None
    if meeting is None:
        return MeetingCheck(exists=False)
    live_peers, live = 0, True
    try:
        live_peers = active_session(deps, app_id, meeting_id).live_peers
    except ParleyError as error:
        if error.error is not ErrorId.NO_ACTIVE_SESSION:
            raise
        live = False
    return MeetingCheck(True, meeting.is_open, live, live_peers, meeting.room.max_participants)
