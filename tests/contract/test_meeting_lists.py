"""Lists of meetings: the same answers from DynamoDB's indexes and from a fake that looks at every meeting."""

import dataclasses
import random

import pytest

from chalicelib.contract.ids import AppId, MeetingId, uuid7
from chalicelib.domain.meeting import Meeting, MeetingFilter, MeetingOptions, MeetingStatus, changed
from chalicelib.domain.paging import PageRequest
from chalicelib.domain.search_terms import MAX_TERMS, terms_of
from chalicelib.services.ports import ConditionFailed, MeetingStore
from chalicelib.stores import counted_list
from chalicelib.stores.meeting_store import DynamoMeetingStore
from tests.fakes.clock import START_MS, FakeEntropy
from tests.fakes.resource_stores import FakeMeetingStore

WORDS = ["Weekly", "stand-up", "Team", "teams", "Standing", "Ünïcode", "42", "4242", "internationalisation", ""]
SEARCHES = [
    "",
    "stand",
    "STAND",
    "team",
    "t",
    "week tea",
    "4",
    "42",
    "internationalise",
    "internationalisa",
    "zz",
    "-!",
    "ü",
]
LONG = " ".join(f"{letter * 9}{number}" for number, letter in enumerate("abcdefghijkl"))
MIXED = " ".join([*LONG.split()[4:6], "weekly", *LONG.split()[:2], "xylophone", "zzzz"])
LONG_TOO = " ".join(f"{letter * 9}{number}" for number, letter in enumerate("nopqrstuvwxyz"))
APP = AppId("0190f8f0-0000-7000-8000-000000000001")
entropy = FakeEntropy()


def a_meeting(offset_ms: int, title: str | None, status: MeetingStatus = MeetingStatus.ACTIVE) -> Meeting:
    at = START_MS + offset_ms
    return Meeting(MeetingId(uuid7(at, entropy(10))), APP, MeetingOptions(title=title, status=status), at, at)


@pytest.fixture
def real(fresh_table: str, monkeypatch: pytest.MonkeyPatch) -> MeetingStore:
    monkeypatch.setattr(counted_list, "SEGMENT", 8)
    monkeypatch.setattr(counted_list, "NEAR", 6)
    return DynamoMeetingStore()


def live_for_a_while(stores: list[MeetingStore], chance: random.Random, steps: int) -> list[Meeting]:
    present: list[Meeting] = []
    for step in range(steps):
        title = " ".join(chance.choices(WORDS, k=3)).strip() or None
        deed = chance.random()
        if present and deed < 0.25:
            old = present.pop(chance.randrange(len(present)))
            new = changed(old, {"title": title, "status": chance.choice(list(MeetingStatus))}, START_MS + step)
            for store in stores:
                store.replace(new, observed=old)
            present.append(new)
        elif present and deed < 0.4:
            gone = present.pop(chance.randrange(len(present)))
            for store in stores:
                store.delete(gone)
        else:
            made = a_meeting(step * 10, title, chance.choice(list(MeetingStatus)))
            for store in stores:
                store.add(made)
            present.append(made)
    return present


def filters() -> list[MeetingFilter]:
    return [
        MeetingFilter(search, status, low, high, descending)
        for search in SEARCHES
        for status in (None, MeetingStatus.INACTIVE)
        for low, high in ((None, None), (START_MS + 50, START_MS + 400))
        for descending in (True, False)
    ]


def test_every_filter_page_and_order_answers_as_if_every_meeting_was_looked_at(real: MeetingStore) -> None:
    fake = FakeMeetingStore()
    present = live_for_a_while([real, fake], random.Random(7), 70)
    assert len(present) > 20
    for wanted in filters():
        for request in (PageRequest(1, 5), PageRequest(3, 4), PageRequest(1, 100), PageRequest(50, 10)):
            assert real.page(APP, wanted, request) == fake.page(APP, wanted, request), (wanted, request)
    other = AppId("0190f8f0-0000-7000-8000-000000000002")
    assert real.page(other, MeetingFilter(search="team"), PageRequest()).total_count == 0


def test_an_id_finds_its_meeting_and_only_under_its_app(real: MeetingStore) -> None:
    meeting = a_meeting(0, "one")
    real.add(meeting)
    assert real.page(APP, MeetingFilter(search=meeting.id), PageRequest()).items == (meeting,)
    assert real.page(AppId(uuid7(0, b"0" * 10)), MeetingFilter(search=meeting.id), PageRequest()).items == ()


@pytest.mark.parametrize(
    "titles", [(LONG, LONG_TOO), (LONG, None), (None, LONG), (LONG, LONG), (LONG, MIXED), (MIXED, LONG)]
)
def test_a_title_of_many_words_is_changed_in_every_list(
    real: MeetingStore, titles: tuple[str | None, str | None]
) -> None:
    before, after = titles
    fake = FakeMeetingStore()
    old = a_meeting(0, before)
    new = changed(old, {"title": after}, START_MS + 1)
    assert len(terms_of(LONG)) == MAX_TERMS
    for store in (real, fake):
        store.add(old)
        store.replace(new, observed=old)
    assert real.get(APP, old.id) == new
    for search in ("", "aaa", "nnnnnnnnn0", "bbbb aaa", "eeee", "hhh", "llll", "ggg aaa", "xyl", "weekl"):
        wanted = MeetingFilter(search=search)
        assert real.page(APP, wanted, PageRequest()) == fake.page(APP, wanted, PageRequest()), search
    real.delete(new)
    for term in (*terms_of(LONG), *terms_of(LONG_TOO), *terms_of(MIXED)):
        assert real.page(APP, MeetingFilter(search=term), PageRequest()).total_count == 0


def test_a_meeting_leaves_full_lists_in_one_transaction(real: MeetingStore) -> None:
    title = " ".join(f"{letter}bcdefgh" for letter in "klm")
    meetings = [a_meeting(offset, title) for offset in range(20)]  # segments of 8: the first ones are closed
    for meeting in meetings:
        real.add(meeting)
    real.delete(meetings[0])
    real.replace(changed(meetings[1], {"title": LONG}, START_MS), observed=meetings[1])
    assert real.page(APP, MeetingFilter(search="kbcd"), PageRequest()).total_count == 18
    assert real.page(APP, MeetingFilter(search="gggg"), PageRequest()).total_count == 1


def test_a_writer_that_comes_late_leaves_every_list_as_it_was(real: MeetingStore) -> None:
    meeting = a_meeting(0, "first")
    real.add(meeting)
    real.replace(changed(meeting, {"title": "second"}, START_MS), observed=meeting)
    for late in (
        lambda: real.replace(changed(meeting, {"title": "third"}, START_MS), observed=meeting),
        lambda: real.delete(meeting),
        lambda: real.add(dataclasses.replace(meeting)),
    ):
        with pytest.raises(ConditionFailed):
            late()
    counts = {word: real.page(APP, MeetingFilter(search=word), PageRequest()).total_count for word in WORDS[:3]}
    found = {
        word: real.page(APP, MeetingFilter(search=word), PageRequest()).total_count for word in ("first", "second")
    }
    assert (found, set(counts.values())) == ({"first": 0, "second": 1}, {0})
