"""The session of a real call: it starts with the first join, counts, and ends by itself, whatever dies."""

import os
import signal
from pathlib import Path

import httpx
import pytest
from livekit import rtc

from tests.integration.callers import Backend, backend_of, joined
from tests.integration.live_media import until
from tests.integration.test_bad_input import bearer, kit
from tests.running_parley import running_parley


def session_of(backend: Backend, meeting: str) -> dict[str, object]:
    """Return the latest session of a meeting, as the API tells it."""
    answer = httpx.get(kit(backend, "/sessions"), params={"associated_id": meeting}, headers=bearer(backend)).json()
    sessions = answer["data"]["sessions"]
    return sessions[0] if sessions else {}


def active(backend: Backend, meeting: str) -> int:
    return httpx.get(kit(backend, f"/meetings/{meeting}/active-session"), headers=bearer(backend)).status_code


async def test_it_starts_counts_and_ends_after_the_grace(backend: Backend) -> None:
    meeting = backend.meeting("session", keep_alive=1)
    assert active(backend, meeting) == 404
    async with joined(backend, meeting, "ada"):
        live = backend.client.realtime_kit.active_session.get_active_session(
            meeting, **backend.ids, app_id=backend.app_id
        )
        assert live.data is not None
        assert (live.data.status, live.data.live_participants) == ("LIVE", 1)
        async with joined(backend, meeting, "bob"):
            assert session_of(backend, meeting)["live_participants"] == 2
    await until(lambda: session_of(backend, meeting)["status"] == "ENDED", "the session to end", 10)
    ended = session_of(backend, meeting)
    assert ended["max_concurrent_participants"] == 2
    assert ended["live_participants"] == 0
    assert ended["ended_at"]
    assert float(str(ended["minutes_consumed"])) > 0
    assert active(backend, meeting) == 404
    people = httpx.get(kit(backend, f"/sessions/{ended['id']}/participants"), headers=bearer(backend)).json()
    assert {each["custom_participant_id"] for each in people["data"]["participants"]} == {"ada", "bob"}
    assert all(each["joined_at"] and each["left_at"] for each in people["data"]["participants"])


async def test_a_rejoin_within_the_grace_keeps_the_session(backend: Backend) -> None:
    meeting = backend.meeting("rejoin", keep_alive=5)
    async with joined(backend, meeting, "ada"):
        first = session_of(backend, meeting)["id"]
    await until(lambda: session_of(backend, meeting)["live_participants"] == 0, "the leave")
    async with joined(backend, meeting, "ada"):
        again = session_of(backend, meeting)
        assert (again["id"], again["status"], again["live_participants"]) == (first, "LIVE", 1)


async def test_no_grace_ends_at_once_and_the_next_join_is_a_new_session(backend: Backend) -> None:
    meeting = backend.meeting("no grace", keep_alive=0)
    async with joined(backend, meeting, "ada"):
        first = session_of(backend, meeting)["id"]
    await until(lambda: session_of(backend, meeting)["status"] == "ENDED", "the session to end", 10)
    async with joined(backend, meeting, "ada"):
        assert session_of(backend, meeting)["id"] != first


@pytest.mark.slow
async def test_a_killed_node_ends_its_session_and_the_call_goes_on_in_a_new_one(tmp_path: Path) -> None:
    with running_parley(tmp_path / "data") as parley:
        caller = backend_of(parley.env)
        meeting = caller.meeting("killed node", keep_alive=60)
        room = rtc.Room()
        await room.connect(parley.env["LIVEKIT_URL"], caller.token(meeting, "ada"))
        first = session_of(caller, meeting)
        assert first["status"] == "LIVE"
        os.kill(parley.child_pid("node"), signal.SIGKILL)

        def ended() -> bool:
            path = kit(caller, f"/sessions/{first['id']}")
            return bool(httpx.get(path, headers=bearer(caller)).json()["data"]["status"] == "ENDED")

        await until(ended, "the session of the dead node to end", 30)
        # The client reconnects by itself, to the node that took the dead one's place, and that is a new session.
        await until(lambda: session_of(caller, meeting)["id"] != first["id"], "a new session", 60)
        await room.disconnect()
