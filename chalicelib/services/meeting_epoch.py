"""Which epoch whoever enters a meeting now comes into: what decisions at its door are about."""

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.domain.meeting import Meeting
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.sessions import active_session


def epoch_of(deps: Dependencies, meeting: Meeting) -> int:
    """Return the epoch of the meeting's active session, or of the one that comes next."""
    try:
        return active_session(deps, meeting.app_id, meeting.id).epoch
    except ParleyError as error:
        if error.error is not ErrorId.NO_ACTIVE_SESSION:
            raise
    pointer = deps.sessions.pointer(meeting.app_id, meeting.id)
    return (pointer.epoch if pointer else 0) + 1
