"""Which recordings a list shows."""

import dataclasses

import pytest

from chalicelib.contract.ids import AppId, MeetingId
from chalicelib.domain.recording import Recording, RecordingFilter, RecordingId, RecordingStatus

RECORDING = Recording(
    RecordingId("rec"), AppId("app"), MeetingId("mtg"), "Weekly Review", RecordingStatus.UPLOADED, "a.mp4", 1000
)
NOW_MS = 5000


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        (RecordingFilter(), True),
        (RecordingFilter(search="review"), True),
        (RecordingFilter(search="mtg"), True),
        (RecordingFilter(search="mt"), False),
        (RecordingFilter(meeting_id="other"), False),
        (RecordingFilter(statuses=(RecordingStatus.ERRORED, RecordingStatus.UPLOADED)), True),
        (RecordingFilter(statuses=(RecordingStatus.ERRORED,)), False),
        (RecordingFilter(from_ms=1000, to_ms=1000), True),
        (RecordingFilter(from_ms=1001), False),
        (RecordingFilter(to_ms=999), False),
        (RecordingFilter(expired=False), True),
        (RecordingFilter(expired=True), False),
    ],
)
def test_a_filter_shows_what_it_names(wanted: RecordingFilter, shown: bool) -> None:
    assert wanted.accepts(RECORDING, NOW_MS) is shown


def test_a_recording_expires_with_its_address() -> None:
    expired = dataclasses.replace(RECORDING, download_url_expires_at_ms=NOW_MS)
    assert RecordingFilter(expired=True).accepts(expired, NOW_MS)
    assert not RecordingFilter(expired=True).accepts(expired, NOW_MS - 1)


def test_a_recording_runs_until_it_is_uploaded_or_failed() -> None:
    running = {status for status in RecordingStatus if dataclasses.replace(RECORDING, status=status).is_running}
    assert running == {RecordingStatus.INVOKED, RecordingStatus.RECORDING, RecordingStatus.PAUSED}
