"""The presets that every app starts with. Values that RealtimeKit publishes are used; the rest is chosen here."""

from collections.abc import Iterable
from typing import Any

from chalicelib.contract.ids import AppId, PresetId
from chalicelib.domain.preset import Preset

NAMES = (
    "group_call_host",
    "group_call_participant",
    "webinar_presenter",
    "webinar_viewer",
    "audio_room_host",
    "audio_room_listener",
)


def default_presets(app_id: AppId, ids: Iterable[str], now_ms: int) -> tuple[Preset, ...]:
    """Return the presets of NAMES for a new app, with the given ids."""
    return tuple(
        Preset(
            id=PresetId(preset_id),
            app_id=app_id,
            name=name,
            config=_config(name),
            permissions=_permissions(name),
            ui=_ui(),
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
        )
        for name, preset_id in zip(NAMES, ids, strict=True)
    )


def _config(name: str) -> dict[str, Any]:
    view_type = "GROUP_CALL"
    if name.startswith("webinar"):
        view_type = "WEBINAR"
    if name.startswith("audio_room"):
        view_type = "AUDIO_ROOM"
    return {
        "view_type": view_type,
        "max_screenshare_count": 0 if view_type == "AUDIO_ROOM" else 1,
        "max_video_streams": {"desktop": 9, "mobile": 4},
        "media": {
            "video": {"quality": "hd", "frame_rate": 30, "simulcast": True},
            "screenshare": {"quality": "hd", "frame_rate": 5},
            "audio": {"enable_stereo": False, "enable_high_bitrate": False},
        },
    }


def _permissions(name: str) -> dict[str, Any]:
    host = name in {"group_call_host", "webinar_presenter", "audio_room_host"}
    return {
        **_host_rights(host),
        "can_edit_display_name": True,
        "can_spotlight": host,
        "hidden_participant": False,
        "show_participant_list": True,
        "waiting_room_type": "SKIP",
        "recorder_type": "NONE",
        "is_recorder": False,
        "media": _media(name),
        "chat": {
            "public": {"can_send": True, "text": True, "files": name != "webinar_viewer"},
            "private": {"can_send": host, "can_receive": True, "text": host, "files": host},
        },
        "polls": {"can_create": host, "can_view": True, "can_vote": True},
        "plugins": {"can_close": host, "can_edit_config": host, "can_start": host, "config": {}},
        "connected_meetings": {
            "can_alter_connected_meetings": host,
            "can_switch_connected_meetings": host,
            "can_switch_to_parent_meeting": True,
        },
        # A stage separates speakers from the audience: a group call has none.
        "stage_enabled": not name.startswith("group_call"),
        "stage_access": _media(name)["audio"]["can_produce"],
        "accept_stage_requests": host,
        "transcription_enabled": False,
    }


def _host_rights(host: bool) -> dict[str, bool]:
    rights = (
        "accept_waiting_requests",
        "can_accept_production_requests",
        "can_change_participant_permissions",
        "can_livestream",
        "can_record",
        "disable_participant_audio",
        "disable_participant_video",
        "disable_participant_screensharing",
        "kick_participant",
        "pin_participant",
    )
    return dict.fromkeys(rights, host)


def _media(name: str) -> dict[str, dict[str, str]]:
    everything = {"audio": "ALLOWED", "video": "ALLOWED", "screenshare": "ALLOWED"}
    produced = {
        "group_call_host": everything,
        "group_call_participant": everything,
        "webinar_presenter": everything,
        "webinar_viewer": {"audio": "CAN_REQUEST", "video": "CAN_REQUEST", "screenshare": "CAN_REQUEST"},
        "audio_room_host": {"audio": "ALLOWED", "video": "NOT_ALLOWED", "screenshare": "NOT_ALLOWED"},
        "audio_room_listener": {"audio": "CAN_REQUEST", "video": "NOT_ALLOWED", "screenshare": "NOT_ALLOWED"},
    }
    return {kind: {"can_produce": value} for kind, value in produced[name].items()}


def _ui() -> dict[str, Any]:
    return {
        "design_tokens": {
            "theme": "dark",
            "border_radius": "rounded",
            "border_width": "thin",
            "spacing_base": 4,
            "font_family": "system-ui",
            "colors": {
                "brand": {"300": "#844d1c", "400": "#9d5b22", "500": "#b56927", "600": "#d37c30", "700": "#d9904f"},
                "background": {
                    "600": "#222222",
                    "700": "#1f1f1f",
                    "800": "#1b1b1b",
                    "900": "#181818",
                    "1000": "#141414",
                },
                "danger": "#FF2D2D",
                "success": "#62A504",
                "text": "#EEEEEE",
                "text_on_brand": "#EEEEEE",
                "video_bg": "#191919",
                "warning": "#FFCD07",
            },
        },
        "config_diff": {},
    }
