"""The one DynamoDB table: its base item, how it is bound and made, and how its errors become those of the ports.

Which items there are, and their keys, is in docs/dynamodb.md. The endpoint and the credentials are botocore's business
(``AWS_ENDPOINT_URL_DYNAMODB``, ``AWS_ACCESS_KEY_ID`` ...), never an argument here.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from pynamodb.attributes import DiscriminatorAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.exceptions import PynamoDBException, TableError, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from chalicelib.services.ports import ConditionFailed, Contention, Key, StoreUnavailable

_CONDITION = {"ConditionalCheckFailedException", "ConditionalCheckFailed"}
_CONTENTION = {
    "TransactionConflictException",
    "TransactionConflict",
    "TransactionInProgressException",
    "ProvisionedThroughputExceededException",
    "ProvisionedThroughputExceeded",
    "ThrottlingException",
    "ThrottlingError",
    "RequestLimitExceeded",
}

I = TypeVar("I", bound="Item")  # noqa: E741 - an item


MAX_SORT_KEY_BYTES = 1024  # DynamoDB refuses a request with a longer one, even to read


class Item(Model):
    """Base of every item; `kind` says which subclass it is, so a read of a partition returns the right classes."""

    class Meta:
        """Filled by bind(). Timeouts are in seconds: API Gateway gives up on a request after 29."""

        table_name = "parley-unbound"
        billing_mode = "PAY_PER_REQUEST"
        stream_view_type = "NEW_AND_OLD_IMAGES"
        connect_timeout_seconds = 2
        read_timeout_seconds = 5
        max_retry_attempts = 2
        max_pool_connections = 50

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    kind = DiscriminatorAttribute()
    ttl = NumberAttribute(null=True)  # seconds since 1970; retention only, nothing is right or wrong because of it

    @property
    def key(self) -> Key:
        """The primary key."""
        return self.pk, self.sk


def bind(table_name: str) -> None:
    """Point Item and every subclass at this table; the endpoint is read from the environment at the next call."""
    Item.Meta.table_name = table_name
    Item._connection = None
    # Made on the base class, and none of their own left on subclasses: they all find this one. A connection has a
    # client of botocore and its own pool; making one takes longer than any request.
    for kind in _subclasses(Item):
        if "_connection" in vars(kind):
            del kind._connection
    Item._get_connection()


def _subclasses(kind: type[Item]) -> Iterator[type[Item]]:
    for child in kind.__subclasses__():
        yield child
        yield from _subclasses(child)


def create_table() -> None:
    """Make the bound table (on demand, stream of both images, TTL on ``ttl``) unless it is there already."""
    with translated():
        try:
            Item.create_table(wait=True)
        except TableError as error:
            if error.cause_response_code != "ResourceInUseException":
                raise
            return
        try:
            Item._get_connection().update_time_to_live("ttl")
        except TableError as error:
            if error.cause_response_code != "ValidationException":  # it is enabled already
                raise


@contextmanager
def translated(*keys: Key) -> Iterator[None]:
    """Raise the errors of the ports for those of PynamoDB; `keys` are what a single conditional write is about."""
    try:
        yield
    except TransactWriteError as error:
        raise _of_transaction(error, keys) from error.cause
    except PynamoDBException as error:
        raise _of_code(error, keys) from error.cause


def _of_transaction(error: TransactWriteError, keys: tuple[Key, ...]) -> Exception:
    reasons = [reason.code if reason else None for reason in error.cancellation_reasons]
    failed = tuple(key for key, code in zip(keys, reasons, strict=False) if code in _CONDITION)
    if failed or any(code in _CONDITION for code in reasons):
        return ConditionFailed(failed)
    if any(code in _CONTENTION for code in reasons):
        return Contention(str(reasons))
    return _of_code(error, keys)


def _of_code(error: PynamoDBException, keys: tuple[Key, ...]) -> Exception:
    code = error.cause_response_code
    if code in _CONDITION:
        return ConditionFailed(keys)
    if code in _CONTENTION:
        return Contention(code)
    if code == "ValidationException":
        return error  # a request that DynamoDB does not understand is our own bug, not its absence
    return StoreUnavailable(code or "no answer")


class Transaction(TransactWrite):
    """TransactWrite that knows the keys of its items in the order in which DynamoDB reports on them."""

    def keys(self) -> tuple[Key, ...]:
        """Return the (pk, sk) of every item, in the order of the request PynamoDB builds."""
        keyed = [operation["Key"] for operation in (*self._condition_check_items, *self._delete_items)]
        keyed += [operation["Item"] for operation in self._put_items]
        keyed += [operation["Key"] for operation in self._update_items]
        return tuple((key["pk"]["S"], key["sk"]["S"]) for key in keyed)


@contextmanager
def transaction() -> Iterator[Transaction]:
    """Write everything the block adds, or nothing. At most 100 items.

    Raises ConditionFailed (with the keys), Contention or StoreUnavailable. botocore adds an idempotency token, so its
    own retries of an ambiguous request are safe.
    """
    write = Transaction(connection=connection())
    yield write
    keys = write.keys()
    with translated(*keys):
        write._commit()


def connection() -> Connection:
    """Return the shared connection to the bound table's endpoint."""
    return Item._get_connection().connection


def get(kind: type[I], pk: str, sk: str) -> I | None:
    """Read one item, consistently; None when it is absent. Raises AssertionError when it is of another kind."""
    with translated():
        found = next(iter(Item.batch_get([(pk, sk)], consistent_read=True)), None)
    assert found is None or isinstance(found, kind), f"{pk} {sk} is not a {kind.__name__}"
    return found


def get_many(keys: Iterable[Key]) -> dict[Key, Item]:
    """Read items of any kind at once, consistently; absent ones are absent from the answer."""
    with translated():
        return {item.key: item for item in Item.batch_get(list(keys), consistent_read=True)}


def query(
    kind: type[I], pk: str, prefix: str, *, newest_first: bool = False, condition: Condition | None = None
) -> Iterator[I]:
    """Yield the items of a partition whose sort key starts with `prefix`, page by page as it is iterated.

    Reads are consistent: what a caller has just made is in its next list.
    """
    options: dict[str, Any] = {"scan_index_forward": not newest_first, "consistent_read": True}
    with translated():
        yield from kind.query(pk, kind.sk.startswith(prefix), filter_condition=condition, **options)


def save(item: Item, condition: Condition | None = None) -> None:
    """Write one item. Raises ConditionFailed, Contention or StoreUnavailable."""
    with translated(item.key):
        item.save(condition=condition)
