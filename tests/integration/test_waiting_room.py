"""The waiting room through the whole installation, with unmodified `livekit` clients."""

import asyncio
from typing import Any

import httpx
import pytest
from livekit import rtc

from tests.integration.callers import Backend, joined
from tests.integration.live_media import until
from tests.integration.test_bad_input import bearer, kit

PRESET = "waits_to_be_accepted"


def waiting_preset(backend: Backend) -> None:
    presets = httpx.get(kit(backend, "/presets"), headers=bearer(backend)).json()["data"]
    listed = next(each for each in presets if each["name"] == "group_call_participant")
    preset: dict[str, Any] = httpx.get(kit(backend, f"/presets/{listed['id']}"), headers=bearer(backend)).json()["data"]
    permissions = {**preset["permissions"], "waiting_room_type": "SKIP_ON_ACCEPT"}
    body = {"name": PRESET, "config": preset["config"], "permissions": permissions, "ui": preset["ui"]}
    made = httpx.post(kit(backend, "/presets"), json=body, headers=bearer(backend))
    assert made.status_code in (200, 201), made.text


async def test_who_waits_gets_in_after_the_host_has_said_so(backend: Backend) -> None:
    waiting_preset(backend)
    meeting = backend.meeting("waiting room")
    room = kit(backend, f"/meetings/{meeting}/active-session/waiting-room")
    async with joined(backend, meeting, "ada") as ada, httpx.AsyncClient(headers=bearer(backend)) as http:
        token = await asyncio.to_thread(backend.token, meeting, "bob", PRESET)
        bob = rtc.Room()
        with pytest.raises(rtc.ConnectError):
            await bob.connect(backend.env["LIVEKIT_URL"], token)
        (waiting,) = (await http.get(room)).json()["data"]["participants"]
        assert waiting["custom_participant_id"] == "bob"
        admitted = await http.post(f"{room}/admit", json={"participant_ids": [waiting["id"]]})
        assert admitted.status_code == 200, admitted.text
        await bob.connect(backend.env["LIVEKIT_URL"], token)
        await until(lambda: "bob" in ada.remote_participants, "bob to be seen")
        await bob.disconnect()
        assert (await http.get(room)).json()["data"]["participants"] == []
        nobody = await http.post(f"{room}/admit", json={})
        assert (nobody.status_code, nobody.json()["error"]["id"]) == (400, "invalid_field")
