"""Use cases of participants over fakes: repeating an add, races, revoking."""

import dataclasses
from typing import Any

import pytest

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AccountId
from chalicelib.domain.meeting import MeetingOptions
from chalicelib.domain.participant import Participant
from chalicelib.services import participants
from chalicelib.services.apps import create_app
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.meetings import create_meeting
from chalicelib.services.participants import Home
from chalicelib.services.ports import ConditionFailed, Contention
from tests.fakes.clock import FakeClock
from tests.fakes.dependencies import fake_dependencies
from tests.fakes.resource_stores import FakeParticipantStore

ACCOUNT = AccountId("a" * 32)
UNKNOWN = "01890000-0000-7000-8000-000000000000"


def a_home(deps: Dependencies) -> Home:
    app = create_app(deps, ACCOUNT, "dev").app
    return Home(ACCOUNT, app.id, create_meeting(deps, app.id, MeetingOptions()).id)


def add(deps: Dependencies, home: Home, custom_id: str = "ada", **profile: Any) -> Participant:
    return participants.add_participant(deps, home, custom_id, "group_call_host", profile)


def test_a_repeated_add_gives_the_same_participant() -> None:
    clock = FakeClock()
    deps = fake_dependencies(clock)
    home = a_home(deps)
    first = add(deps, home, name="Ada")
    clock.advance(1000)
    again = add(deps, home)
    assert again.id == first.id and again.name == "Ada"
    assert (again.created_at_ms, again.updated_at_ms) == (first.created_at_ms, first.updated_at_ms + 1000)


class _LosesFirst(FakeParticipantStore):
    """Somebody else adds the same custom id between our look and our write; before that the table is busy."""

    def __init__(self) -> None:
        super().__init__()
        self.troubles: list[Exception] = [Contention(), ConditionFailed()]

    def add(self, participant: Participant) -> None:
        if self.troubles:
            trouble = self.troubles.pop(0)
            if isinstance(trouble, ConditionFailed):
                super().add(dataclasses.replace(participant, name="the winner", custom_participant_id="ada"))
            raise trouble
        super().add(participant)


def test_the_loser_of_a_race_to_add_updates_the_winners_participant() -> None:
    deps = fake_dependencies(participants=_LosesFirst())
    home = a_home(deps)
    added = add(deps, home, picture="https://example.org/a.png")
    assert (added.name, added.picture, added.version) == ("the winner", "https://example.org/a.png", 2)


class _AlwaysBusy(FakeParticipantStore):
    def add(self, participant: Participant) -> None:
        raise Contention


def test_endless_contention_ends_as_busy() -> None:
    deps = fake_dependencies(participants=_AlwaysBusy())
    with pytest.raises(ParleyError) as refused:
        add(deps, a_home(deps))
    assert refused.value.error is ErrorId.BUSY


def test_each_token_is_another_one_of_the_asked_lifetime() -> None:
    deps = fake_dependencies()
    home = a_home(deps)
    ada = add(deps, home)
    first, second = (participants.issue_token(deps, ACCOUNT, ada, 60) for _ in range(2))
    assert first.text != second.text and first.expires_at_ms == deps.now_ms() // 1000 * 1000 + 60_000
    assert first.text not in repr(first)
    whole_day = participants.issue_token(deps, ACCOUNT, ada)
    assert whole_day.expires_at_ms - first.expires_at_ms == (86_400 - 60) * 1000


def test_revoking_raises_the_generation_that_new_tokens_carry() -> None:
    deps = fake_dependencies()
    home = a_home(deps)
    revoked = participants.revoke_tokens(deps, home, add(deps, home).id)
    token = participants.issue_token(deps, ACCOUNT, revoked)
    assert deps.signer.verify_participant(token.text, deps.now_ms()).generation == 2
    assert add(deps, home).token_generation == 2


@pytest.mark.parametrize("participant_id", [UNKNOWN, "ada", ""])
def test_an_unknown_participant_is_told_from_an_unknown_meeting(participant_id: str) -> None:
    deps = fake_dependencies()
    home = a_home(deps)
    with pytest.raises(ParleyError) as refused:
        participants.get_participant(deps, home, participant_id)
    assert refused.value.error is ErrorId.PARTICIPANT_NOT_FOUND
    with pytest.raises(ParleyError) as refused:
        participants.get_participant(deps, Home(ACCOUNT, home.app_id, UNKNOWN), participant_id)
    assert refused.value.error is ErrorId.MEETING_NOT_FOUND


def test_a_change_to_an_unknown_preset_changes_nothing() -> None:
    deps = fake_dependencies()
    home = a_home(deps)
    ada = add(deps, home)
    with pytest.raises(ParleyError) as refused:
        participants.change_participant(deps, home, ada.id, {"preset_name": "emperor", "name": "Eve"})
    assert (refused.value.error, refused.value.pointer) == (ErrorId.UNKNOWN_PRESET, "/preset_name")
    assert participants.get_participant(deps, home, ada.id) == ada
