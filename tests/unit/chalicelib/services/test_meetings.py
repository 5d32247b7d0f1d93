"""Use cases of meetings over fakes."""

import pytest

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AppId
from chalicelib.domain.meeting import Meeting, MeetingOptions, changed
from chalicelib.services.meetings import change_meeting, create_meeting, get_meeting
from tests.fakes.dependencies import fake_dependencies
from tests.fakes.resource_stores import FakeMeetingStore

APP = AppId("01890000-0000-7000-8000-000000000000")


class _ChangedMeanwhile(FakeMeetingStore):
    """Another request changes the title between our look and our write, once."""

    meddled = False

    def replace(self, meeting: Meeting, *, observed: Meeting) -> None:
        if not self.meddled:
            self.meddled = True
            stored = self.get(meeting.app_id, meeting.id)
            assert stored is not None
            super().replace(changed(stored, {"title": "theirs"}, 1), observed=stored)
        super().replace(meeting, observed=observed)


def test_two_changes_at_once_both_survive() -> None:
    deps = fake_dependencies(meetings=_ChangedMeanwhile())
    meeting = create_meeting(deps, APP, MeetingOptions(title="old"))
    change_meeting(deps, APP, meeting.id, {"persist_chat": True})
    options = get_meeting(deps, APP, meeting.id).options
    assert (options.title, options.persist_chat) == ("theirs", True)


@pytest.mark.parametrize("meeting_id", [APP, "x", "", "../.."])
def test_what_is_not_there_is_not_found(meeting_id: str) -> None:
    with pytest.raises(ParleyError) as refused:
        get_meeting(fake_dependencies(), APP, meeting_id)
    assert refused.value.error is ErrorId.MEETING_NOT_FOUND
