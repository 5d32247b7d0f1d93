"""Presets: named permissions and looks of a participant, in RealtimeKit's schema, and what they grant in a call.

The schema itself is checked at the API; the presets every app starts with are in default_presets.py.
"""

from dataclasses import dataclass
from typing import Any

from chalicelib.contract.grants import Grants, Source
from chalicelib.contract.ids import AppId, PresetId

_SOURCES: dict[str, tuple[Source, ...]] = {
    "audio": (Source.MICROPHONE,),
    "video": (Source.CAMERA,),
    "screenshare": (Source.SCREEN_SHARE, Source.SCREEN_SHARE_AUDIO),
}


@dataclass(frozen=True, slots=True)
class Preset:
    """Permissions and looks by name, of one app. Times are ms since 1970 UTC."""

    id: PresetId
    app_id: AppId
    name: str
    config: dict[str, Any]
    permissions: dict[str, Any]
    ui: dict[str, Any]
    created_at_ms: int
    updated_at_ms: int


def grants_of(preset: Preset) -> Grants:
    """Return what a media node enforces for a participant with this preset.

    ``CAN_REQUEST`` grants nothing yet: producing starts only once a host has said yes. Everybody may subscribe: a
    preset has no way to say otherwise.
    """
    permissions = preset.permissions
    media = permissions["media"]
    allowed = [kind for kind in _SOURCES if media[kind]["can_produce"] == "ALLOWED"]
    return Grants(
        publish_sources=tuple(source for kind in allowed for source in _SOURCES[kind]),
        subscribe=True,
        publish_data=_may_send_data(permissions),
        update_own_metadata=bool(permissions["can_edit_display_name"]),
        hidden=bool(permissions["hidden_participant"]),
    )


def _may_send_data(permissions: dict[str, Any]) -> bool:
    """Chat, polls and plugins all travel as data packets: any one that lets a participant speak opens the channel."""
    chat = permissions["chat"]
    chats = any(
        chat[scope]["can_send"] and (chat[scope]["text"] or chat[scope]["files"]) for scope in ("public", "private")
    )
    polls = permissions["polls"]
    return bool(chats or polls["can_create"] or polls["can_vote"] or permissions["plugins"]["can_start"])
