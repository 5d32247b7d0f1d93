"""The same tests in DynamoDB and in memory for what sessions leave behind: use by day, and where a peer was."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from chalicelib.contract.ids import AppId, PeerId
from chalicelib.domain.usage import DailyUsage, by_day, day_of
from chalicelib.services.session_end import end_if_over
from chalicelib.services.session_ports import UsageStore
from chalicelib.stores.usage_store import DynamoUsageStore
from tests.fakes.session_stores import FakeSessionStore
from tests.real_stores import real_stores
from tests.session_life import KEEP_ALIVE_S, NODE, Installation, installation

UNKNOWN = "01890000-0000-7000-8000-000000000000"


@dataclass
class Place:
    installation: Installation
    usage: UsageStore

    def of(self, first: date, last: date) -> tuple[DailyUsage, ...]:
        return by_day(first, last, self.usage.parts(self.installation.app.id, first, last))


@pytest.fixture(params=["fake", "dynamodb"])
def place(request: pytest.FixtureRequest) -> Place:
    if request.param == "fake":
        made = installation()
        assert isinstance(made.deps.sessions, FakeSessionStore)
        return Place(made, made.deps.sessions)
    request.getfixturevalue("fresh_table")
    return Place(installation(**real_stores()), DynamoUsageStore())


def a_session_of(place: Installation, seconds: int) -> Callable[[], bool]:
    """Let one peer be in a session of its own for so long; the session is over, and ended by the call returned."""
    admission = place.join(place.token(place.meeting()))
    place.pass_time(seconds, NODE)
    place.leave(admission, 1)
    place.pass_time(KEEP_ALIVE_S, NODE)
    return lambda: end_if_over(place.deps, admission.app_id, admission.session_id)


def test_a_session_counts_once_on_the_day_it_ended(place: Place) -> None:
    made = place.installation
    made.node()
    today = day_of(made.clock.ms)
    end = a_session_of(made, 30)
    assert place.of(today, today) == (DailyUsage(today),)
    assert end() and end()
    assert place.of(today, today) == (DailyUsage(today, 1, 30_000),)
    assert a_session_of(made, 12)()
    assert place.of(today, today) == (DailyUsage(today, 2, 42_000),)
    day = timedelta(days=1)
    assert place.of(today - day, today + day) == (
        DailyUsage(today - day),
        DailyUsage(today, 2, 42_000),
        DailyUsage(today + day),
    )
    assert list(place.usage.parts(AppId(UNKNOWN), today, today)) == []


def test_a_peer_leads_to_its_session_also_after_it_left(place: Place) -> None:
    made = place.installation
    made.node()
    meeting = made.meeting()
    first, second = made.join(made.token(meeting, "ada")), made.join(made.token(meeting, "bob"))
    made.leave(second, 1)
    for admission in (first, second):
        assert made.deps.sessions.session_of_peer(made.app.id, admission.peer_id) == first.session_id
    assert made.deps.sessions.session_of_peer(made.app.id, PeerId(UNKNOWN)) is None
    assert made.deps.sessions.session_of_peer(AppId(UNKNOWN), first.peer_id) is None
