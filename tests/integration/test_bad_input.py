"""What strangers and mistakes send to a whole Parley: a clear error in the envelope each, and nothing is stored."""

import asyncio
import json
import os
import socket
import time
from collections.abc import Iterator
from typing import Any

import aiohttp
import httpx
import jwt
import pytest
from livekit import api, rtc

from chalicelib.contract.ids import uuid7
from infra.local.credentials import load_or_make
from tests.integration.callers import Backend, joined, remote_track
from tests.integration.live_media import Tone, heard_frequency, playing, publish, until, within
from tests.running_parley import RunningParley

ABSENT = uuid7(1, bytes(10))


def kit(backend: Backend, path: str = "") -> str:
    account = backend.env["PARLEY_ACCOUNT_ID"]
    return f"{backend.env['CLOUDFLARE_BASE_URL']}/accounts/{account}/realtime/kit/{backend.app_id}{path}"


def bearer(backend: Backend) -> dict[str, str]:
    return {"Authorization": f"Bearer {backend.env['CLOUDFLARE_API_TOKEN']}"}


def counts(backend: Backend) -> tuple[float, int]:
    """Return how many meetings and sessions are stored."""
    kit_client = backend.client.realtime_kit
    meetings = kit_client.meetings.get(backend.app_id, **backend.ids).paging.total_count
    sessions = httpx.get(kit(backend, "/sessions"), headers=bearer(backend)).json()["paging"]["total_count"]
    return meetings, sessions


@pytest.fixture
def nothing_stored(backend: Backend) -> Iterator[None]:
    before = counts(backend)
    yield
    assert counts(backend) == before


def assert_refused(answer: httpx.Response, status: int, error_id: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["success"] is False
    assert (body["error"]["code"], body["error"]["id"]) == (status, error_id)
    assert body["errors"][0]["message"] == body["error"]["message"]
    assert isinstance(body["errors"][0]["code"], int)
    return body


@pytest.mark.usefixtures("nothing_stored")
class TestApi:
    def test_no_credential(self, backend: Backend) -> None:
        assert_refused(httpx.post(kit(backend, "/meetings"), json={}), 401, "credential_missing")

    def test_unknown_credential(self, backend: Backend) -> None:
        answer = httpx.post(kit(backend, "/meetings"), json={}, headers={"Authorization": "Bearer nobody"})
        assert_refused(answer, 401, "credential_invalid")

    def test_another_accounts_path_looks_like_one_that_does_not_exist(self, backend: Backend) -> None:
        path = kit(backend, "/meetings").replace(backend.env["PARLEY_ACCOUNT_ID"], ABSENT)
        assert_refused(httpx.get(path, headers=bearer(backend)), 404, "account_not_found")

    def test_unknown_app(self, backend: Backend) -> None:
        path = kit(backend, "/meetings").replace(backend.app_id, ABSENT)
        assert_refused(httpx.post(path, json={}, headers=bearer(backend)), 404, "app_not_found")

    def test_malformed_json(self, backend: Backend) -> None:
        headers = {**bearer(backend), "Content-Type": "application/json"}
        answer = httpx.post(kit(backend, "/meetings"), content=b'{"title": ', headers=headers)
        assert_refused(answer, 400, "invalid_json")

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"title": 5}, "/title"),
            ({"title": "x" * 257}, "/title"),
            ({"session_keep_alive_time_in_secs": 601}, "/session_keep_alive_time_in_secs"),
            ({"session_keep_alive_time_in_secs": "60"}, "/session_keep_alive_time_in_secs"),
            ({"persist_chat": "yes"}, "/persist_chat"),
        ],
    )
    def test_wrong_types_and_values_name_the_field(self, backend: Backend, body: object, pointer: str) -> None:
        answer = httpx.post(kit(backend, "/meetings"), json=body, headers=bearer(backend))
        assert assert_refused(answer, 400, "invalid_field")["errors"][0]["source"]["pointer"] == pointer

    def test_a_body_over_256_kb(self, backend: Backend) -> None:
        answer = httpx.post(kit(backend, "/meetings"), json={"title": "x" * 300_000}, headers=bearer(backend))
        assert_refused(answer, 413, "body_too_large")

    def test_unknown_meeting(self, backend: Backend) -> None:
        body = {"custom_participant_id": "a", "preset_name": "group_call_host"}
        answer = httpx.post(kit(backend, f"/meetings/{ABSENT}/participants"), json=body, headers=bearer(backend))
        assert_refused(answer, 404, "meeting_not_found")
        assert_refused(httpx.get(kit(backend, "/meetings/no-uuid"), headers=bearer(backend)), 404, "meeting_not_found")

    def test_an_unknown_path(self, backend: Backend) -> None:
        assert_refused(httpx.get(f"{backend.env['PARLEY_URL']}/nothing/here"), 404, "route_not_found")


def test_unknown_preset_stores_no_participant(backend: Backend) -> None:
    meeting = backend.meeting()
    body = {"custom_participant_id": "a", "preset_name": "no_such_preset"}
    answer = httpx.post(kit(backend, f"/meetings/{meeting}/participants"), json=body, headers=bearer(backend))
    refused = assert_refused(answer, 400, "unknown_preset")
    assert refused["errors"][0]["source"]["pointer"] == "/preset_name"
    stored = httpx.get(kit(backend, f"/meetings/{meeting}/participants"), headers=bearer(backend)).json()
    assert stored["data"] == []


def refusal_of_a_join(backend: Backend, token: str | None) -> httpx.Response:
    """Ask as the SDKs do after a WebSocket that did not open."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{backend.env['PARLEY_URL']}/rtc/v1/validate", headers=headers)


class TestJoin:
    def test_no_token(self, backend: Backend) -> None:
        assert_refused(refusal_of_a_join(backend, None), 401, "token_missing")

    def test_an_expired_token(self, backend: Backend, parley: RunningParley) -> None:
        good = backend.token(backend.meeting(), "late")
        claims = jwt.decode(good, options={"verify_signature": False})
        claims["exp"] = int(time.time()) - 60
        assert_refused(refusal_of_a_join(backend, resigned(parley, good, claims)), 401, "token_expired")

    def test_a_token_of_another_app_does_not_open_this_apps_meeting(
        self, backend: Backend, parley: RunningParley
    ) -> None:
        made = httpx.post(kit(backend).rsplit("/", 1)[0] + "/apps", json={"name": "other"}, headers=bearer(backend))
        good = backend.token(backend.meeting(), "ada")
        claims = jwt.decode(good, options={"verify_signature": False})
        claims["app"] = made.json()["data"]["app"]["id"]
        answer = refusal_of_a_join(backend, resigned(parley, good, claims))
        assert answer.status_code in (401, 404)
        assert answer.json()["success"] is False
        key = made.json()["data"]["api_key"]
        foreign = api.AccessToken(key["key"], key["secret"]).with_identity("eve")
        foreign = foreign.with_grants(api.VideoGrants(room_join=True, room=backend.meeting()))
        refused = assert_refused(refusal_of_a_join(backend, foreign.to_jwt()), 404, "meeting_not_found")
        assert "requested room does not exist" in refused["error"]["message"]  # else livekit-client never gives up

    @pytest.mark.parametrize("mangle", [lambda t: t[:-4] + "AAAA", lambda t: t.rsplit(".", 1)[0] + ".", lambda t: "x"])
    def test_a_forged_token(self, backend: Backend, mangle: Any) -> None:
        token = mangle(backend.token(backend.meeting(), "ada"))
        assert_refused(refusal_of_a_join(backend, token), 401, "token_invalid")

    def test_an_unsigned_token(self, backend: Backend) -> None:
        claims = jwt.decode(backend.token(backend.meeting(), "ada"), options={"verify_signature": False})
        assert_refused(refusal_of_a_join(backend, jwt.encode(claims, "", algorithm="none")), 401, "token_invalid")

    def test_an_inactive_meeting(self, backend: Backend) -> None:
        meeting = backend.meeting()
        token = backend.token(meeting, "ada")
        backend.client.realtime_kit.meetings.update_meeting_by_id(
            meeting, **backend.ids, app_id=backend.app_id, status="INACTIVE"
        )
        assert_refused(refusal_of_a_join(backend, token), 403, "meeting_inactive")

    def test_a_deleted_participant(self, backend: Backend) -> None:
        meeting = backend.meeting()
        token = backend.token(meeting, "ada")
        claims = jwt.decode(token, options={"verify_signature": False})
        backend.client.realtime_kit.meetings.delete_meeting_participant(
            claims["sub"], **backend.ids, app_id=backend.app_id, meeting_id=meeting
        )
        assert_refused(refusal_of_a_join(backend, token), 401, "token_revoked")

    async def test_the_sdk_says_that_it_was_refused(self, backend: Backend) -> None:
        with pytest.raises(rtc.ConnectError):
            await rtc.Room().connect(backend.env["LIVEKIT_URL"], "not a token")


def resigned(parley: RunningParley, token: str, claims: dict[str, Any]) -> str:
    """Return other claims under the installation's own signature: what only the control plane could make."""
    import base64

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    seed = load_or_make(parley.data_dir / "credentials.json").signing_key
    key = Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(seed + "="))
    return jwt.encode(claims, key, algorithm="EdDSA", headers=jwt.get_unverified_header(token))


async def test_garbage_on_the_websocket_ends_that_socket_and_nothing_else(backend: Backend) -> None:
    meeting = backend.meeting("garbage")
    tone = Tone(440)
    async with joined(backend, meeting, "ada") as ada, joined(backend, meeting, "bob") as bob, playing(tone):
        await publish(ada, tone)
        await until(lambda: remote_track(bob, "ada", rtc.TrackKind.KIND_AUDIO), "audio of ada")
        url = backend.env["LIVEKIT_URL"] + "/rtc/v1"
        async with aiohttp.ClientSession() as session:
            for query in ({}, {"join_request": "%%%"}, {"join_request": "AAAA"}, {"join_request": "x" * 4000}):
                params = {**query, "access_token": backend.token(meeting, "eve")}
                try:
                    socket_ = await session.ws_connect(url, params=params)
                except aiohttp.WSServerHandshakeError as error:
                    assert 400 <= error.status < 500
                    continue
                for payload in (os.urandom(100), b"", b"\xff" * 1000):
                    await socket_.send_bytes(payload)
                await socket_.send_str("{" * 1000)
                await within(10, "the socket to be closed", drained(socket_))
        track = remote_track(bob, "ada", rtc.TrackKind.KIND_AUDIO)
        assert track is not None
        assert abs(await within(15, "sound", heard_frequency(track)) - 440) <= 4


async def drained(ws: aiohttp.ClientWebSocketResponse) -> None:
    async for _ in ws:
        pass


async def test_a_call_does_not_notice_100_000_garbage_datagrams(backend: Backend) -> None:
    meeting = backend.meeting("flood")
    tone = Tone(440)
    lost: list[object] = []
    async with joined(backend, meeting, "ada") as ada, joined(backend, meeting, "bob") as bob, playing(tone):
        await publish(ada, tone)
        await until(lambda: remote_track(bob, "ada", rtc.TrackKind.KIND_AUDIO), "audio of ada")
        for room in (ada, bob):
            room.on("disconnected", lost.append)
            room.on("reconnecting", lambda: lost.append("reconnecting"))
        await asyncio.to_thread(flood, int(backend.env["PARLEY_MEDIA_PORT"]), 100_000)
        track = remote_track(bob, "ada", rtc.TrackKind.KIND_AUDIO)
        assert track is not None
        assert abs(await within(15, "sound", heard_frequency(track)) - 440) <= 4
        assert lost == []


def flood(port: int, datagrams: int) -> None:
    """Send random, empty and half-plausible datagrams from an address that never passed a check."""
    noise = [os.urandom(size) for size in (1, 20, 100, 1200)]
    kinds = [
        b"",
        *noise,
        b"\x16\xfe\xff" + os.urandom(60),  # DTLS
        b"\x80\x60" + os.urandom(100),  # RTP
        b"\x00\x01\x00\x00\x21\x12\xa4\x42" + os.urandom(12),  # STUN without integrity
    ]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for number in range(datagrams):
            stranger.sendto(kinds[number % len(kinds)], ("127.0.0.1", port))


def test_health_says_what_is_up(backend: Backend) -> None:
    answer = httpx.get(f"{backend.env['PARLEY_URL']}/health")
    assert answer.status_code == 200, answer.text
    assert json.loads(answer.text)
