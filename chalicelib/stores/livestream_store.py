"""Livestreams in DynamoDB."""

from collections.abc import Iterator

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.contract.ids import AppId, MeetingId
from chalicelib.domain.livestream import Livestream, LivestreamId
from chalicelib.stores import table


class LivestreamItem(table.Item, discriminator="livestream"):
    """``APP#{app}#LIVE`` / ``LIVE#{id}``; the stream key is in clear because the API shows it again."""

    app_id = UnicodeAttribute()
    livestream_id = UnicodeAttribute()
    name = UnicodeAttribute()
    stream_key = UnicodeAttribute()
    meeting_id = UnicodeAttribute(null=True)
    disabled = BooleanAttribute()
    created_at_ms = NumberAttribute()
    updated_at_ms = NumberAttribute()
    version = NumberAttribute()


def _item(livestream: Livestream) -> LivestreamItem:
    return LivestreamItem(
        f"APP#{livestream.app_id}#LIVE",
        f"LIVE#{livestream.id}",
        app_id=livestream.app_id,
        livestream_id=livestream.id,
        name=livestream.name,
        stream_key=livestream.stream_key,
        meeting_id=livestream.meeting_id,
        disabled=livestream.disabled,
        created_at_ms=livestream.created_at_ms,
        updated_at_ms=livestream.updated_at_ms,
        version=livestream.version,
    )


def _livestream_of(item: LivestreamItem) -> Livestream:
    return Livestream(
        id=LivestreamId(item.livestream_id),
        app_id=AppId(item.app_id),
        name=item.name,
        stream_key=item.stream_key,
        created_at_ms=int(item.created_at_ms),
        updated_at_ms=int(item.updated_at_ms),
        meeting_id=MeetingId(item.meeting_id) if item.meeting_id else None,
        disabled=item.disabled,
        version=int(item.version),
    )


class DynamoLivestreamStore:
    """The LivestreamStore of the real system."""

    def add(self, livestream: Livestream) -> None:
        """Store a new livestream. Raises ConditionFailed when its id exists."""
        table.save(_item(livestream), LivestreamItem.pk.does_not_exist())

    def replace(self, livestream: Livestream, *, observed_version: int) -> None:
        """Overwrite a livestream that is still at `observed_version`. Raises ConditionFailed when it is not."""
        table.save(_item(livestream), LivestreamItem.version == observed_version)

    def get(self, app_id: AppId, livestream_id: LivestreamId) -> Livestream | None:
        """Return a livestream of this app, or None."""
        item = table.get(LivestreamItem, f"APP#{app_id}#LIVE", f"LIVE#{livestream_id}")
        return _livestream_of(item) if item else None

    def in_app(self, app_id: AppId, *, newest_first: bool) -> Iterator[Livestream]:
        """Yield the app's livestreams by age, reading only as far as it is iterated."""
        items = table.query(LivestreamItem, f"APP#{app_id}#LIVE", "LIVE#", newest_first=newest_first)
        return map(_livestream_of, items)
