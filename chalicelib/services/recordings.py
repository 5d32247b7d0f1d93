"""Recordings: reading their records, and refusing what needs an engine, since there is none yet."""

from typing import NoReturn

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AppId, is_uuid
from chalicelib.domain.paging import Page, PageRequest, page_of
from chalicelib.domain.recording import Recording, RecordingFilter, RecordingId
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.meetings import get_meeting


def start_recording(deps: Dependencies, app_id: AppId, meeting_id: str) -> NoReturn:
    """Refuse: nothing is stored. Raises ParleyError MEETING_NOT_FOUND or ENGINE_NOT_AVAILABLE."""
    get_meeting(deps, app_id, meeting_id)
    raise _no_engine()


def get_recording(deps: Dependencies, app_id: AppId, recording_id: str) -> Recording:
    """Return a recording of the app. Raises ParleyError RECORDING_NOT_FOUND."""
    recording = deps.recordings.get(app_id, RecordingId(recording_id)) if is_uuid(recording_id) else None
    if recording is None:
        raise ParleyError(ErrorId.RECORDING_NOT_FOUND, "no such recording")
    return recording


def active_recording(deps: Dependencies, app_id: AppId, meeting_id: str) -> Recording:
    """Return the latest recording of a meeting that still runs.

    Raises ParleyError MEETING_NOT_FOUND or RECORDING_NOT_FOUND.
    """
    meeting = get_meeting(deps, app_id, meeting_id)
    for recording in deps.recordings.in_app(app_id, newest_first=True):
        if recording.meeting_id == meeting.id and recording.is_running:
            return recording
    raise ParleyError(ErrorId.RECORDING_NOT_FOUND, "the meeting has no active recording")


def list_recordings(
    deps: Dependencies, app_id: AppId, page: PageRequest, wanted: RecordingFilter, *, newest_first: bool
) -> Page[Recording]:
    """Return a page of the app's recordings by when they were asked for."""
    now_ms = deps.now_ms()
    recordings = deps.recordings.in_app(app_id, newest_first=newest_first)
    return page_of(recordings, page, lambda recording: wanted.accepts(recording, now_ms))


def act_on_recording(deps: Dependencies, app_id: AppId, recording_id: str) -> NoReturn:
    """Refuse to stop, pause or resume. Raises ParleyError RECORDING_NOT_FOUND, RECORDING_OVER, ENGINE_NOT_AVAILABLE."""
    recording = get_recording(deps, app_id, recording_id)
    if not recording.is_running:
        raise ParleyError(ErrorId.RECORDING_OVER, f"the recording is {recording.status.value}: it runs no longer")
    raise _no_engine()


def _no_engine() -> ParleyError:
    return ParleyError(ErrorId.ENGINE_NOT_AVAILABLE, "this installation has no recording engine")
