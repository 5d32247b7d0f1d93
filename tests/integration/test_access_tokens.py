"""Access tokens that are not right get one answer, wherever they are shown: Twirp, admissions, a node's two doors."""

import asyncio
import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import aiohttp
import jwt
import pytest
import requests
from livekit.protocol import rtc

from chalicelib.contract.token_claims import INVALID_TOKEN, MAX_TOKEN_BYTES
from chalicelib.services.apps import create_app
from chalicelib.services.tokens import TokenSigner
from tests.integration.callers import Backend
from tests.integration.control_plane import NODE_SECRET, ControlPlane, running_control_plane
from tests.running_parley import RunningParley
from tests.token_vectors import Forger, bad_tokens

ENVELOPED = {
    "success": False,
    "error": {"code": 401, "id": "token_invalid", "message": INVALID_TOKEN},
    "errors": [{"code": 40104, "message": INVALID_TOKEN}],
}
TWIRP = {"code": "unauthenticated", "msg": INVALID_TOKEN, "meta": {"error_id": "token_invalid"}}


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    with running_control_plane() as running:
        yield running


def forger_of(key: Any, other: Any, signer: TokenSigner, room: str) -> Forger:
    return Forger(
        key=key.key,
        secret=key.secret,
        other_key=other.key,
        other_secret=other.secret,
        room=room,
        now_s=int(time.time()),
        signing_kid=signer.kid,
        signing_public_key=jwt.utils.base64url_decode(signer.signing_key.public_key),
    )


def test_the_control_plane_refuses_them_all_alike(plane: ControlPlane) -> None:
    other = create_app(plane.deps, plane.app.app.account_id, "another").api_key
    forger = forger_of(plane.app.api_key, other, plane.deps.signer, "the room")
    node = {"node_id": "nd_aaaaaaaa", "url": "http://127.0.0.1:1", "version": "0"}
    registered = post(plane, "/internal/nodes", node, NODE_SECRET).json()["data"]

    def admission(token: str) -> requests.Response:
        asked = {"token": token, "peer_id": "01890000-0000-7000-8000-000000000000", "check_only": True}
        return post(plane, "/internal/admissions", asked, registered["node_token"])

    assert admission(forger.token()).status_code == 200
    assert twirp(plane, forger.token()).json()["name"] == "the room"
    vectors = bad_tokens(forger)
    assert len(vectors) >= 60
    for name, token in vectors.items():
        refused = admission(token)
        assert refused.status_code == 401, name
        assert {part: refused.json()[part] for part in ENVELOPED} == ENVELOPED, name
        answer = twirp(plane, token)
        assert (answer.status_code, answer.json()) == (401, TWIRP), name


def test_a_token_of_a_revoked_key_is_one_of_them(plane: ControlPlane) -> None:
    url = f"{plane.url}/client/v4/accounts/{plane.account_id}/realtime/kit/{plane.app_id}/api-keys"
    headers = {"Authorization": f"Bearer {plane.api_token}"}
    made = requests.post(url, json={"name": "second"}, headers=headers, timeout=10)
    assert made.ok, made.text
    key = made.json()["data"]
    claims = {"iss": key["key"], "exp": int(time.time()) + 600, "video": {"roomCreate": True}}
    token = jwt.encode(claims, key["secret"], "HS256")
    assert twirp(plane, token).status_code == 200
    gone = requests.delete(f"{url}/{key['key']}", headers=headers, timeout=10)
    assert gone.ok, gone.text
    assert (twirp(plane, token).status_code, twirp(plane, token).json()) == (401, TWIRP)


def test_who_shows_no_token_or_an_old_one_is_told_so(plane: ControlPlane) -> None:
    forger = forger_of(plane.app.api_key, plane.app.api_key, plane.deps.signer, "the room")
    old = twirp(plane, forger.token(exp=forger.now_s - 60))
    assert (old.status_code, old.json()["meta"]["error_id"]) == (401, "token_expired")
    url = f"{plane.url}/twirp/livekit.RoomService/CreateRoom"
    none = requests.post(url, json={}, timeout=10)
    assert (none.status_code, none.json()["meta"]["error_id"]) == (401, "token_missing")


@pytest.mark.slow
async def test_a_node_refuses_them_all_alike_at_both_doors(parley: RunningParley, backend: Backend) -> None:
    env = parley.env
    made = backend.client.realtime_kit.apps.post(account_id=env["PARLEY_ACCOUNT_ID"], name=f"forger {time.time()}")
    other = made.to_dict()["data"]["api_key"]  # type: ignore[index]
    seed = json.loads((parley.data_dir / "credentials.json").read_text())["signing_key"]
    forger = forger_of(
        Key(env["LIVEKIT_API_KEY"], env["LIVEKIT_API_SECRET"]),
        Key(other["key"], other["secret"]),
        TokenSigner(jwt.utils.base64url_decode(seed)),
        backend.meeting(),
    )
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{parley.url}/rtc/v1/validate", params={"access_token": forger.token()}) as answer:
            assert (answer.status, await answer.text()) == (200, "success")
        vectors = bad_tokens(forger)
        huge = [token for token in vectors.values() if len(token) > MAX_TOKEN_BYTES]
        for token in huge:  # they do not get to the node: the request line is too long for who is in front of it
            async with http.get(f"{parley.url}/rtc/v1/validate", params={"access_token": token}) as answer:
                assert answer.status in (400, 401)
        everyone = [refusals(http, parley, name, token) for name, token in vectors.items() if token not in huge]
        assert len(everyone) >= 60
        for group in range(0, len(everyone), 10):
            await asyncio.gather(*everyone[group : group + 10])


class Key:
    def __init__(self, key: str, secret: str) -> None:
        self.key, self.secret = key, secret


async def refusals(http: aiohttp.ClientSession, parley: RunningParley, name: str, token: str) -> None:
    async with http.get(f"{parley.url}/rtc/v1/validate", params={"access_token": token}) as answer:
        assert (answer.status, await answer.json()) == (401, ENVELOPED), f"{name}: validate"
    wrapped = rtc.WrappedJoinRequest(join_request=rtc.JoinRequest(metadata="m").SerializeToString())
    query = {"access_token": token, "join_request": base64.urlsafe_b64encode(wrapped.SerializeToString()).decode()}
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(),
    }
    async with http.get(f"{parley.url}/rtc/v1", params=query, headers=upgrade) as answer:
        assert (answer.status, await answer.json()) == (401, ENVELOPED), f"{name}: join"


def post(plane: ControlPlane, path: str, body: Any, bearer: str) -> requests.Response:
    return requests.post(plane.url + path, json=body, headers={"Authorization": f"Bearer {bearer}"}, timeout=10)


def twirp(plane: ControlPlane, token: str) -> requests.Response:
    return post(plane, "/twirp/livekit.RoomService/CreateRoom", {"name": "the room"}, token)
