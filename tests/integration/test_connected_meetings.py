"""Breakout rooms through the whole installation: an unmodified `livekit` client is moved there and comes back."""

import httpx

from tests.integration.callers import Backend, joined
from tests.integration.live_media import until
from tests.integration.test_bad_input import bearer, kit


async def test_somebody_is_moved_to_a_breakout_room_and_returns_when_it_is_closed(backend: Backend) -> None:
    parent = backend.meeting("all hands")
    rooms, live = (kit(backend, f"/meetings/{parent}/{part}") for part in ("connected-meetings", "active-session"))
    async with (
        joined(backend, parent, "ada") as ada,
        joined(backend, parent, "bob") as bob,
        httpx.AsyncClient(headers=bearer(backend), timeout=15) as http,
    ):
        await until(lambda: "bob" in ada.remote_participants, "bob to be seen")
        session = (await http.get(live)).json()["data"]["id"]
        made = await http.post(rooms, json={"meetings": [{"title": "red"}]})
        assert made.status_code == 201, made.text
        (red,) = made.json()["data"]["meetings"]
        moved = await http.post(f"{live}/move", json={"custom_participant_ids": ["bob"], "meeting_id": red["id"]})
        assert moved.status_code == 200, moved.text
        await until(lambda: "bob" not in ada.remote_participants, "bob to be gone")
        async with joined(backend, red["id"], "eve") as eve:
            await until(lambda: "bob" in eve.remote_participants, "bob in the breakout room")
        shown = await http.get(kit(backend, f"/sessions/{session}"), params={"include_breakout_rooms": "true"})
        assert [each["associated_id"] for each in shown.json()["data"]["breakout_rooms"]] == [red["id"]]
        closed = await http.delete(f"{rooms}/{red['id']}")
        assert (closed.status_code, closed.json()["data"]["returned_participants_count"]) == (200, 1), closed.text
        await until(lambda: "bob" in ada.remote_participants, "bob to be back")
        assert bob.isconnected()
        assert (await http.get(rooms)).json()["data"]["meetings"] == []
