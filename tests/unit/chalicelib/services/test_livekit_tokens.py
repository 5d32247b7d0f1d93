"""LiveKit join tokens: what they grant, and every way in which one is refused."""

from typing import Any

import jwt
import pytest
from livekit import api

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.grants import Grants, Source
from chalicelib.contract.ids import AccountId, AppId
from chalicelib.domain.app import ApiKey
from chalicelib.services.livekit_tokens import grants_of_video, verify_livekit_token

NOW_S = 1_700_000_000
SECRET = "s" * 43
KEY = ApiKey("APIKEY1", SECRET, AppId("app"), AccountId("acc"), 0)


def keys(name: str) -> ApiKey | None:
    return KEY if name == KEY.key else None


def token(secret: str = SECRET, algorithm: str = "HS256", headers: dict[str, Any] | None = None, **claims: Any) -> str:
    whole = {
        "iss": KEY.key,
        "sub": "ada",
        "exp": NOW_S + 600,
        "nbf": NOW_S,
        "video": {"roomJoin": True, "room": "m1"},
        **claims,
    }
    present = {name: value for name, value in whole.items() if value is not None}
    return jwt.encode(present, secret, algorithm=algorithm, headers=headers)


def refusal(text: str, now_s: float = NOW_S) -> ErrorId:
    with pytest.raises(ParleyError) as refused:
        verify_livekit_token(text, keys, int(now_s * 1000))
    return refused.value.error


def test_a_token_of_the_official_sdk_is_read() -> None:
    video = api.VideoGrants(room_join=True, room="m1", can_publish_sources=["camera"], can_update_own_metadata=True)
    made = (
        api.AccessToken(KEY.key, SECRET)
        .with_identity("ada")
        .with_name("Ada L")
        .with_metadata("m")
        .with_attributes({"a": "1"})
        .with_grants(video)
    )
    text = made.to_jwt()
    issued = jwt.decode(text, options={"verify_signature": False})["nbf"]
    claims = verify_livekit_token(text, keys, issued * 1000)
    assert (claims.key, claims.identity, claims.room, claims.name) == (KEY, "ada", "m1", "Ada L")
    assert (claims.metadata, claims.attributes) == ("m", {"a": "1"})
    assert claims.grants == Grants((Source.CAMERA,), subscribe=True, publish_data=True, update_own_metadata=True)


@pytest.mark.parametrize(
    ("video", "grants"),
    [
        ({}, Grants(tuple(Source), subscribe=True, publish_data=True)),
        ({"canPublish": False}, Grants((), subscribe=True, publish_data=True)),
        (
            {"canPublish": False, "canPublishSources": ["microphone"]},
            Grants((Source.MICROPHONE,), subscribe=True, publish_data=True),
        ),
        ({"canPublishSources": []}, Grants(tuple(Source), subscribe=True, publish_data=True)),
        ({"canPublishSources": ["nonsense", 7]}, Grants((), subscribe=True, publish_data=True)),
        (
            {"canSubscribe": False, "canPublishData": False, "hidden": True},
            Grants(tuple(Source), subscribe=False, publish_data=False, hidden=True),
        ),
        ({"hidden": "yes", "canUpdateOwnMetadata": 1}, Grants(tuple(Source), subscribe=True, publish_data=True)),
    ],
)
def test_grants_follow_the_video_claim(video: dict[str, Any], grants: Grants) -> None:
    assert grants_of_video(video) == grants


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (token(secret="x" * 43), ErrorId.TOKEN_INVALID),
        (token(iss="APIOTHER"), ErrorId.TOKEN_INVALID),
        (token(iss="../x#y"), ErrorId.TOKEN_INVALID),
        (token(iss=None), ErrorId.TOKEN_INVALID),
        (token(exp=None), ErrorId.TOKEN_INVALID),
        (token(exp=True), ErrorId.TOKEN_INVALID),
        (token(exp=NOW_S - 6), ErrorId.TOKEN_EXPIRED),
        (token(nbf=NOW_S + 6), ErrorId.TOKEN_INVALID),
        (token(sub=None), ErrorId.TOKEN_INVALID),
        (token(sub="x" * 257), ErrorId.TOKEN_INVALID),
        (token(video=None), ErrorId.NOT_ALLOWED),
        (token(video={"room": "m1"}), ErrorId.NOT_ALLOWED),
        (token(video={"roomJoin": "true", "room": "m1"}), ErrorId.NOT_ALLOWED),
        (token(name=7), ErrorId.TOKEN_INVALID),
        (token(attributes={"a": 1}), ErrorId.TOKEN_INVALID),
        (token(algorithm="HS512", secret=SECRET * 2), ErrorId.TOKEN_INVALID),
        (token(algorithm="HS384", secret=SECRET * 2), ErrorId.TOKEN_INVALID),
        (token().rsplit(".", 1)[0] + ".", ErrorId.TOKEN_INVALID),
        ("a.b.c", ErrorId.TOKEN_INVALID),
    ],
)
def test_a_token_that_is_not_right_is_refused(text: str, error: ErrorId) -> None:
    assert refusal(text) is error


def test_leeway_is_five_seconds_both_ways() -> None:
    assert verify_livekit_token(token(exp=NOW_S - 4), keys, NOW_S * 1000).identity == "ada"
    assert verify_livekit_token(token(nbf=NOW_S + 5), keys, NOW_S * 1000).identity == "ada"
