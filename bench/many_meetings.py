"""Writes an app full of meetings as the control plane would leave them, but in batches: for measuring lists."""

from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any

from chalicelib.contract.ids import AppId, MeetingId, uuid7
from chalicelib.domain.meeting import Meeting, MeetingOptions
from chalicelib.domain.search_terms import terms_of
from chalicelib.stores import table
from chalicelib.stores.counted_list import SEGMENT, ListCountItem, ListSegmentItem, Place
from chalicelib.stores.meeting_lists import copy_key, place_of_all, place_of_status, place_of_term
from chalicelib.stores.meeting_store import ListedMeetingItem, meeting_item

BATCH = 25  # DynamoDB's limit

Raw = dict[str, Any]


class Tally:
    """Counts a list that grows at its end, in the segments that counted_list.py would have cut."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.total = 0
        self.open_from = ""
        self.closed: list[str] = []
        self._keys: list[str] = []  # of the open segment

    def add(self, key: str) -> None:
        """Count one more."""
        if len(self._keys) >= 2 * SEGMENT:
            self.closed.append(self.open_from)
            self._keys = self._keys[SEGMENT:]
            self.open_from = self._keys[0]
        self._keys.append(key)
        self.total += 1

    def items(self) -> Iterator[Raw]:
        """Yield the items that count."""
        count = ListCountItem(
            *self.place.count_key,
            total=self.total,
            open_from=self.open_from or None,
            open_count=len(self._keys),
        )
        yield count.serialize()
        for start in self.closed:
            yield ListSegmentItem(*self.place.segment_key(start), entries=SEGMENT).serialize()


def rows_of(app_id: AppId, count: int, start_ms: int, terms: Collection[str]) -> Iterator[Raw]:
    """Yield `count` meetings called "Meeting 0", "Meeting 1" ..., made one a millisecond, with the lists they are in.

    Of the lists that words find, only those of `terms`: all of them would be a dozen items for every meeting.
    """
    tallies: dict[Place, Tally] = {}
    for number in range(count):
        at = start_ms + number
        meeting_id = MeetingId(uuid7(at, number.to_bytes(10, "big")))
        meeting = Meeting(meeting_id, app_id, MeetingOptions(title=f"Meeting {number}"), at, at)
        row = meeting_item(meeting).serialize()
        yield row
        wanted = [place_of_term(app_id, term) for term in terms_of(f"Meeting {number}") if term in terms]
        for place in (place_of_all(app_id), place_of_status(app_id, meeting.options.status), *wanted):
            tallies.setdefault(place, Tally(place)).add(meeting_id)
            if place != place_of_all(app_id):
                pk, sk = copy_key(place, meeting_id)
                kind = ListedMeetingItem.kind.get_discriminator(ListedMeetingItem)
                yield {**row, "pk": {"S": pk}, "sk": {"S": sk}, "kind": {"S": kind}}
    for tally in tallies.values():
        yield from tally.items()


def write(rows: Iterator[Raw]) -> None:
    """Write items as they are, in batches."""
    client, name = table.connection().client, table.Item.Meta.table_name
    while batch := list(islice(rows, BATCH)):
        left = {name: [{"PutRequest": {"Item": row}} for row in batch]}
        while left:
            left = client.batch_write_item(RequestItems=left).get("UnprocessedItems")
