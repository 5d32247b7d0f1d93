"""What the default presets, and others, grant in a call."""

import copy
from typing import Any

import pytest

from chalicelib.contract.grants import Source
from chalicelib.contract.ids import AppId
from chalicelib.domain.default_presets import NAMES, default_presets
from chalicelib.domain.preset import Preset, grants_of

ALL = (Source.MICROPHONE, Source.CAMERA, Source.SCREEN_SHARE, Source.SCREEN_SHARE_AUDIO)
PRESETS = {preset.name: preset for preset in default_presets(AppId("app"), map(str, range(6)), 1)}


@pytest.mark.parametrize(
    ("name", "sources"),
    [
        ("group_call_host", ALL),
        ("group_call_participant", ALL),
        ("webinar_presenter", ALL),
        ("webinar_viewer", ()),
        ("audio_room_host", (Source.MICROPHONE,)),
        ("audio_room_listener", ()),
    ],
)
def test_each_default_preset_may_publish_what_its_name_says(name: str, sources: tuple[Source, ...]) -> None:
    grants = grants_of(PRESETS[name])
    assert grants.publish_sources == sources
    assert grants.subscribe and grants.publish_data and not grants.hidden


def test_every_default_preset_is_made_once_with_its_own_id() -> None:
    assert tuple(PRESETS) == NAMES and len({preset.id for preset in PRESETS.values()}) == 6


def _with(path: str, value: Any, base: str = "webinar_viewer") -> Preset:
    preset = copy.deepcopy(PRESETS[base])
    *parents, last = path.split(".")
    node = preset.permissions
    for parent in parents:
        node = node[parent]
    node[last] = value
    return preset


def test_asking_to_produce_is_not_producing() -> None:
    assert grants_of(_with("media.video.can_produce", "CAN_REQUEST")).publish_sources == ()
    allowed = _with("media.video.can_produce", "ALLOWED")
    allowed.permissions["stage_enabled"] = False
    assert grants_of(allowed).publish_sources == (Source.CAMERA,)


def test_off_stage_nothing_is_published() -> None:
    assert grants_of(_with("media.video.can_produce", "ALLOWED")).publish_sources == ()
    assert grants_of(_with("stage_access", "CAN_REQUEST", "webinar_presenter")).publish_sources == ()
    assert grants_of(PRESETS["webinar_presenter"]).publish_sources


def test_a_recorder_is_hidden() -> None:
    assert grants_of(_with("hidden_participant", True)).hidden


def test_data_is_refused_to_one_who_may_say_nothing_at_all() -> None:
    silent = _with("chat.public.can_send", False)
    assert grants_of(silent).publish_data  # a vote is data
    silent.permissions["polls"]["can_vote"] = False
    assert not grants_of(silent).publish_data
    silent.permissions["chat"]["public"] = {"can_send": True, "text": False, "files": False}
    assert not grants_of(silent).publish_data
    silent.permissions["chat"]["public"]["files"] = True
    assert grants_of(silent).publish_data


def test_a_name_is_changed_only_with_the_right_to() -> None:
    assert grants_of(PRESETS["group_call_host"]).update_own_metadata
    assert not grants_of(_with("can_edit_display_name", False)).update_own_metadata
