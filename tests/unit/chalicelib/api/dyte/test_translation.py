"""Dyte's words for RealtimeKit's, both ways."""

from typing import Any

import pytest

from chalicelib.api.dyte.translation import inward, outward, query_inward, status_outward
from chalicelib.contract.errors import ErrorId, ParleyError

PARTICIPANTS = "/meetings/{meeting_id}/participants"


def test_dytes_names_become_realtimekits_at_every_level() -> None:
    body = {"title": "t", "recording_config": {"dyte_bucket_config": {"enabled": True}, "max_seconds": 60}}
    assert inward("POST", "/meetings", body) == {
        "title": "t",
        "recording_config": {"realtimekit_bucket_config": {"enabled": True}, "max_seconds": 60},
    }
    assert inward("POST", "/recordings", {"dyte_bucket_config": {"enabled": False}}) == {
        "realtimekit_bucket_config": {"enabled": False}
    }


def test_the_name_that_is_realtimekits_wins_over_its_alias() -> None:
    body = {"custom_participant_id": "new", "client_specific_id": "old", "preset_name": "p"}
    assert inward("POST", PARTICIPANTS, body)["custom_participant_id"] == "new"
    assert inward("POST", PARTICIPANTS, dict(reversed(body.items())))["custom_participant_id"] == "new"


def test_only_who_is_added_without_a_preset_gets_the_default_one() -> None:
    assert inward("POST", PARTICIPANTS, {"client_specific_id": "u"}) == {
        "custom_participant_id": "u",
        "preset_name": "group_call_host",
    }
    assert inward("POST", PARTICIPANTS, {"preset_name": None})["preset_name"] == "group_call_host"
    assert inward("POST", PARTICIPANTS, {"preset_name": "guest"})["preset_name"] == "guest"
    assert inward("PATCH", PARTICIPANTS + "/{participant_id}", {"name": "x"}) == {"name": "x"}


@pytest.mark.parametrize("body", [None, [], "x", 3, [{"client_specific_id": 1}]])
def test_what_is_no_object_is_left_to_the_call_to_refuse(body: Any) -> None:
    assert inward("POST", PARTICIPANTS, body) == body


def test_a_waiting_room_that_would_keep_nobody_out_is_refused() -> None:
    with pytest.raises(ParleyError) as refused:
        inward("POST", "/meetings", {"waiting_room": True})
    assert (refused.value.error, refused.value.pointer) == (ErrorId.NOT_AVAILABLE_YET, "/waiting_room")
    assert inward("POST", "/meetings", {"waiting_room": False}) == {"waiting_room": False}


def test_presets_are_left_alone_both_ways() -> None:
    preset = {"ui": {"config_diff": {"client_specific_id": 1, "custom_participant_id": 2}}}
    assert inward("POST", "/presets", preset) is preset
    answer = {"success": True, "data": preset}
    assert outward("/presets/{preset_id}", answer) is answer


def test_answers_have_dytes_names_too() -> None:
    answer = {"success": True, "data": [{"custom_participant_id": "u", "c": {"realtimekit_bucket_config": 1}}]}
    assert outward("/meetings", answer) == {
        "success": True,
        "data": [{"custom_participant_id": "u", "client_specific_id": "u", "c": {"dyte_bucket_config": 1}}],
    }


def test_errors_have_dytes_shape_and_still_say_where() -> None:
    failed = {
        "success": False,
        "error": {"code": 400, "id": "invalid_field", "message": "m"},
        "errors": [{"code": 40002, "message": "m", "source": {"pointer": "/name"}}],
        "messages": [],
        "result": None,
    }
    assert outward("/presets", failed) == {
        "success": False,
        "error": {"code": 400, "id": "invalid_field", "message": "m", "source": {"pointer": "/name"}},
    }


def test_an_answer_that_is_text_was_translated_before() -> None:
    assert outward("/meetings", '{"success": true}') == '{"success": true}'


def test_what_makes_something_answers_201() -> None:
    assert status_outward("POST", "/webhooks", 200) == 201
    assert status_outward("POST", "/webhooks", 400) == 400
    assert status_outward("GET", "/webhooks", 200) == 200
    assert status_outward("POST", "/meetings/{meeting_id}/active-session/kick", 200) == 200


def test_query_parameters_get_realtimekits_names() -> None:
    assert query_inward({"excludeMeetings": ["true"], "page_no": ["2"]}) == {
        "exclude_meetings": ["true"],
        "page_no": ["2"],
    }
    assert query_inward(None) is None
