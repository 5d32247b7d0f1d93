"""``/{app_id}/recordings``: records of recordings. A start is checked, then refused: there is no engine yet."""

from collections.abc import Callable
from typing import Any, Literal

from chalice.app import Response

from chalicelib.api.authentication import app_of
from chalicelib.api.envelope import iso, success
from chalicelib.api.page_query import OrderedQuery, Text, TimeMs, read_query
from chalicelib.api.realtimekit.recording_body import RecordingAction, StartRecording, StartTrackRecording
from chalicelib.api.request_body import read_body
from chalicelib.api.routing import Routes
from chalicelib.domain.recording import Recording, RecordingFilter, RecordingStatus
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.recordings import (
    act_on_recording,
    active_recording,
    get_recording,
    list_recordings,
    start_recording,
)

_ALL = "/{app_id}/recordings"
_ONE = "/{app_id}/recordings/{recording_id}"


class _RecordingQuery(OrderedQuery):
    meeting_id: Text = ""
    status: list[RecordingStatus] = []
    expired: bool | None = None
    start_time: TimeMs | None = None
    end_time: TimeMs | None = None
    sort_by: Literal["invokedTime"] = "invokedTime"

    @property
    def filter(self) -> RecordingFilter:
        return RecordingFilter(
            self.search, self.meeting_id, tuple(self.status), self.expired, self.start_time, self.end_time
        )


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__)
    _starts(blueprint, deps)

    @blueprint.route(_ALL, methods=["GET"], query=_RecordingQuery)
    def list_(account_id: str, app_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        query = read_query(request, _RecordingQuery)
        page = list_recordings(deps(), app.id, query.page, query.filter, newest_first=query.newest_first())
        return success([recording_view(recording) for recording in page.items], paging=page.counts)

    @blueprint.route(_ALL + "/active-recording/{meeting_id}", methods=["GET"])
    def active(account_id: str, app_id: str, meeting_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        return success(recording_view(active_recording(deps(), app.id, meeting_id)))

    @blueprint.route(_ONE, methods=["GET"])
    def get(account_id: str, app_id: str, recording_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        return success(recording_view(get_recording(deps(), app.id, recording_id)))

    @blueprint.route(_ONE, methods=["PUT"], body=RecordingAction)
    def act(account_id: str, app_id: str, recording_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        read_body(request, RecordingAction)
        act_on_recording(deps(), app.id, recording_id)

    return blueprint


def _starts(blueprint: Routes, deps: Callable[[], Dependencies]) -> None:
    @blueprint.route(_ALL, methods=["POST"], body=StartRecording)
    def start(account_id: str, app_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        start_recording(deps(), app.id, read_body(request, StartRecording).meeting_id)

    @blueprint.route(_ALL + "/track", methods=["POST"], body=StartTrackRecording)
    def start_track(account_id: str, app_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        start_recording(deps(), app.id, read_body(request, StartTrackRecording).meeting_id)


def recording_view(recording: Recording) -> dict[str, Any]:
    """Render a recording."""
    return {
        "id": recording.id,
        "meeting_id": recording.meeting_id,
        "session_id": recording.session_id,
        "status": recording.status.value,
        "output_file_name": recording.output_file_name,
        "invoked_time": iso(recording.invoked_at_ms),
        "started_time": _iso(recording.started_at_ms),
        "stopped_time": _iso(recording.stopped_at_ms),
        "download_url": recording.download_url,
        "audio_download_url": recording.audio_download_url,
        "download_url_expiry": _iso(recording.download_url_expires_at_ms),
        "file_size": recording.file_size,
        "recording_duration": recording.duration_s,
        "start_reason": recording.start_reason or None,
        "stop_reason": recording.stop_reason,
    }


def _iso(at_ms: int | None) -> str | None:
    return None if at_ms is None else iso(at_ms)
