"""Dyte's words for RealtimeKit's, both ways. Pure: JSON in, JSON out.

Names are exchanged at every level of a body but for presets, whose free-form parts are the caller's own.
"""

from typing import Any

from chalicelib.contract.errors import ErrorId, ParleyError

DEFAULT_PRESET = "group_call_host"

_INWARD = {"dyte_bucket_config": "realtimekit_bucket_config", "client_specific_id": "custom_participant_id"}
_RENAMED_OUTWARD = {"realtimekit_bucket_config": "dyte_bucket_config"}
_ADDED_OUTWARD = {"custom_participant_id": "client_specific_id"}
_QUERY = {"excludeMeetings": "exclude_meetings"}

_PARTICIPANTS = "/meetings/{meeting_id}/participants"
# POSTs that make something.
_CREATING = {
    "/meetings",
    _PARTICIPANTS,
    "/meetings/{meeting_id}/livestreams",
    "/meetings/{meeting_id}/active-session/poll",
    "/livestreams",
    "/webhooks",
}


def inward(method: str, path: str, body: Any) -> Any:
    """Return the body of a call of RealtimeKit for one of Dyte's. Raises ParleyError for what would be a promise."""
    if not isinstance(body, dict) or path.startswith("/presets"):
        return body
    if body.get("waiting_room") is True and path.startswith("/meetings"):
        # Kept without effect it would let people in whom somebody meant to look at first.
        raise ParleyError(
            ErrorId.NOT_AVAILABLE_YET,
            "a waiting room is a matter of presets here: permissions.waiting_room_type",
            "/waiting_room",
        )
    translated = _renamed(body)
    if method == "POST" and path == _PARTICIPANTS and translated.get("preset_name") is None:
        translated["preset_name"] = DEFAULT_PRESET
    return translated


def query_inward(query: dict[str, list[str]] | None) -> dict[str, list[str]] | None:
    """Return the query parameters under RealtimeKit's names."""
    return query and {_QUERY.get(name, name): values for name, values in query.items()}


def outward(path: str, body: Any) -> Any:
    """Return the body of Dyte's answer for one of RealtimeKit's; text is an answer that was translated before."""
    if not isinstance(body, dict):
        return body
    if body.get("success") is False:
        where = {name: place for detail in body.get("errors", []) for name, place in detail.items() if name == "source"}
        return {"success": False, "error": body["error"] | where}
    return body if path.startswith("/presets") else _dressed(body)


def status_outward(method: str, path: str, status: int) -> int:
    """Return Dyte's status: 201 for what makes something."""
    return 201 if method == "POST" and status == 200 and path in _CREATING else status


def _renamed(value: Any) -> Any:
    if isinstance(value, list):
        return [_renamed(item) for item in value]
    if not isinstance(value, dict):
        return value
    # A name of RealtimeKit's that is there too wins.
    dyte = {_INWARD[name]: _renamed(item) for name, item in value.items() if name in _INWARD}
    return dyte | {name: _renamed(item) for name, item in value.items() if name not in _INWARD}


def _dressed(value: Any) -> Any:
    if isinstance(value, list):
        return [_dressed(item) for item in value]
    if not isinstance(value, dict):
        return value
    dressed = {_RENAMED_OUTWARD.get(name, name): _dressed(item) for name, item in value.items()}
    return dressed | {alias: value[name] for name, alias in _ADDED_OUTWARD.items() if name in value}
