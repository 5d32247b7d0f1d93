"""Lists that know their length: any page of one costs the same, however long the list is.

A list is the items of a partition whose sort keys share a prefix, which may stand beside other items. Two more kinds
of item keep count, written in the transactions that add and remove entries:

* ``{prefix}~COUNT``: how many entries there are, and how many of them are in the open segment, the last one.
* ``{prefix}~S#{start}``: how many are in a closed segment, one that begins at the key `start`.

"~" sorts behind every key, so reading backwards gives the count and then the newest entries: one request.
A page far from there takes two: the counts of all segments (one for about 256 entries), then the entries.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.domain.list_positions import Segment, entries_before, holding, reading_of
from chalicelib.services.ports import ConditionFailed, Contention, Key
from chalicelib.stores import table

SEGMENT = 256  # entries of a closed segment when it is cut off; an open one has up to twice as many
NEAR = 250  # entries from the newest that are simply read through
_INFORMED = 4  # segments that one transaction may cut off: many lists may be full at the same moment
_TRIES = 4

Raw = dict[str, Any]


class ListCountItem(table.Item, discriminator="list_count"):
    """How long a list is. `open_from` is absent while there is one segment only."""

    total = NumberAttribute()
    open_from = UnicodeAttribute(null=True)
    open_count = NumberAttribute()


class ListSegmentItem(table.Item, discriminator="list_segment"):
    """How many entries a closed segment of a list has."""

    entries = NumberAttribute()


@dataclass(frozen=True, slots=True)
class Place:
    """A list: the entries of partition `pk` whose sort key is `prefix` and then the entry's own key.

    With several `shards` so many items count, each a part of the entries. Writers that come together then rarely meet
    at one; such a list has no segments, so a page far away is read through.
    """

    pk: str
    prefix: str
    shards: int = 1

    @property
    def count_key(self) -> Key:
        """Key of the item that counts, or the beginning of several."""
        return self.pk, f"{self.prefix}~COUNT"

    @property
    def count_keys(self) -> tuple[Key, ...]:
        """Keys of the items that count."""
        if self.shards == 1:
            return (self.count_key,)
        return tuple((self.pk, f"{self.count_key[1]}#{shard}") for shard in range(self.shards))

    def counted_at(self, key: str) -> Key:
        """Key of the item that counts the entry with this key, which ends in two random hex digits if shards do."""
        return self.count_keys[int(key[-2:], 16) % self.shards] if self.shards > 1 else self.count_key

    def segment_key(self, start: str) -> Key:
        """Key of the item that counts one closed segment."""
        return self.pk, f"{self.prefix}~S#{start}"


@dataclass(frozen=True, slots=True)
class Directory:
    """The segments of a list as they were read; the last one is open."""

    segments: tuple[Segment, ...] = (Segment("", 0),)

    @property
    def total(self) -> int:
        """Length of the list."""
        return sum(segment.count for segment in self.segments)


@dataclass(frozen=True, slots=True)
class Change:
    """An entry that comes (`by` 1) or goes (`by` -1)."""

    place: Place
    key: str
    by: int


@dataclass(frozen=True, slots=True)
class Slice:
    """Entries of a list: `limit` of them at `offset`, among the keys low <= key < high (None: no bound)."""

    offset: int
    limit: int
    descending: bool = True
    low: str | None = None
    high: str | None = None


def write_counted(changes: Iterable[Change], fill: Callable[[table.Transaction], None]) -> None:
    """Write what `fill` adds to a transaction together with the counts that `changes` alter, or nothing.

    `fill` is called again when a count was not as guessed. Raises ConditionFailed, Contention or StoreUnavailable.
    """
    wanted = list(changes)
    known: dict[Place, Directory | None] = {}
    for _ in range(_TRIES):
        try:
            with table.transaction() as write:
                fill(write)
                for change in wanted:
                    _count(write, change, known)
            return
        except ConditionFailed as failed:
            counting = {change.place.counted_at(change.key): change.place for change in wanted}
            segment_prefixes = tuple(f"{place.prefix}~S#" for place in counting.values())
            late = [counting[key] for key in failed.keys if key in counting]
            foreign = [key for key in failed.keys if key not in counting and not key[1].startswith(segment_prefixes)]
            if foreign or not failed.keys:
                raise
            _look(late or list(known), known)
    raise Contention("the counts of a list keep changing")


def _look(late: list[Place], known: dict[Place, Directory | None]) -> None:
    informed = 0
    for place in late:
        if place in known or informed < _INFORMED:
            known[place] = directory(place)
            informed += 1
        else:
            known[place] = None  # its open segment may grow beyond its limit until the next time


def _count(write: table.Transaction, change: Change, known: dict[Place, Directory | None]) -> None:
    """Add the change of one list's counts: as guessed, or as the directory that was read says."""
    found = known.get(change.place)
    item = ListCountItem(*change.place.counted_at(change.key))
    total = ListCountItem.total.add(change.by)
    grow: list[Action] = [ListCountItem.kind.set(ListCountItem), total, ListCountItem.open_count.add(change.by)]
    if change.place.shards > 1:
        write.update(item, grow)
        return
    if found is None:
        # The usual guess: the entry belongs to the open segment, and there is room in it.
        guess: Condition = ListCountItem.open_from.does_not_exist() | (ListCountItem.open_from <= change.key)
        if change.by > 0 and change.place not in known:
            room = ListCountItem.open_count.does_not_exist() | (ListCountItem.open_count < 2 * SEGMENT)
            guess = guess & room
        write.update(item, grow, condition=guess)
        return
    index = holding(found.segments, change.key)
    last = len(found.segments) - 1
    segment = found.segments[index]
    cut = _median(change.place, segment) if change.by > 0 and segment.count >= 2 * SEGMENT else None
    actions: list[Action] = [ListCountItem.kind.set(ListCountItem), total]
    condition = _asread_range(found)
    if index < last:
        _closed_segment(write, change, segment, cut)
    elif cut is None:
        actions.append(ListCountItem.open_count.add(change.by))
    else:
        rest = _cut_off(write, change, segment, cut)
        actions += [ListCountItem.open_from.set(cut), ListCountItem.open_count.set(rest)]
        condition = condition & (ListCountItem.open_count == segment.count)
    write.update(item, actions, condition=condition)


def _asread_range(found: Directory) -> Condition:
    open_from = found.segments[-1].start
    same: Condition = ListCountItem.open_from == open_from if open_from else ListCountItem.open_from.does_not_exist()
    return same


def _cut_off(write: table.Transaction, change: Change, segment: Segment, cut: str) -> int:
    """Close the open segment's lower part; return how many entries stay open."""
    below = SEGMENT + (change.by if change.key < cut else 0)
    write.save(ListSegmentItem(*change.place.segment_key(segment.start), entries=below))
    return segment.count + change.by - below


def _closed_segment(write: table.Transaction, change: Change, segment: Segment, cut: str | None) -> None:
    item = ListSegmentItem(*change.place.segment_key(segment.start))
    if cut is None:
        write.update(item, [ListSegmentItem.entries.add(change.by)], condition=ListSegmentItem.pk.exists())
        return
    below = SEGMENT + (change.by if change.key < cut else 0)
    rest = segment.count + change.by - below
    write.update(item, [ListSegmentItem.entries.set(below)], condition=ListSegmentItem.entries == segment.count)
    write.save(ListSegmentItem(*change.place.segment_key(cut), entries=rest))


def _median(place: Place, segment: Segment) -> str | None:
    """Return the key of the entry at position SEGMENT of a segment: where it is cut in two."""
    keys = read_range(place, place.prefix + segment.start, f"{place.prefix}~", limit=SEGMENT + 1, only_keys=True)
    rows = list(keys)
    return str(rows[-1]["sk"]["S"]).removeprefix(place.prefix) if len(rows) > SEGMENT else None


def directory(place: Place) -> Directory:
    """Read the counts of all segments, in one request for 100,000 entries and more."""
    rows = list(read_range(place, place.count_key[1], f"{place.prefix}~S#~"))
    if not rows or "total" not in rows[0]:
        return Directory()
    if place.shards > 1:
        return Directory((Segment("", sum(int(row["total"]["N"]) for row in rows)),))
    head, marker = rows[0], f"{place.prefix}~S#"
    closed = [row for row in rows if str(row["sk"]["S"]).startswith(marker)]  # others may stand between
    ones = [Segment(str(row["sk"]["S"]).removeprefix(marker), int(row["entries"]["N"])) for row in closed]
    open_from = head.get("open_from", {}).get("S", "")
    return Directory((*ones, Segment(open_from, int(head["open_count"]["N"]))))


def read_slice(place: Place, wanted: Slice) -> tuple[list[Raw], int]:
    """Return entries as DynamoDB gives them, in the order asked for, and how many there are between the bounds."""
    bounded = wanted.low is not None or wanted.high is not None
    if wanted.descending and not bounded and wanted.offset + wanted.limit <= NEAR:
        return _newest(place, wanted)
    segments = directory(place).segments
    low = 0 if wanted.low is None else _position(place, segments, wanted.low)
    total = entries_before(segments, len(segments))
    high = total if wanted.high is None else _position(place, segments, wanted.high)
    reading = reading_of(segments, low, high, offset=wanted.offset, limit=wanted.limit, descending=wanted.descending)
    if reading is None:
        return [], max(0, high - low)
    start, end = place.prefix + reading.start, f"{place.prefix}~"
    rows = list(read_range(place, start, end, limit=reading.skip + reading.take))[reading.skip :]
    return rows[::-1] if wanted.descending else rows, max(0, high - low)


def _newest(place: Place, wanted: Slice) -> tuple[list[Raw], int]:
    limit, end = wanted.offset + wanted.limit, place.count_keys[-1][1]
    newest = list(read_range(place, place.prefix, end, limit=limit + place.shards, descending=True))
    counts = [int(row["total"]["N"]) for row in newest if "total" in row]
    entries = newest[len(counts) :][wanted.offset : limit]
    return (entries, sum(counts)) if counts else ([], 0)


def read_entries(place: Place, *, descending: bool, low: str | None = None, high: str | None = None) -> Iterator[Raw]:
    """Yield every entry between the bounds, reading only as far as it is iterated."""
    start = place.prefix + (low or "")
    end = place.prefix + ("~" if high is None else high)
    for row in read_range(place, start, end, descending=descending):
        if row["sk"]["S"] != end:
            yield row


def rarest(places: list[Place]) -> Place:
    """Return the shortest of several lists."""
    if len(places) == 1:
        return places[0]
    counts = table.get_many(list(dict.fromkeys(place.count_key for place in places[:100])))

    def length(place: Place) -> float:
        item = counts.get(place.count_key)
        return item.total if isinstance(item, ListCountItem) else 0

    return min(places, key=length)


def _position(place: Place, segments: tuple[Segment, ...], key: str) -> int:
    """Return how many entries have a smaller key than `key`."""
    index = holding(segments, key)
    before = entries_before(segments, index)
    start, end = place.prefix + segments[index].start, place.prefix + key
    rows = read_range(place, start, end, only_keys=True)
    return before + len([row for row in rows if row["sk"]["S"] != end])


def read_range(
    place: Place,
    start: str,
    end: str,
    *,
    limit: int | None = None,
    descending: bool = False,
    only_keys: bool = False,
    page_size: int | None = None,
) -> Iterator[Raw]:
    """Yield raw items of the list's partition with start <= sk <= end, at most `limit`. Consistent.

    A request asks for `page_size` items, or for all that are left; there is another one only if it is iterated so far.
    """
    if start > end:
        return
    last: Raw | None = None
    left = limit
    while True:
        with table.translated():
            answer = table.Item._get_connection().query(
                place.pk,
                table.Item.sk.between(start, end),
                exclusive_start_key=last,
                limit=left if page_size is None else page_size,
                consistent_read=True,
                scan_index_forward=not descending,
                attributes_to_get=["sk"] if only_keys else None,
            )
        yield from answer["Items"]
        last = answer.get("LastEvaluatedKey")
        left = None if left is None else left - len(answer["Items"])
        if last is None or left == 0:
            return
