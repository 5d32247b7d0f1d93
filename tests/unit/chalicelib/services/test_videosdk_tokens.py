"""VideoSDK's tokens: what is taken, and that whatever is wrong with one looks the same."""

from typing import Any

import jwt
import pytest

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AccountId, AppId
from chalicelib.domain.app import ApiKey
from chalicelib.services.videosdk_tokens import Permission, VideoSdkToken, verify_videosdk_token

NOW_S = 1_800_000_000
KEY = ApiKey("APIAAAA", "s" * 64, AppId("app"), AccountId("account"), 0)
OTHER = ApiKey("APIBBBB", "t" * 64, AppId("other"), AccountId("account"), 0)
ABSENT = object()


def signed(
    secret: str = KEY.secret, algorithm: str = "HS256", headers: dict[str, Any] | None = None, **claims: Any
) -> str:
    whole = {"apikey": KEY.key, "permissions": ["allow_join"], "exp": NOW_S + 60, **claims}
    kept = {name: value for name, value in whole.items() if value is not ABSENT}
    return jwt.encode(kept, secret, algorithm=algorithm, headers=headers)


def verify(token: str) -> VideoSdkToken:
    return verify_videosdk_token(token, lambda key: {KEY.key: KEY, OTHER.key: OTHER}.get(key), NOW_S * 1000)


def refused(token: str) -> ErrorId:
    with pytest.raises(ParleyError) as error:
        verify(token)
    return error.value.error


def test_a_token_says_whose_it_is_and_what_it_allows() -> None:
    token = verify(signed(permissions=["allow_join", "allow_mod"], iat=NOW_S))
    assert token.key is KEY and token.may_change and token.room == ""
    assert token.permissions == {Permission.ALLOW_JOIN, Permission.ALLOW_MOD}


def test_a_token_of_version_2_is_confined_to_its_room_and_needs_the_role_of_the_api() -> None:
    token = verify(signed(version=2, roomId="abcd-efgh-ijkl", participantId="p", roles=["crawler", "rtc"]))
    assert token.room == "abcd-efgh-ijkl"
    assert refused(signed(version=2, roles=["rtc"])) is ErrorId.NOT_ALLOWED


def test_one_that_must_ask_to_join_is_for_looking_only() -> None:
    assert not verify(signed(permissions=["ask_join"])).may_change


@pytest.mark.parametrize("also", [["allow_join"], ["allow_mod"], ["allow_join", "allow_mod"]])
def test_asking_and_being_allowed_contradict_each_other(also: list[str]) -> None:
    assert refused(signed(permissions=["ask_join", *also])) is ErrorId.INVALID_PERMISSIONS


def test_contradictions_are_told_to_those_only_who_hold_the_secret() -> None:
    assert refused(signed("wrong" * 10, permissions=["ask_join", "allow_join"])) is ErrorId.TOKEN_INVALID


def test_a_late_or_absent_token_is_told_so() -> None:
    assert refused(signed(exp=NOW_S - 60)) is ErrorId.TOKEN_EXPIRED
    assert refused("") is ErrorId.TOKEN_MISSING


@pytest.mark.parametrize(
    "token",
    [
        signed(OTHER.secret),
        signed(apikey=OTHER.key),
        signed(apikey="APINONE"),
        signed(apikey=ABSENT),
        signed(apikey=7),
        signed(apikey="KEY#../x"),
        signed(apikey="A" * 65),
        signed(exp=ABSENT),
        signed(exp="tomorrow"),
        signed(exp=True),
        signed(exp=NOW_S + 20 * 366 * 24 * 3600),
        signed(nbf=NOW_S + 3600),
        signed(iat=NOW_S + 3600),
        signed(permissions=ABSENT),
        signed(permissions=[]),
        signed(permissions="allow_join"),
        signed(permissions=[1]),
        signed(permissions=["everything"]),
        signed(roles="crawler"),
        signed(roles=[None]),
        signed(roomId=7),
        signed(roomId="x" * 257),
        signed(algorithm="HS384"),
        signed(algorithm="HS512"),
        signed(headers={"crit": ["x"], "x": 1}),
        jwt.encode({"apikey": KEY.key, "permissions": ["allow_join"], "exp": NOW_S + 60}, None, algorithm="none"),
        "a.b",
        "a.b.c.d",
        "....",
        "x" * 100_000,
        signed() + "A",
        signed()[:-2],
    ],
)
def test_whatever_is_wrong_the_refusal_is_the_same(token: str) -> None:
    assert refused(token) is ErrorId.TOKEN_INVALID
