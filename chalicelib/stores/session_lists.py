"""The lists of an app's sessions, and pages of them.

A session that goes on is a small row in its app's list and in its meeting's: what such a list says of it is read from
the session itself, since only that knows. When it ends it moves, in one transaction, to the entries of its lists: all
of the app, those of the meeting, by minutes, and by the beginnings of the words of its title. Nothing of a session that
has ended changes, so the entries hold whole sessions.

    SES#{key} ... SES#~COUNT   SES#~O#{session} ...   SES#~S#{key} ...
    entries, by key   length   sessions that go on    segments (counted_list.py)
"""

from collections.abc import Callable, Iterable, Iterator
from heapq import merge
from itertools import islice

from pynamodb.attributes import UnicodeAttribute

from chalicelib.contract.ids import AppId, NodeId, SessionId, first_uuid7_at, is_uuid
from chalicelib.domain.node import Node
from chalicelib.domain.paging import Page, PageRequest, merged_page, page_of
from chalicelib.domain.search_terms import listed_under, terms_of, words_of
from chalicelib.domain.session import Session, as_of, consumed_ms
from chalicelib.domain.session_filter import MAX_TERMS, SessionFilter, SessionOrder, SessionState
from chalicelib.stores import session_items as items
from chalicelib.stores import table
from chalicelib.stores.counted_list import (
    NEAR,
    Change,
    Place,
    Raw,
    Slice,
    rarest,
    read_entries,
    read_range,
    read_slice,
)
from chalicelib.stores.node_store import NodeItem, node_key, node_of
from chalicelib.stores.session_items import ListedSessionItem, SessionItem

_PREFIX = "SES#"
_AT_ONCE = 50  # sessions of a batch read, each with its owner: 100 keys
_ROOM_FOR_OPEN = 40  # rows of sessions that go on, which a first page expects to find before its entries

Reader = Callable[[int, int], tuple[list[Session], int]]


class OpenSessionItem(table.Item, discriminator="open_session"):
    """``APP#{app}#SES`` and ``APP#{app}#SES#{meeting}`` / ``SES#~O#{session}``: a session that has not ended."""

    session_id = UnicodeAttribute()
    owner_node_id = UnicodeAttribute()


def place_of_all(app_id: AppId) -> Place:
    """Return the list of all sessions of an app."""
    return Place(f"APP#{app_id}#SES", _PREFIX)


def place_of_meeting(app_id: AppId, meeting_id: str) -> Place:
    """Return the list of the sessions of a meeting."""
    return Place(f"APP#{app_id}#SES#{meeting_id}", _PREFIX)


def place_by_minutes(app_id: AppId) -> Place:
    """Return the list of an app's ended sessions by the time of all their participants."""
    return Place(f"APP#{app_id}#SES#MINUTES", _PREFIX)


def place_of_term(app_id: AppId, term: str) -> Place:
    """Return the list of an app's ended sessions whose title has a word that begins so."""
    return Place(f"APP#{app_id}#SES?{term}", _PREFIX)


def add_open(write: table.Transaction, session: Session) -> None:
    """Add to the transaction that makes a session what shows it in lists."""
    for item in _open_items(session):
        write.save(item)


def changes_at_end(ended: Session) -> list[Change]:
    """Return the lists an ended session enters."""
    app_id, minutes = ended.app_id, _minutes_key(ended)
    found_by = [place_of_term(app_id, term) for term in terms_of(ended.meeting_title, MAX_TERMS)]
    places = [place_of_all(app_id), place_of_meeting(app_id, ended.meeting_id), *found_by]
    by_id = [Change(place, ended.session_id, 1) for place in places]
    return [*by_id, Change(place_by_minutes(app_id), minutes, 1)]


def add_ended(write: table.Transaction, ended: Session) -> None:
    """Add to the transaction that ends a session its move from one kind of row to the other."""
    for item in _open_items(ended):
        write.delete(item)
    fields = items.session_fields(ended)
    for change in changes_at_end(ended):
        write.save(ListedSessionItem(change.place.pk, change.place.prefix + change.key, **fields))


def newest_first(app_id: AppId) -> Iterator[Session]:
    """Yield an app's sessions as they are stored, reading only as far as it is iterated."""
    place = place_of_all(app_id)
    going_on = {session.session_id: session for session, _ in _fresh(app_id, _open_rows(place))}
    ended = (_decoded(row) for row in read_entries(place, descending=True))
    only_ended = (session for session in ended if session.session_id not in going_on)
    yield from merge(sorted(going_on.values(), key=_id, reverse=True), only_ended, key=_id, reverse=True)


def page(app_id: AppId, wanted: SessionFilter, request: PageRequest, now_ms: int) -> Page[Session]:
    """Return a page of the sessions a filter accepts, as of now."""
    by_id = is_uuid(wanted.search)
    words = [] if by_id else words_of(wanted.search)
    if wanted.search and not (by_id or words):
        return Page((), 0, 0, 0)
    meeting_id = wanted.meeting_id or (wanted.search if by_id else "")
    home = place_of_meeting(app_id, meeting_id) if meeting_id else place_of_all(app_id)
    counted = wanted.fewest > 0 or wanted.most is not None or (by_id and wanted.search != meeting_id)
    by_time = wanted.order is SessionOrder.CREATED
    if by_time and not (words or counted or wanted.state):
        return _by_time(app_id, home, wanted, request, now_ms)
    extra = [session for session in _as_of_now(app_id, _open_rows(home), now_ms) if wanted.accepts(session)]
    extra.sort(key=_order(wanted, now_ms), reverse=wanted.descending)
    if wanted.state is SessionState.LIVE:
        return page_of(extra, request)
    place = home if meeting_id or not words else _rarest(app_id, words)
    one_list = not counted and not (words and (meeting_id or len(words) > 1 or words[0] != listed_under(words[0])))
    if one_list and (by_time or not (words or meeting_id or _bounds(wanted) != (None, None))):
        place = place if by_time else place_by_minutes(app_id)
        return merged_page(request, extra, _reader(place, wanted), _order(wanted, now_ms), wanted.descending)
    ended = map(_decoded, read_entries(place, descending=True, **_range(wanted)))
    found = {session.session_id: session for session in (*extra, *filter(wanted.accepts, ended))}
    return page_of(sorted(found.values(), key=_order(wanted, now_ms), reverse=wanted.descending), request)


def _by_time(app_id: AppId, home: Place, wanted: SessionFilter, request: PageRequest, now_ms: int) -> Page[Session]:
    """Return a page of a list in its own order: of those that go on only the ones on the page are read."""
    near = request.page_no * request.per_page <= NEAR and wanted.descending and _bounds(wanted) == (None, None)
    rows, read = _head(home, request) if near else (list(_open_rows(home)), _reader(home, wanted))
    low, high = _bounds(wanted)
    within = [row for row in rows if (low or "") <= row.session_id < (high or "~")]
    within.sort(key=_id, reverse=wanted.descending)
    found: Page[Session | OpenSessionItem] = merged_page(request, within, read, _id, wanted.descending)
    going_on = [one for one in found.items if isinstance(one, OpenSessionItem)]
    fresh: dict[str, Session] = {one.session_id: one for one in _as_of_now(app_id, going_on, now_ms)}
    shown = (fresh.get(one.session_id) if isinstance(one, OpenSessionItem) else one for one in found.items)
    return Page(tuple(one for one in shown if one is not None), found.total_count, found.start_offset, found.end_offset)


def _head(home: Place, request: PageRequest) -> tuple[list[OpenSessionItem], Reader]:
    """Read what goes on and the newest entries at once."""
    end, needed = f"{home.prefix}~O#~", request.page_no * request.per_page
    rows = read_range(home, home.prefix, end, descending=True, page_size=needed + 1 + _ROOM_FOR_OPEN)
    going_on: list[OpenSessionItem] = []
    total, entries = 0, list[Session]()
    for row in rows:
        if row["sk"]["S"].startswith(f"{home.prefix}~O#"):
            going_on.append(OpenSessionItem.from_raw_data(row))
        elif "total" in row:
            total = int(row["total"]["N"])
        else:
            entries.append(_decoded(row))
        if len(entries) == needed:
            break
    return going_on, lambda first, count: (entries[first : first + count], total)


def _reader(place: Place, wanted: SessionFilter) -> Reader:
    def read(first: int, count: int) -> tuple[list[Session], int]:
        rows, total = read_slice(place, Slice(first, count, wanted.descending, *_bounds(wanted)))
        return [_decoded(row) for row in rows], total

    return read


def _rarest(app_id: AppId, words: list[str]) -> Place:
    return rarest([place_of_term(app_id, listed_under(word)) for word in dict.fromkeys(words)])


def _open_rows(home: Place) -> Iterator[OpenSessionItem]:
    rows = read_range(home, f"{home.prefix}~O#", f"{home.prefix}~O#~")
    return map(OpenSessionItem.from_raw_data, rows)


def _as_of_now(app_id: AppId, rows: Iterable[OpenSessionItem], now_ms: int) -> list[Session]:
    return [as_of(session, owner, now_ms) for session, owner in _fresh(app_id, rows)]


def _fresh(app_id: AppId, rows: Iterable[OpenSessionItem]) -> Iterator[tuple[Session, Node | None]]:
    """Yield the sessions that rows stand for, each with its owner, read together."""
    iterator = iter(rows)
    while batch := list(islice(iterator, _AT_ONCE)):
        sessions = [items.session_key(app_id, SessionId(row.session_id)) for row in batch]
        owners = {row.session_id: node_key(NodeId(row.owner_node_id)) for row in batch}
        found = table.get_many([*sessions, *dict.fromkeys(owners.values())])
        for key in sessions:
            session = found.get(key)
            if isinstance(session, SessionItem):  # it is gone when its app is being removed
                owner = found.get(owners[session.session_id])
                yield items.session_of(session), node_of(owner) if isinstance(owner, NodeItem) else None


def _open_items(session: Session) -> list[OpenSessionItem]:
    homes = (place_of_all(session.app_id), place_of_meeting(session.app_id, session.meeting_id))
    session_id, owner = session.session_id, session.owner_node_id
    return [
        OpenSessionItem(home.pk, f"{home.prefix}~O#{session_id}", session_id=session_id, owner_node_id=owner)
        for home in homes
    ]


def _decoded(row: Raw) -> Session:
    return items.session_of(ListedSessionItem.from_raw_data(row))


def _id(one: Session | OpenSessionItem) -> str:
    return one.session_id


def _minutes_key(session: Session, now_ms: int = 0) -> str:
    return f"{consumed_ms(session, now_ms):015d}#{session.session_id}"


def _order(wanted: SessionFilter, now_ms: int) -> Callable[[Session], str]:
    return _id if wanted.order is SessionOrder.CREATED else lambda session: _minutes_key(session, now_ms)


def _bounds(wanted: SessionFilter) -> tuple[str | None, str | None]:
    low = None if wanted.from_ms is None else first_uuid7_at(wanted.from_ms)
    high = None if wanted.to_ms is None else first_uuid7_at(wanted.to_ms + 1)
    return low, high


def _range(wanted: SessionFilter) -> dict[str, str | None]:
    low, high = _bounds(wanted)
    return {"low": low, "high": high}
