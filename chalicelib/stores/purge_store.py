"""Cleaning up after deletions in DynamoDB: which partitions belonged to what was deleted."""

from collections.abc import Iterator, Sequence
from itertools import islice

from chalicelib.contract.ids import AppId, MeetingId, PeerId, SessionId
from chalicelib.services.key_ports import Purge
from chalicelib.services.ports import Key
from chalicelib.stores import table
from chalicelib.stores.api_key_store import ApiKeyItem, ListedApiKeyItem
from chalicelib.stores.purge_items import PURGES, PurgeItem, purge_item
from chalicelib.stores.session_items import (
    ListedSessionItem,
    PeerItem,
    meeting_partition,
    peer_session_key,
    session_of,
    session_partition,
)
from chalicelib.stores.session_lists import changes_at_end, place_of_all

# Partitions ``APP#{app}#...`` of an app without meetings. Rate counters, idempotency keys and the audit log stay: TTL
# removes them, and the log must outlive the app.
_OF_APP = ("PRESET", "KEY", "HOOK", "REC", "LIVE", "ROOM", "USE", "SES", "MTG", "MTG#ACTIVE", "MTG#INACTIVE")


class DynamoPurgeStore:
    """The PurgeStore of the real system."""

    def pending(self) -> Iterator[Purge]:
        """Yield what there is to do."""
        for item in table.query(PurgeItem, PURGES, ""):
            meeting_id = MeetingId(item.meeting_id) if item.meeting_id else None
            yield Purge(AppId(item.app_id), meeting_id)

    def clear(self, purge: Purge, limit: int) -> int:
        """Remove up to `limit` items of what was deleted and return how many there were; fewer than `limit` is all."""
        keys = list(islice(self._keys(purge), limit))
        with table.translated(), table.Item.batch_write() as batch:
            for key in dict.fromkeys(keys):
                batch.delete(table.Item(*key))
        return len(keys)

    def done(self, purge: Purge) -> None:
        """Forget that there was something to do."""
        with table.translated():
            purge_item(purge).delete()

    def _keys(self, purge: Purge) -> Iterator[Key]:
        if purge.meeting_id is not None:
            yield from _all_of(meeting_partition(purge.app_id, purge.meeting_id))
            return
        for name in _OF_APP:
            for item in _items_of(f"APP#{purge.app_id}#{name}"):
                yield from self._behind(purge.app_id, item)
                yield item.key

    def _behind(self, app_id: AppId, item: table.Item) -> Sequence[Key] | Iterator[Key]:
        """What an item of a list leads to. It goes before the item: an interruption must not lose the way."""
        if isinstance(item, ListedApiKeyItem):
            return [(f"KEY#{item.key_id}", ApiKeyItem.SORT_KEY)]
        if isinstance(item, ListedSessionItem):
            return self._of_session(app_id, item)
        return ()

    def _of_session(self, app_id: AppId, item: ListedSessionItem) -> Iterator[Key]:
        """What belongs to an ended session, and the other lists it is in: those are of this app only, so they go."""
        for member in _items_of(session_partition(app_id, SessionId(item.session_id))):
            if isinstance(member, PeerItem):
                yield peer_session_key(app_id, PeerId(member.peer_id))
            yield member.key
        for change in changes_at_end(session_of(item)):
            if change.place != place_of_all(app_id):
                yield from _all_of(change.place.pk)


def _items_of(partition: str) -> Iterator[table.Item]:
    with table.translated():
        yield from table.Item.query(partition, consistent_read=True)


def _all_of(partition: str) -> Iterator[Key]:
    return (item.key for item in _items_of(partition))
