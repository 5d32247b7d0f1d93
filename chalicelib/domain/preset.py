"""Presets: named permissions and looks of a participant, in RealtimeKit's schema, and what they grant in a call.

The schema itself is checked at the API; the presets every app starts with are in default_presets.py.
"""

from dataclasses import dataclass, replace
from typing import Any

from chalicelib.contract.grants import Grants, Source
from chalicelib.contract.ids import AppId, MeetingId, ParticipantId, PresetId

SOURCES: dict[str, tuple[Source, ...]] = {
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
    version: int = 1


@dataclass(frozen=True, slots=True)
class PresetName:
    """A preset as a list shows it."""

    id: PresetId
    name: str
    created_at_ms: int
    updated_at_ms: int


@dataclass(frozen=True, slots=True)
class PresetUse:
    """A participant who has a preset."""

    meeting_id: MeetingId
    participant_id: ParticipantId
    custom_participant_id: str


def changed(preset: Preset, changes: dict[str, Any], now_ms: int) -> Preset:
    """Return the preset with some fields (by name) replaced."""
    return replace(preset, **changes, updated_at_ms=max(now_ms, preset.updated_at_ms), version=preset.version + 1)


def merged(stored: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """Return `stored` with what `patch` names replaced, at every level of objects; lists are replaced whole."""
    result = dict(stored)
    for name, value in patch.items():
        kept = stored.get(name)
        result[name] = merged(kept, value) if isinstance(kept, dict) and isinstance(value, dict) else value
    return result


def grants_of(preset: Preset) -> Grants:
    """Return what a media node enforces for a participant with this preset.

    ``CAN_REQUEST`` grants nothing yet: producing starts only once a host has said yes; nor is anything published from
    off the stage (stage.py). Everybody may subscribe: a preset has no way to say otherwise.
    """
    permissions = preset.permissions
    media = permissions["media"]
    off_stage = permissions.get("stage_enabled") and permissions.get("stage_access", "ALLOWED") != "ALLOWED"
    allowed = [kind for kind in SOURCES if media[kind]["can_produce"] == "ALLOWED" and not off_stage]
    return Grants(
        publish_sources=tuple(source for kind in allowed for source in SOURCES[kind]),
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
