"""Lists of sessions: the same answers from DynamoDB's indexes and from a fake that looks at every session."""

import random

import pytest

from chalicelib.domain.paging import PageRequest
from chalicelib.domain.session import SessionStatus
from chalicelib.domain.session_filter import SessionFilter, SessionOrder, SessionState
from chalicelib.services.session_end import end_if_over
from chalicelib.services.session_ports import SessionStore
from chalicelib.stores import counted_list, session_lists
from chalicelib.stores.session_store import DynamoSessionStore
from tests.fakes.clock import START_MS
from tests.real_stores import real_stores
from tests.session_life import NODE, OTHER, Installation, installation

TITLES = ["Weekly stand-up", "Standing team", "teams 42", "", "internationalisation"]


@pytest.fixture
def place(fresh_table: str, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.setattr(counted_list, "SEGMENT", 4)
    monkeypatch.setattr(session_lists, "NEAR", 6)
    monkeypatch.setattr(session_lists, "_ROOM_FOR_OPEN", 2)
    return installation(**real_stores())


class Everything:
    """What a page should be: every session is looked at."""

    def __init__(self, place: Installation) -> None:
        self._sessions = list(place.deps.sessions.newest_first(place.app.id))
        self._place = place

    def page(self, wanted: SessionFilter, request: PageRequest) -> list[str]:
        nodes = self._place.deps.nodes
        shown = [session_lists.as_of(one, nodes.get(one.owner_node_id), self._place.clock.ms) for one in self._sessions]
        if wanted.order is SessionOrder.MINUTES:
            now_ms = self._place.clock.ms
            shown.sort(
                key=lambda one: (session_lists.consumed_ms(one, now_ms), one.session_id), reverse=wanted.descending
            )
        elif not wanted.descending:
            shown.reverse()
        found = [one for one in shown if wanted.accepts(one)]
        first = (request.page_no - 1) * request.per_page
        return [str(len(found)), *(one.session_id for one in found[first : first + request.per_page])]


def answer(sessions: SessionStore, place: Installation, wanted: SessionFilter, request: PageRequest) -> list[str]:
    page = sessions.page(place.app.id, wanted, request, place.clock.ms)
    return [str(page.total_count), *(one.session_id for one in page.items)]


def live_for_a_while(place: Installation, rounds: int) -> list[str]:
    chance = random.Random(3)
    place.node(NODE)
    place.node(OTHER)
    meetings = [place.meeting(title, keep_alive_s=5) for title in TITLES * 2]
    seqs: dict[str, int] = {}
    for _ in range(rounds):
        meeting = chance.choice(meetings)
        admission = place.answer(place.token(meeting), None, chance.choice((NODE, OTHER))).admission
        if admission is not None and chance.random() < 0.8:
            place.pass_time(chance.randrange(1, 4), NODE, OTHER)
            owner = place.session(admission).owner_node_id
            seqs[admission.session_id] = seqs.get(admission.session_id, 0) + 1
            place.leave(admission, seqs[admission.session_id], node_id=owner)
            place.pass_time(6, NODE, OTHER)
            if chance.random() < 0.8:
                end_if_over(place.deps, place.app.id, admission.session_id)
    return [meeting.id for meeting in meetings]


def test_every_filter_page_and_order_answers_as_if_every_session_was_looked_at(place: Installation) -> None:
    meetings = live_for_a_while(place, 40)
    everything, sessions = Everything(place), DynamoSessionStore()
    assert {one.status for one in everything._sessions} == {SessionStatus.ACTIVE, SessionStatus.ENDED}
    searches = ["", "stand", "team", "team sta", "zz", "--", "internationalis", "internationalise", meetings[0]]
    for request in (PageRequest(1, 5), PageRequest(2, 4), PageRequest(4, 3), PageRequest(1, 100), PageRequest(40, 10)):
        for order in SessionOrder:
            for descending in (True, False):
                for limits in (
                    *({"search": search} for search in searches),
                    *({"state": state} for state in SessionState),
                    {"state": SessionState.ENDED, "search": "stand"},
                    {"meeting_id": meetings[1]},
                    {"meeting_id": meetings[1], "search": "stand"},
                    {"from_ms": START_MS + 20_000, "to_ms": START_MS + 120_000},
                    {"fewest": 1, "most": 1},
                ):
                    wanted = SessionFilter(order=order, descending=descending, **limits)  # type: ignore[arg-type]
                    expected = everything.page(wanted, request)
                    assert answer(sessions, place, wanted, request) == expected, (wanted, request)


def test_another_app_sees_none_of_them(place: Installation) -> None:
    place.node()
    place.join(place.token(place.meeting()))
    other = type(place.app.id)("0190f8f0-0000-7000-8000-000000000002")
    assert place.deps.sessions.page(other, SessionFilter(), PageRequest(), place.clock.ms).total_count == 0
