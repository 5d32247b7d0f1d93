"""What a request may say about a preset, level by level."""

import copy
import json
from typing import Any

import pytest
from pydantic import ValidationError

from chalicelib.api.realtimekit.preset_body import patched_preset, read_patch, whole_preset
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AppId
from chalicelib.domain.default_presets import NAMES, default_presets
from chalicelib.domain.preset import Preset
from tests.fakes.requests import fake_request

PRESETS = default_presets(AppId("app"), [str(number) for number in range(len(NAMES))], 0)


def whole(preset: Preset = PRESETS[0]) -> dict[str, Any]:
    parts = {"name": preset.name, "config": preset.config, "permissions": preset.permissions, "ui": preset.ui}
    return copy.deepcopy(parts)


def at(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    *parents, last = path.split("/")
    place = body
    for name in parents:
        place = place[name]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return body


def pointer(error: ValidationError) -> str:
    return "/".join(str(part) for part in error.errors()[0]["loc"])


@pytest.mark.parametrize("preset", PRESETS, ids=NAMES)
def test_the_default_presets_fit_the_schema(preset: Preset) -> None:
    assert whole_preset(fake_request("POST", body=json.dumps(whole(preset)))) == whole(preset)


def test_what_the_schema_does_not_know_is_kept_at_every_level() -> None:
    body = whole()
    for path in (
        "config/x",
        "config/media/video/x",
        "permissions/chat/public/x",
        "ui/config_diff",
        "ui/design_tokens/x",
    ):
        at(body, path, {"deep": [1, None, "é"]})
    assert whole_preset(fake_request("POST", body=json.dumps(body | {"elsewhere": 1}))) == body


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", ...),
        ("name", ""),
        ("name", "x" * 201),
        ("config", None),
        ("config/view_type", "CHAT"),
        ("config/max_video_streams/mobile", ...),
        ("config/media/video/quality", "8k"),
        ("config/media/video/frame_rate", -1),
        ("config/media/audio", None),
        ("permissions/kick_participant", "yes"),
        ("permissions/kick_participant", ...),
        ("permissions/media/video/can_produce", "MAYBE"),
        ("permissions/plugins/config", ...),
        ("permissions/waiting_room_type", None),
        ("ui/design_tokens/colors/brand/300", "red"),
        ("ui/design_tokens/colors/background/1000", ...),
        ("ui/design_tokens/spacing_base", "4"),
    ],
)
def test_a_wrong_or_missing_field_is_pointed_at(path: str, value: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        whole_preset(fake_request("POST", body=json.dumps(at(whole(), path, value))))
    assert pointer(refused.value) == path


@pytest.mark.parametrize(
    ("patch", "path"),
    [
        ({"config": {"media": {"video": {"quality": "8k"}}}}, "config/media/video/quality"),
        ({"permissions": {"polls": None}}, "permissions/polls"),
        ({"ui": {"design_tokens": {"colors": {"brand": {"300": 5}}}}}, "ui/design_tokens/colors/brand/300"),
        ({"name": None}, "name"),
        ([], ""),
    ],
)
def test_a_patch_is_checked_at_every_level(patch: Any, path: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read_patch(fake_request("PATCH", body=json.dumps(patch)))
    assert pointer(refused.value) == path


def test_a_patch_changes_what_it_names_and_nothing_else() -> None:
    patch = {"permissions": {"chat": {"public": {"files": False}}}, "config": {"livestream_viewer_qualities": [720]}}
    expected = at(at(whole(), "permissions/chat/public/files", False), "config/livestream_viewer_qualities", [720])
    assert patched_preset(PRESETS[0], read_patch(fake_request("PATCH", body=json.dumps(patch)))) == expected


def test_a_preset_has_a_size() -> None:
    body = at(whole(), "ui/config_diff", "x" * 70_000)
    with pytest.raises(ParleyError) as refused:
        whole_preset(fake_request("POST", body=json.dumps(body)))
    assert (refused.value.error, refused.value.pointer) == (ErrorId.INVALID_FIELD, "/ui")
