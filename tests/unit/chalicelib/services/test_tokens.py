"""Tokens: what is accepted, and the many things that are not."""

import base64
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AccountId, AppId, MeetingId, NodeId, ParticipantId
from chalicelib.contract.token_claims import NodeClaims, ParticipantClaims, encode_participant_claims
from chalicelib.services.tokens import TokenSigner

SEED = bytes(range(32))
SIGNER = TokenSigner(SEED)
NOW_MS = 1_700_000_000_000
NOW_S = NOW_MS // 1000
ID = "01890000-0000-7000-8000-000000000000"
CLAIMS = ParticipantClaims(
    ParticipantId(ID), AccountId("acc"), AppId(ID), MeetingId(ID), "ada", 1, "jti", NOW_S, NOW_S + 60
)


def signed(header: dict[str, Any] | None = None, key: Any = None, alg: str = "EdDSA", **changes: Any) -> str:
    payload = {**encode_participant_claims(CLAIMS), **changes}
    payload = {name: value for name, value in payload.items() if value is not None}
    key = key or Ed25519PrivateKey.from_private_bytes(SEED)
    return jwt.encode(payload, key, algorithm=alg, headers={"kid": SIGNER.kid, **(header or {})})


def refusal(token: str, now_ms: int = NOW_MS) -> ErrorId:
    with pytest.raises(ParleyError) as refused:
        SIGNER.verify_participant(token, now_ms)
    return refused.value.error


def test_a_participant_token_comes_back_as_its_claims() -> None:
    assert SIGNER.verify_participant(SIGNER.sign_participant(CLAIMS), NOW_MS) == CLAIMS


def test_a_node_token_comes_back_as_its_claims() -> None:
    claims = NodeClaims(NodeId("nd_12345678"), "jti", NOW_S + 60)
    assert SIGNER.verify_node(SIGNER.sign_node(claims, NOW_S), NOW_MS) == claims


def test_the_published_key_verifies_what_the_signer_signs() -> None:
    published = SIGNER.signing_key
    raw = base64.urlsafe_b64decode(published.public_key + "=")
    token = SIGNER.sign_participant(CLAIMS)
    assert jwt.get_unverified_header(token)["kid"] == published.kid and len(published.kid) == 16
    options: Any = {"verify_exp": False, "verify_iat": False}
    jwt.decode(
        token,
        Ed25519PublicKey.from_public_bytes(raw),
        algorithms=["EdDSA"],
        audience="parley:participant",
        options=options,
    )


def test_a_token_ends_at_its_expiry_and_a_little_leeway() -> None:
    token = SIGNER.sign_participant(CLAIMS)
    assert SIGNER.verify_participant(token, (NOW_S + 60 + 4) * 1000) == CLAIMS
    assert refusal(token, (NOW_S + 60 + 5) * 1000) is ErrorId.TOKEN_EXPIRED


def test_a_token_from_the_future_is_not_valid_yet() -> None:
    assert refusal(signed(iat=NOW_S + 6)) is ErrorId.TOKEN_INVALID
    assert refusal(signed(nbf=NOW_S + 6)) is ErrorId.TOKEN_INVALID
    SIGNER.verify_participant(signed(nbf=NOW_S + 5), NOW_MS)


def test_no_token_is_another_error_than_a_bad_one() -> None:
    assert refusal("") is ErrorId.TOKEN_MISSING


@pytest.mark.parametrize("token", ["x", "a.b.c", ".", "..", "€.€.€", "eyJ9", "x" * 9000, "W10.e30.", "bnVsbA.e30."])
def test_garbage_is_invalid(token: str) -> None:
    assert refusal(token) is ErrorId.TOKEN_INVALID


@pytest.mark.parametrize("claim", ["exp", "iat", "jti", "iss", "aud", "sub", "acc", "app", "mtg", "idn", "gen"])
def test_every_claim_is_needed(claim: str) -> None:
    assert refusal(signed(**{claim: None})) is ErrorId.TOKEN_INVALID


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "parley:node"},
        {"iss": "someone"},
        {"sub": "not-a-uuid"},
        {"gen": "1"},
        {"gen": True},
        {"exp": "never"},
        {"exp": True},
        {"idn": ""},
    ],
)
def test_a_wrong_claim_is_refused(change: dict[str, Any]) -> None:
    assert refusal(signed(**change)) is ErrorId.TOKEN_INVALID


def test_another_key_is_refused_whatever_it_calls_itself() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    assert refusal(signed(key=other)) is ErrorId.TOKEN_INVALID
    assert refusal(signed({"kid": "0" * 16})) is ErrorId.TOKEN_INVALID


def test_the_algorithm_is_fixed() -> None:
    public = base64.urlsafe_b64decode(SIGNER.signing_key.public_key + "=")
    assert refusal(signed(key=public, alg="HS256")) is ErrorId.TOKEN_INVALID
    head = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": SIGNER.kid}).encode()).decode().rstrip("=")
    assert refusal(f"{head}.{signed().split('.')[1]}.") is ErrorId.TOKEN_INVALID


def test_a_critical_extension_is_refused() -> None:
    assert refusal(signed({"crit": ["b64"], "b64": False})) is ErrorId.TOKEN_INVALID


def test_a_changed_payload_is_refused() -> None:
    head, _, signature = signed().split(".")
    payload = base64.urlsafe_b64encode(json.dumps({"gen": 9}).encode()).decode().rstrip("=")
    assert refusal(f"{head}.{payload}.{signature}") is ErrorId.TOKEN_INVALID


def test_a_node_token_admits_no_participant_and_the_reverse() -> None:
    node = SIGNER.sign_node(NodeClaims(NodeId("nd_12345678"), "jti", NOW_S + 60), NOW_S)
    assert refusal(node) is ErrorId.TOKEN_INVALID
    with pytest.raises(ParleyError):
        SIGNER.verify_node(SIGNER.sign_participant(CLAIMS), NOW_MS)
