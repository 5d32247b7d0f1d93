"""RealtimeKit's preset schema: what a create or a replace must say, and what a patch may.

What is stored is what came in, not what the models make of it: keys that the schema does not know (``ui.config_diff``,
say) are kept at every level, and a number stays the number it was.
"""

import copy
import json
from typing import Annotated, Any, Literal

from chalice.app import Request
from pydantic import BaseModel, ConfigDict, Field, create_model

from chalicelib.api.request_body import Body, read_json
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.limits import MAX_NAME_CHARS, MAX_PRESET_BYTES, MAX_URL_CHARS
from chalicelib.domain.preset import Preset, merged

_MAX_PRESET_NAME_CHARS = 200  # with 4 bytes each it fits a sort key
_PARTS = ("config", "permissions", "ui")


class _Part(Body):
    model_config = ConfigDict(strict=True, extra="allow", defer_build=True)


Count = Annotated[float, Field(ge=0, le=100)]
Quality = Literal["hd", "vga", "qvga", "fhd", "uhd"]
Access = Literal["ALLOWED", "NOT_ALLOWED", "CAN_REQUEST"]
Color = Annotated[str, Field(pattern=r"^#([0-9a-fA-F]{3}|[0-9a-fA-F]{4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})$")]
Name = Annotated[str, Field(min_length=1, max_length=_MAX_PRESET_NAME_CHARS)]
Label = Annotated[str, Field(max_length=MAX_NAME_CHARS)]


class _VideoStreams(_Part):
    desktop: Count
    mobile: Count


class _Video(_Part):
    quality: Quality
    frame_rate: Annotated[float, Field(ge=0, le=60)]
    simulcast: bool = False


class _Screenshare(_Part):
    quality: Quality
    frame_rate: Annotated[float, Field(ge=0, le=60)]


class _Audio(_Part):
    enable_stereo: bool = False
    enable_high_bitrate: bool = False


class _Media(_Part):
    video: _Video
    screenshare: _Screenshare
    audio: _Audio = Field(default_factory=_Audio)


class _Config(_Part):
    view_type: Literal["GROUP_CALL", "WEBINAR", "AUDIO_ROOM", "LIVESTREAM"]
    max_screenshare_count: Count
    max_video_streams: _VideoStreams
    media: _Media
    livestream_viewer_qualities: Annotated[list[int], Field(max_length=20)] | None = None


class _Producing(_Part):
    can_produce: Access


class _MediaPermissions(_Part):
    audio: _Producing
    video: _Producing
    screenshare: _Producing


class _PublicChat(_Part):
    can_send: bool
    text: bool
    files: bool


class _PrivateChat(_PublicChat):
    can_receive: bool


class _Chat(_Part):
    public: _PublicChat
    private: _PrivateChat


class _Polls(_Part):
    can_create: bool
    can_view: bool
    can_vote: bool


class _Plugin(_Part):
    access_control: Literal["FULL_ACCESS", "VIEW_ONLY"] = "FULL_ACCESS"
    handles_view_only: bool = False


class _Plugins(_Part):
    can_close: bool
    can_edit_config: bool
    can_start: bool
    config: Annotated[dict[str, _Plugin], Field(max_length=100)]


class _ConnectedMeetings(_Part):
    can_alter_connected_meetings: bool
    can_switch_connected_meetings: bool
    can_switch_to_parent_meeting: bool


class _Permissions(_Part):
    accept_waiting_requests: bool
    can_accept_production_requests: bool
    can_change_participant_permissions: bool
    can_edit_display_name: bool
    can_livestream: bool
    can_record: bool
    can_spotlight: bool
    disable_participant_audio: bool
    disable_participant_video: bool
    disable_participant_screensharing: bool
    kick_participant: bool
    pin_participant: bool
    hidden_participant: bool
    show_participant_list: bool
    waiting_room_type: Literal["SKIP", "ON_PRIVILEGED_USER_ENTRY", "SKIP_ON_ACCEPT"]
    recorder_type: Literal["RECORDER", "LIVESTREAMER", "NONE"]
    is_recorder: bool = False
    media: _MediaPermissions
    chat: _Chat
    polls: _Polls
    plugins: _Plugins
    connected_meetings: _ConnectedMeetings
    stage_enabled: bool = False
    accept_stage_requests: bool = False
    stage_access: Access = "NOT_ALLOWED"
    transcription_enabled: bool = False


class _Brand(_Part):
    shade_300: Color = Field(alias="300")
    shade_400: Color = Field(alias="400")
    shade_500: Color = Field(alias="500")
    shade_600: Color = Field(alias="600")
    shade_700: Color = Field(alias="700")


class _Background(_Part):
    shade_600: Color = Field(alias="600")
    shade_700: Color = Field(alias="700")
    shade_800: Color = Field(alias="800")
    shade_900: Color = Field(alias="900")
    shade_1000: Color = Field(alias="1000")


class _Colors(_Part):
    brand: _Brand
    background: _Background
    danger: Color
    success: Color
    text: Color
    text_on_brand: Color
    video_bg: Color
    warning: Color


class _DesignTokens(_Part):
    theme: Literal["darkest", "dark", "light"]
    border_radius: Literal["sharp", "rounded", "extra-rounded", "circular"]
    border_width: Literal["none", "thin", "fat"]
    spacing_base: Annotated[float, Field(ge=0, le=1000)]
    colors: _Colors
    font_family: Label = ""
    google_font: Label = ""
    logo: Annotated[str, Field(max_length=MAX_URL_CHARS)] = ""


class _Ui(_Part):
    design_tokens: _DesignTokens


class PresetBody(_Part):
    """Body of create and replace."""

    name: Name
    config: _Config
    permissions: _Permissions
    ui: _Ui


def _patch_of(model: type[BaseModel]) -> type[BaseModel]:
    """Return the same model with every field optional, at every level; null is still no value."""
    fields: dict[str, Any] = {}
    for name, known in model.model_fields.items():
        field = copy.copy(known)
        field.default, field.default_factory = None, None
        if isinstance(known.annotation, type) and issubclass(known.annotation, BaseModel):
            field.annotation = _patch_of(known.annotation)
        fields[name] = (field.annotation, field)
    return create_model(f"{model.__name__}Patch", __base__=_Part, **fields)


PresetPatch = _patch_of(PresetBody)


def whole_preset(request: Request) -> dict[str, Any]:
    """Return the fields of a preset that a create or replace names. Raises ParleyError or ValidationError."""
    return _checked(read_json(request))


def patched_preset(stored: Preset, patch: Any) -> dict[str, Any]:
    """Return the fields of a preset after a patch, which was checked. Raises ParleyError or ValidationError."""
    before = {"name": stored.name} | {part: getattr(stored, part) for part in _PARTS}
    return _checked(merged(before, {name: value for name, value in patch.items() if name in before}))


def read_patch(request: Request) -> Any:
    """Return the body of a patch as it came in. Raises ParleyError or ValidationError."""
    patch = read_json(request)
    PresetPatch.model_validate_json(json.dumps(patch))
    return patch


def _checked(preset: Any) -> dict[str, Any]:
    PresetBody.model_validate_json(json.dumps(preset))
    sizes = {part: len(json.dumps(preset[part])) for part in _PARTS}
    if sum(sizes.values()) > MAX_PRESET_BYTES:
        largest = max(sizes, key=lambda part: sizes[part])
        raise ParleyError(ErrorId.INVALID_FIELD, f"a preset may have {MAX_PRESET_BYTES} bytes", f"/{largest}")
    return {name: preset[name] for name in ("name", *_PARTS)}
