"""Meetings: which a list shows, and how they change."""

import pytest

from chalicelib.contract.ids import AppId, MeetingId
from chalicelib.domain.meeting import Meeting, MeetingFilter, MeetingOptions, MeetingStatus, changed

MEETING = Meeting(MeetingId("0190-id"), AppId("app"), MeetingOptions(title="Straße to Success"), 1000, 1000)


@pytest.mark.parametrize(
    ("wanted", "accepted"),
    [
        (MeetingFilter(), True),
        (MeetingFilter(search="STRASSE"), True),
        (MeetingFilter(search="0190-id"), True),
        (MeetingFilter(search="0190"), False),
        (MeetingFilter(search="retro"), False),
        (MeetingFilter(status=MeetingStatus.ACTIVE), True),
        (MeetingFilter(status=MeetingStatus.INACTIVE), False),
        (MeetingFilter(from_ms=1000, to_ms=1000), True),
        (MeetingFilter(from_ms=1001), False),
        (MeetingFilter(to_ms=999), False),
    ],
)
def test_a_filter_accepts_what_it_names(wanted: MeetingFilter, accepted: bool) -> None:
    assert wanted.accepts(MEETING) is accepted


def test_a_meeting_without_title_is_found_by_no_title() -> None:
    untitled = Meeting(MeetingId("id"), AppId("app"), MeetingOptions(), 0, 0)
    assert MeetingFilter().accepts(untitled) and not MeetingFilter(search="x").accepts(untitled)


def test_a_change_keeps_the_rest_and_grows_the_version() -> None:
    closed = changed(MEETING, {"status": MeetingStatus.INACTIVE}, 2000)
    assert (closed.options.title, closed.version, closed.updated_at_ms) == ("Straße to Success", 2, 2000)
    assert MEETING.is_open and not closed.is_open


def test_the_time_of_a_change_never_runs_backwards() -> None:
    assert changed(MEETING, {}, 5).updated_at_ms == 1000
