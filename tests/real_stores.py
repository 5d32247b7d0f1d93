"""The stores of the real system, for tests that take them in place of fakes; the table is bound already."""

from typing import Any

from chalicelib.stores.account_store import DynamoAccountStore
from chalicelib.stores.app_store import DynamoAppStore
from chalicelib.stores.dead_letters import DynamoDeadLetters
from chalicelib.stores.meeting_store import DynamoMeetingStore
from chalicelib.stores.node_store import DynamoNodeStore
from chalicelib.stores.participant_store import DynamoParticipantStore
from chalicelib.stores.preset_store import DynamoPresetStore
from chalicelib.stores.session_store import DynamoSessionStore
from chalicelib.stores.waiting_room_store import DynamoWaitingRoomStore


def real_stores() -> dict[str, Any]:
    """Return dependencies by name."""
    return {
        "accounts": DynamoAccountStore(),
        "apps": DynamoAppStore(),
        "meetings": DynamoMeetingStore(),
        "presets": DynamoPresetStore(),
        "participants": DynamoParticipantStore(),
        "sessions": DynamoSessionStore(),
        "waiting_room": DynamoWaitingRoomStore(),
        "nodes": DynamoNodeStore(),
        "dead_letters": DynamoDeadLetters(),
    }
