"""The lists a meeting is in, and pages of them: all meetings of an app, those of one status, those a word finds.

Every list but the first holds copies of whole meetings, so that a page is one request. They are written in the
transaction that writes the meeting: meeting_store.py. How a list counts: counted_list.py.
"""

from collections.abc import Callable, Iterator

from chalicelib.contract.ids import AppId, MeetingId, first_uuid7_at
from chalicelib.domain.meeting import Meeting, MeetingFilter, MeetingStatus
from chalicelib.domain.paging import Page, PageRequest, page_at, page_of
from chalicelib.domain.search_terms import listed_under, terms_of, words_of
from chalicelib.stores.counted_list import Place, Raw, Slice, rarest, read_entries, read_slice

EARLY_TERMS = 25  # three items each when a meeting leaves their lists, and a transaction takes 100
_PREFIX = "MTG#"

Decode = Callable[[Raw], Meeting]


def place_of_all(app_id: AppId) -> Place:
    """Return the list of all meetings of an app; its entries are the meetings themselves."""
    return Place(f"APP#{app_id}#MTG", _PREFIX)


def place_of_participants(app_id: AppId, meeting_id: MeetingId) -> Place:
    """Return the list of a meeting's participants; its entries are the participants themselves."""
    return Place(f"MTG#{app_id}#{meeting_id}", "PART#", shards=8)  # a webinar's may be added by the hundred a second


def place_of_status(app_id: AppId, status: MeetingStatus) -> Place:
    """Return the list of an app's meetings of one status."""
    return Place(f"APP#{app_id}#MTG#{status.value}", _PREFIX)


def place_of_term(app_id: AppId, term: str) -> Place:
    """Return the list of an app's meetings whose title has a word that begins so."""
    return Place(f"APP#{app_id}#MTG?{term}", _PREFIX)


def places_of(meeting: Meeting) -> tuple[Place, ...]:
    """Return the lists that hold a copy of the meeting."""
    terms = terms_of(meeting.options.title or "")
    found_by = (place_of_term(meeting.app_id, term) for term in terms)
    return (place_of_status(meeting.app_id, meeting.options.status), *found_by)


def late_places_of(meeting: Meeting) -> tuple[Place, ...]:
    """Return those of them that the transaction of a meeting has no room for: of a long title's later words."""
    return places_of(meeting)[1 + EARLY_TERMS :]


def copy_key(place: Place, meeting_id: MeetingId) -> tuple[str, str]:
    """Return the key of a meeting's copy in a list."""
    return place.pk, place.prefix + meeting_id


def page(app_id: AppId, wanted: MeetingFilter, request: PageRequest, decode: Decode) -> Page[Meeting]:
    """Return a page of the meetings that a filter accepts; its search is not the id of a meeting."""
    words = words_of(wanted.search)
    if wanted.search and not words:
        return Page((), 0, 0, 0)
    place = _narrowest(app_id, wanted, words)
    counted_as_it_is = not words or (len(words) == 1 and words[0] == listed_under(words[0]) and not wanted.status)
    if not counted_as_it_is:
        return page_of(_entries(place, wanted, decode), request, wanted.accepts)
    offset = (request.page_no - 1) * request.per_page
    low, high = _bounds(wanted)
    rows, total = read_slice(place, Slice(offset, request.per_page, wanted.descending, low, high))
    return page_at(offset, [decode(row) for row in rows], total)


def _narrowest(app_id: AppId, wanted: MeetingFilter, words: list[str]) -> Place:
    if not words:
        return place_of_status(app_id, wanted.status) if wanted.status else place_of_all(app_id)
    return rarest([place_of_term(app_id, listed_under(word)) for word in dict.fromkeys(words)])


def _entries(place: Place, wanted: MeetingFilter, decode: Decode) -> Iterator[Meeting]:
    low, high = _bounds(wanted)
    return map(decode, read_entries(place, descending=wanted.descending, low=low, high=high))


def _bounds(wanted: MeetingFilter) -> tuple[str | None, str | None]:
    """Return the first possible ids of the time range and behind it: a meeting's id holds when it was made."""
    low = None if wanted.from_ms is None else first_uuid7_at(wanted.from_ms)
    high = None if wanted.to_ms is None else first_uuid7_at(wanted.to_ms + 1)
    return low, high
