"""Idempotency records in DynamoDB. Expiry is decided on every write; TTL only removes what nobody asks for."""

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from chalicelib.services.call_ports import IdempotencyRecord
from chalicelib.services.ports import Key
from chalicelib.stores import table


class IdempotencyItem(table.Item, discriminator="idempotency_key"):
    """``{tenant}#IDEM#{sha256 of tenant and key}`` / ``IDEM``: a partition per key, so none is hot."""

    record_id = UnicodeAttribute()
    fingerprint = UnicodeAttribute()
    owner = UnicodeAttribute()
    locked_until_ms = NumberAttribute(null=True)
    expires_at_ms = NumberAttribute()
    answer = BinaryAttribute(legacy_encoding=False, null=True)


def idempotency_key(tenant: str, record_id: str) -> Key:
    """Return the key of a record; `tenant` is ``ACC#{account}`` or ``APP#{app}``."""
    return f"{tenant}#IDEM#{record_id}", "IDEM"


class DynamoIdempotencyStore:
    """The IdempotencyStore of the real system."""

    def begin(self, tenant: str, record: IdempotencyRecord, now_ms: int) -> None:
        """Store a record where there is none that counts. Raises ConditionFailed when there is one."""
        item = IdempotencyItem(
            *idempotency_key(tenant, record.record_id),
            record_id=record.record_id,
            fingerprint=record.fingerprint,
            owner=record.owner,
            locked_until_ms=record.locked_until_ms,
            expires_at_ms=record.expires_at_ms,
            ttl=record.expires_at_ms // 1000,
        )
        over = (IdempotencyItem.expires_at_ms <= now_ms) | (IdempotencyItem.locked_until_ms <= now_ms)
        table.save(item, IdempotencyItem.pk.does_not_exist() | over)

    def get(self, tenant: str, record_id: str) -> IdempotencyRecord | None:
        """Return a record, or None."""
        item = table.get(IdempotencyItem, *idempotency_key(tenant, record_id))
        if item is None:
            return None
        return IdempotencyRecord(
            record_id=item.record_id,
            fingerprint=item.fingerprint,
            owner=item.owner,
            locked_until_ms=int(item.locked_until_ms or 0),
            expires_at_ms=int(item.expires_at_ms),
            answer=item.answer,
        )

    def complete(self, tenant: str, record: IdempotencyRecord, answer: bytes) -> None:
        """Add the answer and end the lock. Raises ConditionFailed when somebody else has taken the record over."""
        item = IdempotencyItem(*idempotency_key(tenant, record.record_id))
        actions: list[Action] = [IdempotencyItem.answer.set(answer), IdempotencyItem.locked_until_ms.remove()]
        with table.translated(item.key):
            item.update(actions, condition=IdempotencyItem.owner == record.owner)

    def release(self, tenant: str, record: IdempotencyRecord) -> None:
        """Remove the record. Raises ConditionFailed when somebody else has taken it over."""
        item = IdempotencyItem(*idempotency_key(tenant, record.record_id))
        with table.translated(item.key):
            item.delete(condition=IdempotencyItem.owner == record.owner)
