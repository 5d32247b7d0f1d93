"""The stage over fakes: asking, being granted, and what may be published then."""

import dataclasses
from collections.abc import Callable

import pytest

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.grants import Source
from chalicelib.contract.node_messages import Admission
from chalicelib.services import stage
from chalicelib.services.participants import Home
from tests.fakes.fleet import FakeFleet
from tests.session_life import installation
from tests.unit.chalicelib.services.test_waiting_room import waits


class Show:
    """A webinar with a presenter and a viewer."""

    def __init__(self) -> None:
        self.place = installation()
        self.fleet = FakeFleet(self.place.clock, self.place.deps.signer.signing_key)
        self.deps = self.place.deps = dataclasses.replace(self.place.deps, node_post=self.fleet)
        self.place.node()
        self.meeting = self.place.meeting()
        self.ada = self.join("ada", "webinar_presenter")
        self.bob = self.join("bob", "webinar_viewer")

    @property
    def home(self) -> Home:
        return self.place.home(self.meeting)

    def join(self, identity: str, preset: str) -> Admission:
        admission = self.place.join(self.place.token(self.meeting, identity, preset=preset))
        self.fleet.enter(admission)
        return admission

    def asking(self) -> list[str]:
        return [each.identity for each in stage.list_requests(self.deps, self.home)]


@pytest.fixture
def show() -> Show:
    return Show()


def refused(action: Callable[[], object]) -> ErrorId:
    with pytest.raises(ParleyError) as refusal:
        action()
    return refusal.value.error


def test_who_is_granted_the_stage_may_publish_until_it_leaves(show: Show) -> None:
    bob = show.bob.participant_id
    assert show.bob.grants.publish_sources == ()
    stage.request_stage(show.deps, show.home, bob)
    assert stage.request_stage(show.deps, show.home, bob).identity == "bob"
    assert show.asking() == ["bob"]
    assert set(stage.grant(show.deps, show.home, bob).grants.publish_sources) == set(Source)
    assert show.asking() == []
    assert stage.leave(show.deps, show.home, bob).grants.publish_sources == ()


def test_a_denied_request_is_gone(show: Show) -> None:
    stage.request_stage(show.deps, show.home, show.bob.participant_id)
    stage.deny(show.deps, show.home, show.bob.participant_id)
    assert show.asking() == []


def test_a_presenter_steps_on_and_off_and_a_viewer_does_not(show: Show) -> None:
    ada = show.ada.participant_id
    assert stage.leave(show.deps, show.home, ada).grants.publish_sources == ()
    assert stage.join(show.deps, show.home, ada).grants.publish_sources
    assert refused(lambda: stage.join(show.deps, show.home, show.bob.participant_id)) is ErrorId.NOT_ALLOWED


def test_without_a_stage_nobody_asks(show: Show) -> None:
    eve = show.join("eve", "group_call_participant")
    ask = lambda: stage.request_stage(show.deps, show.home, eve.participant_id)  # noqa: E731
    assert refused(ask) is ErrorId.NOT_ALLOWED
    assert refused(lambda: stage.grant(show.deps, show.home, eve.participant_id)) is ErrorId.NOT_ALLOWED
    unknown = "01890000-0000-7000-8000-000000000000"
    assert refused(lambda: stage.request_stage(show.deps, show.home, unknown)) is ErrorId.PARTICIPANT_NOT_FOUND


def test_off_stage_nothing_is_published_whatever_may_be_produced(show: Show) -> None:
    waits(show.place, "group_call_participant", "SKIP", stage_enabled=True, stage_access="CAN_REQUEST")
    eve = show.join("eve", "group_call_participant")
    assert eve.grants.publish_sources == ()
    assert set(stage.grant(show.deps, show.home, eve.participant_id).grants.publish_sources) == set(Source)
