"""What Dyte's and VideoSDK's calls do to people in a call: seen by unmodified `livekit` clients, told by both APIs."""

import asyncio
import base64
import time
from typing import Any

import httpx
import jwt
import pytest
from livekit import rtc

from tests.integration.callers import Backend, joined
from tests.integration.live_media import until

SEEN_WITHIN_S = 5.0


class Api:
    """One of the two APIs with its credential; calls run beside the clients of the test."""

    def __init__(self, backend: Backend, prefix: str, authorization: str) -> None:
        self._base = backend.env["PARLEY_URL"] + prefix
        self._headers = {"Authorization": authorization}

    async def __call__(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        async with httpx.AsyncClient(headers=self._headers, timeout=20) as http:
            return await http.request(method, self._base + path, json=body)

    async def got(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = await self(method, path, body)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()


@pytest.fixture
def dyte(backend: Backend) -> Api:
    pair = f"{backend.app_id}:{backend.env['CLOUDFLARE_API_TOKEN']}"
    return Api(backend, "/dyte/v2", "Basic " + base64.b64encode(pair.encode()).decode())


@pytest.fixture
def videosdk(backend: Backend) -> Api:
    claims = {"apikey": backend.env["LIVEKIT_API_KEY"], "permissions": ["allow_join"], "exp": int(time.time()) + 600}
    return Api(backend, "/videosdk/v2", jwt.encode(claims, backend.env["LIVEKIT_API_SECRET"], algorithm="HS256"))


def gone_because(room: rtc.Room) -> list[Any]:
    reasons: list[Any] = []
    room.on("disconnected", reasons.append)
    return reasons


async def both_there(ada: rtc.Room, bob: rtc.Room) -> None:
    await until(lambda: "bob" in ada.remote_participants and "ada" in bob.remote_participants, "both to be seen")


async def test_dyte_kicks_one_and_ends_the_call_for_all(backend: Backend, dyte: Api) -> None:
    meeting = (await dyte.got("POST", "/meetings", {"title": "dyte"}))["data"]["id"]
    live = f"/meetings/{meeting}/active-session"
    async with joined(backend, meeting, "ada") as ada, joined(backend, meeting, "bob") as bob:
        await both_there(ada, bob)
        session = (await dyte.got("GET", live))["data"]
        assert (session["status"], session["live_participants"]) == ("LIVE", 2)
        assert (await dyte.got("POST", live + "/mute", {"custom_participant_ids": ["bob"]}))["success"]
        assert (await dyte.got("POST", live + "/mute-all", {"allow_unmute": True}))["success"]
        kicked, ended = gone_because(bob), gone_because(ada)
        answer = (await dyte.got("POST", live + "/kick", {"custom_participant_ids": ["bob"]}))["data"]
        assert answer["action"] == "kick" and len(answer["participants"]) == 1
        await until(lambda: kicked == [rtc.DisconnectReason.PARTICIPANT_REMOVED], "bob to be sent away", SEEN_WITHIN_S)
        assert (await dyte.got("POST", live + "/kick-all"))["data"]["kicked_participants_count"] == 1
        await until(lambda: bool(ended), "ada to be sent away", SEEN_WITHIN_S)
    assert (await dyte("GET", live)).status_code == 404
    people = (await dyte.got("GET", f"/sessions/{session['id']}/participants"))["data"]["participants"]
    assert {each["client_specific_id"] for each in people} == {"ada", "bob"}
    assert (await dyte.got("GET", f"/sessions/{session['id']}"))["data"]["status"] == "ENDED"


async def test_videosdk_lists_removes_and_ends(backend: Backend, videosdk: Api) -> None:
    room = await videosdk.got("POST", "/rooms", {"customRoomId": f"call-{time.time_ns()}"})
    async with joined(backend, room["id"], "ada") as ada, joined(backend, room["id"], "bob") as bob:
        await both_there(ada, bob)
        (session,) = (await videosdk.got("GET", f"/sessions?customRoomId={room['customRoomId']}"))["data"]
        assert (session["roomId"], session["status"], session["end"]) == (room["roomId"], "ongoing", None)
        assert [each["participantId"] for each in session["participants"]] == ["ada", "bob"]
        path = f"/sessions/{session['id']}"
        assert await videosdk.got("GET", path) == session
        removed, ended = gone_because(bob), gone_because(ada)
        order = {"roomId": room["roomId"], "sessionId": session["id"], "participantId": "bob"}
        assert (await videosdk.got("POST", "/sessions/participants/remove", order))["id"] == session["id"]
        await until(lambda: removed == [rtc.DisconnectReason.PARTICIPANT_REMOVED], "bob to be sent away", SEEN_WITHIN_S)
        assert (await videosdk("POST", "/sessions/participants/remove", order | {"participantId": "eve"})).json()[
            "code"
        ] == 4004
        for _ in range(50):  # the node reports a leave in its next batch of events
            active = await videosdk.got("GET", path + "/participants/active")
            if active["pageInfo"]["total"] == 1:
                break
            await asyncio.sleep(0.1)
        assert [each["participantId"] for each in active["data"]] == ["ada"]
        over = await videosdk.got("POST", "/sessions/end", {"roomId": room["roomId"]})
        assert (over["id"], over["status"]) == (session["id"], "ended") and over["end"]
        await until(lambda: bool(ended), "ada to be sent away", SEEN_WITHIN_S)
    everybody = await videosdk.got("GET", path + "/participants?perPage=1")
    assert everybody["pageInfo"] == {"currentPage": 1, "perPage": 1, "lastPage": 2, "total": 2}
    assert everybody["data"][0]["timelog"][0]["end"]
    assert (await videosdk.got("GET", path + "/participants/active"))["data"] == []
    assert (await videosdk("POST", "/sessions/end", {"roomId": room["roomId"]})).status_code == 404


async def test_a_token_of_videosdk_admits_nobody(backend: Backend, videosdk: Api) -> None:
    token = videosdk._headers["Authorization"]
    with pytest.raises(rtc.ConnectError):
        await rtc.Room().connect(backend.env["LIVEKIT_URL"], token)
