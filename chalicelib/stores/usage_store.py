"""Usage in DynamoDB: what an app's sessions added to each day, in the transactions that ended them."""

from collections.abc import Iterator
from datetime import date

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.contract.ids import AppId
from chalicelib.domain.session import Session
from chalicelib.domain.usage import DailyUsage, usage_of
from chalicelib.services.ports import Key
from chalicelib.stores import table

SHARDS = 8  # rows of a day, so that sessions that end at the same moment do not make each other wait


class UsageItem(table.Item, discriminator="usage"):
    """``APP#{app}#USE`` / ``DAY#{yyyy-mm-dd}#{shard}``."""

    day = UnicodeAttribute()
    sessions = NumberAttribute()
    participant_ms = NumberAttribute()


def _partition(app_id: AppId) -> str:
    return f"APP#{app_id}#USE"


def usage_key(app_id: AppId, day: date, shard: int) -> Key:
    """Return the key of a part of a day."""
    return _partition(app_id), f"DAY#{day.isoformat()}#{shard}"


def count_session(write: table.Transaction, ended: Session) -> None:
    """Add a session to its day in the transaction that writes its end, which is what makes it count once."""
    use = usage_of(ended)
    # The last digits of a UUIDv7 are random.
    item = UsageItem(*usage_key(ended.app_id, use.day, int(ended.session_id[-4:], 16) % SHARDS))
    write.update(
        item,
        actions=[
            UsageItem.kind.set(UsageItem),
            UsageItem.day.set(use.day.isoformat()),
            UsageItem.sessions.add(use.sessions),
            UsageItem.participant_ms.add(use.participant_ms),
        ],
    )


class DynamoUsageStore:
    """The UsageStore of the real system."""

    def parts(self, app_id: AppId, first: date, last: date) -> Iterator[DailyUsage]:
        """Yield what was counted from `first` to `last`, both included; a day may come in several parts."""
        between = UsageItem.sk.between(f"DAY#{first.isoformat()}", f"DAY#{last.isoformat()}#~")
        with table.translated():
            for item in UsageItem.query(_partition(app_id), between, consistent_read=True):
                yield DailyUsage(date.fromisoformat(item.day), int(item.sessions), int(item.participant_ms))
