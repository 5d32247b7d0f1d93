"""The table's own promises: making it, transactions and their errors, reads of mixed kinds."""

import pytest
from pynamodb.attributes import NumberAttribute
from pynamodb.exceptions import TransactWriteError

from chalicelib.services.ports import ConditionFailed, StoreUnavailable
from chalicelib.stores import table


class Apple(table.Item, discriminator="test_apple"):
    """One kind of item."""

    weight = NumberAttribute(null=True)


class Pear(table.Item, discriminator="test_pear"):
    """Another kind of item."""


@pytest.mark.usefixtures("fresh_table")
def test_every_kind_of_item_shares_one_connection() -> None:
    table.save(Apple("a", "1"))
    table.get(Pear, "a", "2")
    assert list(table.query(Pear, "a", "")) == []
    assert Apple._get_connection() is Pear._get_connection() is table.Item._get_connection()


@pytest.mark.usefixtures("fresh_table")
def test_making_the_table_again_changes_nothing() -> None:
    table.save(Apple("a", "1"))
    table.create_table()
    assert table.get(Apple, "a", "1") is not None


@pytest.mark.usefixtures("fresh_table")
def test_a_transaction_writes_all_or_nothing_and_says_which_condition_failed() -> None:
    table.save(Pear("a", "taken"))
    table.save(Pear("a", "there"))
    with pytest.raises(ConditionFailed) as lost, table.transaction() as write:
        write.condition_check(Pear, "a", "there", condition=Pear.pk.exists())
        write.save(Apple("a", "new"), condition=Apple.pk.does_not_exist())
        write.update(Pear("a", "taken"), actions=[Apple.weight.set(1)], condition=Pear.pk.does_not_exist())
    assert lost.value.keys == (("a", "taken"),)
    assert table.get(Apple, "a", "new") is None


@pytest.mark.usefixtures("fresh_table")
def test_a_request_that_makes_no_sense_is_our_own_error() -> None:
    with pytest.raises(TransactWriteError), table.transaction() as write:
        write.save(Apple("a", "1"))
        write.save(Apple("a", "1"))  # DynamoDB takes an item once per transaction


@pytest.mark.usefixtures("fresh_table")
def test_a_failed_condition_of_a_single_write_names_its_key() -> None:
    table.save(Apple("a", "1"))
    with pytest.raises(ConditionFailed) as lost:
        table.save(Apple("a", "1"), Apple.pk.does_not_exist())
    assert lost.value.keys == (("a", "1"),)


@pytest.mark.usefixtures("fresh_table")
def test_one_read_returns_items_of_different_kinds() -> None:
    table.save(Apple("a", "1", weight=7))
    table.save(Pear("b", "2"))
    found = table.get_many([("a", "1"), ("b", "2"), ("c", "3")])
    apple = found[("a", "1")]
    assert isinstance(apple, Apple) and apple.weight == 7
    assert isinstance(found[("b", "2")], Pear) and len(found) == 2


@pytest.mark.usefixtures("fresh_table")
def test_a_query_sees_only_its_kind_prefix_and_partition_in_either_order() -> None:
    for sk in ("X#1", "X#2", "Y#1"):
        table.save(Apple("p", sk))
    table.save(Pear("p", "X#3"))
    table.save(Apple("q", "X#4"))
    assert [item.sk for item in table.query(Apple, "p", "X#")] == ["X#1", "X#2"]
    assert [item.sk for item in table.query(Apple, "p", "X#", newest_first=True)] == ["X#2", "X#1"]


def test_a_database_that_does_not_answer_is_unavailable(fresh_table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    table.bind(fresh_table)
    with pytest.raises(StoreUnavailable):
        table.get(Apple, "a", "1")
    with pytest.raises(StoreUnavailable), table.transaction() as write:
        write.save(Apple("a", "1"))


def test_a_table_that_is_not_there_is_unavailable(fresh_table: str) -> None:
    table.bind(f"{fresh_table}-gone")
    with pytest.raises(StoreUnavailable):
        table.get(Apple, "a", "1")
    with pytest.raises(StoreUnavailable):
        list(table.query(Apple, "a", ""))
