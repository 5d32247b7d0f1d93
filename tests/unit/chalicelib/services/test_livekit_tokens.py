"""LiveKit access tokens: what they grant, and every way in which one is refused."""

from typing import Any

import jwt
import pytest
from livekit import api
from livekit.protocol.agent_dispatch import RoomAgentDispatch
from livekit.protocol.room import RoomConfiguration

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.grants import Grants, Source, narrowed
from chalicelib.contract.ids import AccountId, AppId
from chalicelib.contract.token_claims import INVALID_TOKEN
from chalicelib.domain.app import ApiKey
from chalicelib.domain.livekit_claims import AgentOrder, RoomConfig, read_access_claims
from chalicelib.services.livekit_tokens import verify_join_token, verify_livekit_token
from chalicelib.services.tokens import TokenSigner
from tests.token_vectors import YEAR_S, Forger, bad_tokens

NOW_S = 1_700_000_000
SECRET = "s" * 43
KEY = ApiKey("APIKEY1", SECRET, AppId("app"), AccountId("acc"), 0)
SIGNER = TokenSigner(bytes(range(32)))
FORGER = Forger(
    key=KEY.key,
    secret=SECRET,
    other_key="APIKEY2",
    other_secret="o" * 43,
    room="m1",
    now_s=NOW_S,
    signing_kid=SIGNER.kid,
    signing_public_key=jwt.utils.base64url_decode(SIGNER.signing_key.public_key),
)
BAD = bad_tokens(FORGER)


def keys(name: str) -> ApiKey | None:
    other = ApiKey("APIKEY2", "o" * 43, AppId("other"), AccountId("acc2"), 0)
    return {KEY.key: KEY, other.key: other}.get(name)


def refusal(text: str, now_s: float = NOW_S) -> ParleyError:
    with pytest.raises(ParleyError) as refused:
        verify_join_token(text, keys, int(now_s * 1000))
    return refused.value


def test_a_token_of_the_official_sdk_is_read() -> None:
    video = api.VideoGrants(room_join=True, room="m1", can_publish_sources=["camera"], can_update_own_metadata=True)
    config = RoomConfiguration(
        max_participants=3, empty_timeout=60, metadata="r", agents=[RoomAgentDispatch(agent_name="helper")]
    )
    made = (
        api.AccessToken(KEY.key, SECRET)
        .with_identity("ada")
        .with_name("Ada L")
        .with_kind("agent")
        .with_metadata("m")
        .with_attributes({"a": "1"})
        .with_room_preset("host")
        .with_room_config(config)
        .with_sha256("c2hh")
        .with_grants(video)
    )
    text = made.to_jwt()
    issued = jwt.decode(text, options={"verify_signature": False})["nbf"]
    token = verify_join_token(text, keys, issued * 1000)
    claims = token.claims
    assert (token.key, claims.identity, claims.video.room, claims.name) == (KEY, "ada", "m1", "Ada L")
    assert (claims.metadata, claims.attributes, claims.kind, claims.room_preset) == ("m", {"a": "1"}, "agent", "host")
    assert claims.room_config == RoomConfig(
        empty_timeout_s=60, max_participants=3, metadata="r", agents=(AgentOrder("helper"),)
    )
    assert claims.video.grants == Grants((Source.CAMERA,), subscribe=True, publish_data=True, update_own_metadata=True)


@pytest.mark.parametrize(
    ("video", "grants"),
    [
        ({}, Grants(tuple(Source), subscribe=True, publish_data=True)),
        ({"canPublish": False}, Grants((), subscribe=True, publish_data=True)),
        ({"canPublish": None, "hidden": None}, Grants(tuple(Source), subscribe=True, publish_data=True)),
        (
            {"canPublish": False, "canPublishSources": ["microphone"]},
            Grants((Source.MICROPHONE,), subscribe=True, publish_data=True),
        ),
        ({"canPublishSources": []}, Grants(tuple(Source), subscribe=True, publish_data=True)),
        ({"canPublishSources": ["nonsense"]}, Grants((), subscribe=True, publish_data=True)),
        (
            {"canSubscribe": False, "canPublishData": False, "hidden": True},
            Grants(tuple(Source), subscribe=False, publish_data=False, hidden=True),
        ),
        (
            {"recorder": True, "agent": True},
            Grants(tuple(Source), subscribe=True, publish_data=True, recorder=True, agent=True),
        ),
    ],
)
def test_grants_follow_the_video_claim(video: dict[str, Any], grants: Grants) -> None:
    assert read_access_claims({"video": video}).video.grants == grants


def test_a_presets_rights_are_cut_down_to_those_of_the_token_and_the_reverse() -> None:
    preset = Grants((Source.MICROPHONE,), subscribe=True, publish_data=True, update_own_metadata=True)
    token = Grants(tuple(Source), subscribe=True, hidden=True)
    assert narrowed(preset, token) == Grants((Source.MICROPHONE,), subscribe=True, hidden=True)


def test_a_kind_that_is_not_known_is_the_standard_one_and_room_settings_come_in_either_case() -> None:
    claims = read_access_claims({"kind": "HOLOGRAM", "roomConfig": {"max_participants": 2, "departureTimeout": 9}})
    assert claims.kind == "standard"
    assert claims.room_config == RoomConfig(departure_timeout_s=9, max_participants=2)


def test_there_are_enough_ways_in_which_a_token_is_not_right() -> None:
    assert len(BAD) >= 60
    assert len(set(BAD.values())) == len(BAD)


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
def test_a_token_that_is_not_right_is_refused_with_the_one_answer(text: str) -> None:
    refused = refusal(text)
    assert (refused.error, refused.message, refused.pointer) == (ErrorId.TOKEN_INVALID, INVALID_TOKEN, None)


def test_a_token_that_expired_and_one_that_grants_no_join_are_told_so() -> None:
    assert refusal(FORGER.token(exp=NOW_S - 6)).error is ErrorId.TOKEN_EXPIRED
    assert refusal("").error is ErrorId.TOKEN_MISSING
    for token in (FORGER.token(video=...), FORGER.video(roomJoin=False), FORGER.video(roomJoin=None)):
        assert refusal(token).error is ErrorId.NOT_ALLOWED
    assert refusal(FORGER.token(sub=...)).error is ErrorId.TOKEN_INVALID


def test_a_token_for_the_server_api_needs_no_identity() -> None:
    token = verify_livekit_token(FORGER.token(sub=..., video={"roomCreate": True}), keys, NOW_S * 1000)
    assert token.claims.video.room_create
    assert not token.claims.video.room_admin


def test_what_is_right_is_taken_up_to_its_limits() -> None:
    for token in (
        FORGER.token(),
        FORGER.raw(),
        FORGER.token(exp=NOW_S - 4),
        FORGER.token(nbf=NOW_S + 5),
        FORGER.token(exp=NOW_S + 10 * YEAR_S),
        FORGER.token(exp=NOW_S + 0.5),
        FORGER.token(headers={"kid": KEY.key}),
        FORGER.token(unknown={"a": [1]}),
    ):
        assert verify_join_token(token, keys, NOW_S * 1000).claims.identity == "mallory"
