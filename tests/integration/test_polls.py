"""Polls through the whole installation: asked with the official SDK, seen by unmodified `livekit` clients."""

import asyncio
import json
from typing import Any

import httpx
from livekit import rtc

from tests.integration.callers import Backend, joined
from tests.integration.live_media import until
from tests.integration.test_bad_input import bearer, kit


async def test_a_poll_is_seen_in_the_call_and_voted_in(backend: Backend) -> None:
    meeting = backend.meeting("poll")
    seen: list[dict[str, Any]] = []

    def take(packet: rtc.DataPacket) -> None:
        if packet.topic == "parley.poll":
            seen.append(json.loads(packet.data))

    async with joined(backend, meeting, "ada") as ada, httpx.AsyncClient(headers=bearer(backend)) as http:
        ada.on("data_received", take)
        options = ["yes", "no"]
        made = await asyncio.to_thread(
            lambda: backend.client.realtime_kit.active_session.create_poll(
                meeting, **backend.ids, app_id=backend.app_id, question="Lunch?", options=options
            )
        )
        assert made.data and made.data.poll
        poll = made.data.poll
        assert [(option.text, option.count) for option in poll.options] == [("yes", 0), ("no", 0)]
        await until(lambda: seen, "the poll to be seen")
        assert (seen[0]["type"], seen[0]["poll"]["id"], seen[0]["poll"]["question"]) == (
            "poll.created",
            poll.id,
            "Lunch?",
        )
        live = kit(backend, f"/meetings/{meeting}/active-session")
        people = (await http.get(f"{live}/participants")).json()["data"]["participants"]
        body = {"participant_id": people[0]["id"], "option": 1}
        voted = await http.post(f"{live}/polls/{poll.id}/votes", json=body)
        assert voted.status_code == 200, voted.text
        await until(lambda: len(seen) == 2, "the vote to be seen")
        assert seen[1]["poll"]["options"][1]["count"] == 1
        assert seen[1]["poll"]["options"][1]["votes"] == [{"id": people[0]["id"], "name": "Ada"}]
        listed = (await http.get(f"{live}/polls")).json()["data"]["polls"]
        assert listed == [voted.json()["data"]["poll"]]
        wrong = await http.post(f"{live}/polls/{poll.id}/votes", json={**body, "option": "1"})
        assert (wrong.status_code, wrong.json()["errors"][0]["source"]["pointer"]) == (400, "/option")
