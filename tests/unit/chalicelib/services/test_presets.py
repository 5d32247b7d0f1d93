"""Making, changing and removing presets, over fakes."""

import dataclasses
from typing import Any

import pytest

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AppId
from chalicelib.contract.limits import MAX_PRESETS_PER_APP
from chalicelib.contract.node_messages import AdmissionRequest
from chalicelib.domain.default_presets import NAMES, default_presets
from chalicelib.domain.preset import merged
from chalicelib.services.admission import admit
from chalicelib.services.participants import change_participant, issue_token
from chalicelib.services.presets import change_preset, create_preset, delete_preset, get_preset
from tests.session_life import Installation, installation

UNKNOWN = "01890000-0000-7000-8000-000000000000"


def fields(name: str) -> dict[str, Any]:
    model = default_presets(AppId(UNKNOWN), [str(number) for number in range(len(NAMES))], 0)[0]
    return {"name": name, "config": model.config, "permissions": model.permissions, "ui": model.ui}


@pytest.fixture
def place() -> Installation:
    return installation()


def refusal(error: ErrorId, act: Any) -> ParleyError:
    with pytest.raises(ParleyError) as refused:
        act()
    assert refused.value.error is error
    return refused.value


def test_a_name_that_is_taken_is_pointed_at(place: Installation) -> None:
    made = create_preset(place.deps, place.app.id, fields("mine"))
    assert refusal(ErrorId.ALREADY_EXISTS, lambda: create_preset(place.deps, place.app.id, fields("mine"))).pointer == (
        "/name"
    )
    taken = refusal(
        ErrorId.ALREADY_EXISTS,
        lambda: change_preset(place.deps, place.app.id, made.id, lambda _: {"name": "group_call_host"}),
    )
    assert taken.pointer == "/name"
    assert get_preset(place.deps, place.app.id, made.id) == made


def test_an_app_has_so_many_presets_and_no_more(place: Installation) -> None:
    for number in range(MAX_PRESETS_PER_APP - len(NAMES)):
        create_preset(place.deps, place.app.id, fields(f"preset {number}"))
    refusal(ErrorId.QUOTA_REACHED, lambda: create_preset(place.deps, place.app.id, fields("one more")))


def test_a_preset_in_use_says_who_uses_it_and_goes_once_nobody_does(place: Installation) -> None:
    meeting = place.meeting()
    people = [place.participant(meeting, f"user{number}") for number in range(5)]
    preset_id = people[0].preset_id
    refused = refusal(ErrorId.IN_USE, lambda: delete_preset(place.deps, place.app.id, preset_id))
    assert "5 participants" in refused.message and "'user0'" in refused.message and meeting.id in refused.message
    for one in people:
        change_participant(place.deps, place.home(meeting), one.id, {"preset_name": "webinar_viewer"})
    assert delete_preset(place.deps, place.app.id, preset_id).name == "group_call_host"
    refusal(ErrorId.PRESET_NOT_FOUND, lambda: get_preset(place.deps, place.app.id, preset_id))


def test_a_renamed_preset_still_admits_those_who_have_it_with_what_it_grants_now(place: Installation) -> None:
    node, meeting = place.node(), place.meeting()
    ada = place.participant(meeting, "ada")
    silent = {"audio": "NOT_ALLOWED", "video": "NOT_ALLOWED", "screenshare": "NOT_ALLOWED"}
    patch = {"media": {kind: {"can_produce": value} for kind, value in silent.items()}}
    change_preset(
        place.deps,
        place.app.id,
        ada.preset_id,
        lambda stored: {"name": "renamed", "permissions": merged(stored.permissions, patch)},
    )
    token = issue_token(place.deps, place.app.account_id, ada).text
    admission = admit(place.deps, node, AdmissionRequest(token, place.peer_id())).admission
    assert admission is not None and admission.grants.publish_sources == () and admission.grants.subscribe


def test_every_change_is_a_new_version_and_never_goes_back_in_time(place: Installation) -> None:
    made = create_preset(place.deps, place.app.id, fields("mine"))
    place.clock.advance(-5000)
    changed = change_preset(place.deps, place.app.id, made.id, lambda _: {"ui": {}})
    assert dataclasses.replace(made, ui={}, version=2) == changed


def test_a_preset_of_another_app_or_no_id_at_all_is_not_there(place: Installation) -> None:
    made = create_preset(place.deps, place.app.id, fields("mine"))
    for app_id, preset_id in ((AppId(UNKNOWN), made.id), (place.app.id, UNKNOWN), (place.app.id, "../etc")):
        refusal(
            ErrorId.PRESET_NOT_FOUND,
            lambda app_id=app_id, preset_id=preset_id: get_preset(place.deps, app_id, preset_id),
        )
        refusal(
            ErrorId.PRESET_NOT_FOUND,
            lambda app_id=app_id, preset_id=preset_id: delete_preset(place.deps, app_id, preset_id),
        )


def test_a_patch_merges_objects_and_replaces_everything_else() -> None:
    stored = {"a": {"b": 1, "c": [1, 2]}, "d": "x"}
    assert merged(stored, {"a": {"c": [3], "e": {}}, "d": {"f": None}}) == {
        "a": {"b": 1, "c": [3], "e": {}},
        "d": {"f": None},
    }
    assert stored == {"a": {"b": 1, "c": [1, 2]}, "d": "x"}
