"""The stage through the whole installation: an unmodified `livekit` client publishes once it is granted the stage."""

import httpx
from livekit import rtc

from tests.integration.callers import Backend, joined, remote_track
from tests.integration.live_media import Tone, playing, publish, until
from tests.integration.test_bad_input import bearer, kit


async def test_a_viewer_publishes_once_the_stage_is_granted(backend: Backend) -> None:
    meeting = backend.meeting("webinar")
    live = kit(backend, f"/meetings/{meeting}/active-session")
    tone = Tone(440)
    async with (
        joined(backend, meeting, "ada") as ada,
        joined(backend, meeting, "bob", "webinar_viewer") as bob,
        httpx.AsyncClient(headers=bearer(backend), timeout=15) as http,
        playing(tone),
    ):
        people = (await http.get(f"{live}/participants")).json()["data"]["participants"]
        who = {"participant_id": next(each["id"] for each in people if each["custom_participant_id"] == "bob")}
        asked = await http.post(f"{live}/stage/requests", json=who)
        assert asked.status_code == 201, asked.text
        requests = (await http.get(f"{live}/stage/requests")).json()["data"]["requests"]
        assert [each["custom_participant_id"] for each in requests] == ["bob"]
        granted = await http.post(f"{live}/stage/grant", json=who)
        assert granted.status_code == 200, granted.text
        await publish(bob, tone)
        await until(lambda: remote_track(ada, "bob", rtc.TrackKind.KIND_AUDIO), "audio of bob")
        left = await http.post(f"{live}/stage/leave", json=who)
        assert left.status_code == 200, left.text
        await until(lambda: not ada.remote_participants["bob"].track_publications, "bob to be silent")
        assert (await http.get(f"{live}/stage/requests")).json()["data"]["requests"] == []
