"""Dead letters in DynamoDB: records that no handler could take, by day, for a person to look at."""

from datetime import UTC, datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.stores import table

_KEPT_S = 30 * 24 * 3600
_MAX_BODY_CHARS = 100_000  # an item may have 400 KB


class DeadLetterItem(table.Item, discriminator="dead_letter"):
    """``DEAD#{day}`` / ``{source}#{record id}``."""

    source = UnicodeAttribute()
    record_id = UnicodeAttribute()
    reason = UnicodeAttribute()
    body = UnicodeAttribute()
    kept_at_ms = NumberAttribute()


class DynamoDeadLetters:
    """The DeadLetters of the real system."""

    def keep(self, source: str, record_id: str, reason: str, body: str, now_ms: int) -> None:
        """Keep one; the same record again replaces it."""
        day = datetime.fromtimestamp(now_ms / 1000, UTC).date().isoformat()
        item = DeadLetterItem(
            f"DEAD#{day}",
            f"{source}#{record_id}"[:512],
            source=source,
            record_id=record_id,
            reason=reason,
            body=body[:_MAX_BODY_CHARS],
            kept_at_ms=now_ms,
            ttl=now_ms // 1000 + _KEPT_S,
        )
        table.save(item)
