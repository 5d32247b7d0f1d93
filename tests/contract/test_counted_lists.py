"""Counted lists against a plain sorted list: whatever is added and removed, every page and total is the same."""

import random
import threading

import pytest

from chalicelib.domain.list_positions import Segment
from chalicelib.services.ports import ConditionFailed, Contention
from chalicelib.stores import counted_list, table
from chalicelib.stores.counted_list import Change, Place, Slice, directory, read_slice, write_counted


class Pebble(table.Item, discriminator="test_pebble"):
    """An entry."""


PLACE = Place("p", "E#")


def add(key: str) -> None:
    write_counted(
        [Change(PLACE, key, 1)],
        lambda write: write.save(Pebble("p", f"E#{key}"), condition=Pebble.pk.does_not_exist()),
    )


def remove(key: str) -> None:
    write_counted(
        [Change(PLACE, key, -1)], lambda write: write.delete(Pebble("p", f"E#{key}"), condition=Pebble.pk.exists())
    )


def keys(**wanted: object) -> tuple[list[str], int]:
    rows, total = read_slice(PLACE, Slice(**wanted))  # type: ignore[arg-type]
    return [row["sk"]["S"].removeprefix("E#") for row in rows], total


@pytest.fixture(autouse=True)
def small_segments(fresh_table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counted_list, "SEGMENT", 4)
    monkeypatch.setattr(counted_list, "NEAR", 5)


def check(model: set[str]) -> None:
    ordered = sorted(model)
    for descending in (True, False):
        shown = ordered[::-1] if descending else ordered
        for offset, limit in ((0, 3), (2, 7), (11, 5), (0, 1000), (len(ordered) - 1, 2), (len(ordered), 3)):
            offset = max(0, offset)
            found = keys(offset=offset, limit=limit, descending=descending)
            assert found == (shown[offset : offset + limit], len(ordered))
    low, high = "300", "700"
    between = [key for key in ordered if low <= key < high]
    assert keys(offset=1, limit=4, low=low, high=high) == (between[::-1][1:5], len(between))
    assert keys(offset=0, limit=4, low=low) == (
        [key for key in ordered if key >= low][::-1][:4],
        sum(key >= low for key in ordered),
    )


def test_an_empty_list_has_no_entries_in_any_order() -> None:
    check(set())


def test_a_list_that_grows_at_its_end_is_cut_into_equal_segments() -> None:
    for number in range(40):
        add(f"{number:03d}")
    check({f"{number:03d}" for number in range(40)})
    assert directory(PLACE).segments[:2] == (Segment("", 4), Segment("004", 4))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_entries_that_come_and_go_anywhere_are_counted_where_they_are(seed: int) -> None:
    chance, model = random.Random(seed), set[str]()
    for _ in range(150):
        key = f"{chance.randrange(1000):03d}"
        if model and chance.random() < 0.35:
            gone = chance.choice(sorted(model))
            remove(gone)
            model.discard(gone)
        elif key not in model:
            add(key)
            model.add(key)
    check(model)
    assert directory(PLACE).total == len(model)


def test_what_is_there_already_is_not_counted_twice() -> None:
    add("500")
    with pytest.raises(ConditionFailed):
        add("500")
    with pytest.raises(ConditionFailed):
        remove("501")
    check({"500"})


def test_many_writers_lose_no_count() -> None:
    def several(first: int) -> None:
        for number in range(first, 64, 8):
            for _ in range(100):
                try:
                    add(f"{number:03d}")
                    break
                except Contention:
                    continue

    threads = [threading.Thread(target=several, args=(first,)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    check({f"{number:03d}" for number in range(64)})
