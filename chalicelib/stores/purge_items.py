"""The items that say what was deleted and is not cleaned up yet, written in the transaction that deletes it."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.services.key_ports import Purge
from chalicelib.stores import table

PURGES = "PURGE"


class PurgeItem(table.Item, discriminator="purge"):
    """``PURGE`` / ``{app}#{meeting}``, without the meeting for a whole app."""

    app_id = UnicodeAttribute()
    meeting_id = UnicodeAttribute(null=True)


def purge_item(purge: Purge) -> PurgeItem:
    """Return the item of something to clean up."""
    sort_key = f"{purge.app_id}#{purge.meeting_id or ''}"
    return PurgeItem(PURGES, sort_key, app_id=purge.app_id, meeting_id=purge.meeting_id)
