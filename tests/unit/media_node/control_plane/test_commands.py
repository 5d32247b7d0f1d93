"""A node does what the control plane signed, for it, now and once, and nothing else."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AppId, MeetingId, NodeId, SessionId
from chalicelib.contract.node_commands import (
    COMMAND_SECONDS,
    MAX_COMMAND_BYTES,
    Command,
    CommandClaims,
    EndSession,
    encode_command_claims,
)
from chalicelib.services.tokens import TokenSigner
from media_node.control_plane import commands
from media_node.control_plane.commands import CommandCounters, CommandGate

NOW = 1_700_000_000
SEED = bytes(range(32))
SIGNER = TokenSigner(SEED)
KEY = Ed25519PrivateKey.from_private_bytes(SEED)
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(32))
HEADERS = {"kid": SIGNER.kid}
CLAIMS = CommandClaims(
    node_id=NodeId("nd_me000000"),
    app_id=AppId("018f0000-0000-7000-8000-000000000001"),
    meeting_id=MeetingId("018f0000-0000-7000-8000-000000000002"),
    session_id=SessionId("018f0000-0000-7000-8000-000000000003"),
    epoch=4,
    jti="1",
    issued_at=NOW,
    expires_at=NOW + COMMAND_SECONDS,
    command=Command(end_session=EndSession()),
)
PAYLOAD = encode_command_claims(CLAIMS)


class Gate:
    """A gate, its clock and what it counts."""

    def __init__(self) -> None:
        self.now = float(NOW)
        self.node_id = CLAIMS.node_id
        self.keys = [SIGNER.signing_key]
        self.counters = CommandCounters()
        self.gate = CommandGate(lambda: self.keys, lambda: self.node_id, lambda: self.now, self.counters)

    def read(self, token: str | bytes) -> CommandClaims:
        return self.gate.read(token if isinstance(token, bytes) else token.encode())

    def refuses(self, token: str | bytes, error: ErrorId = ErrorId.CREDENTIAL_INVALID) -> None:
        with pytest.raises(ParleyError) as refused:
            self.read(token)
        assert refused.value.error is error


def signed(key: Any = KEY, algorithm: str = "EdDSA", headers: dict[str, Any] = HEADERS, **changes: Any) -> str:
    """A command with some claims changed; None takes one away."""
    payload = {name: value for name, value in (PAYLOAD | changes).items() if value is not None}
    return jwt.encode(payload, key, algorithm=algorithm, headers=headers)


def test_a_command_is_read_as_it_was_signed() -> None:
    assert Gate().read(SIGNER.sign_command(CLAIMS)) == CLAIMS


def unsigned() -> str:
    head = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": SIGNER.kid}).encode()).rstrip(b"=").decode()
    return f"{head}.{signed().split('.')[1]}."


def altered() -> str:
    head, body, signature = signed().split(".")
    payload = json.loads(base64.urlsafe_b64decode(body + "==")) | {"ses": "another"}
    body = base64.urlsafe_b64encode(json.dumps(payload).encode()).rstrip(b"=").decode()
    return f"{head}.{body}.{signature}"


def confused() -> str:
    """The public key taken for an HMAC secret."""
    public = base64.urlsafe_b64decode(SIGNER.signing_key.public_key + "=")
    return signed(public, "HS256")


FORGED: dict[str, Callable[[], str]] = {
    "nothing": lambda: "",
    "no JWT": lambda: "abc",
    "no JSON": lambda: "!!!.e30.x",
    "deep JSON": lambda: base64.urlsafe_b64encode(b"[" * 100_000).decode() + ".e30.x",
    "another's key": lambda: signed(STRANGER),
    "a key that is not known": lambda: signed(STRANGER, headers={"kid": "0000000000000000"}),
    "no key named": lambda: signed(headers={}),
    "no signature": unsigned,
    "altered": altered,
    "another algorithm": confused,
    "a critical extension": lambda: signed(headers=HEADERS | {"crit": ["x"], "x": 1}),
    "a participant's audience": lambda: signed(aud="parley:participant"),
    "a node token's audience": lambda: signed(aud="parley:node"),
    "no audience": lambda: signed(aud=None),
    "another issuer": lambda: signed(iss="somebody"),
    "no issuer": lambda: signed(iss=None),
    "no jti": lambda: signed(jti=None),
    "no exp": lambda: signed(exp=None),
    "no iat": lambda: signed(iat=None),
    "no subject": lambda: signed(sub=None),
}


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED)
def test_a_forged_command_is_refused_and_counted(token: Callable[[], str]) -> None:
    gate = Gate()
    gate.refuses(token())
    assert (gate.counters.refused, gate.counters.refused_forged) == (1, 1)


def test_a_command_for_another_node_is_refused() -> None:
    gate = Gate()
    gate.refuses(signed(sub="nd_other000"))
    assert gate.counters.refused_misdirected == 1
    gate.node_id = NodeId("nd_newlife0")
    gate.refuses(signed())
    assert gate.counters.refused_misdirected == 2


@pytest.mark.parametrize(
    "times",
    [
        {"iat": NOW - 60, "exp": NOW - 30},
        {"iat": NOW - 35, "exp": NOW - 5},
        {"iat": NOW + 6, "exp": NOW + 36},
        {"iat": NOW, "exp": NOW + COMMAND_SECONDS + 1},
        {"iat": NOW - 1_000_000, "exp": NOW + 1_000_000},
        {"iat": NOW, "exp": NOW},
        {"iat": NOW, "exp": NOW - 1},
    ],
)
def test_a_command_out_of_its_time_is_refused(times: dict[str, int]) -> None:
    gate = Gate()
    gate.refuses(signed(**times))
    assert gate.counters.refused_out_of_time == 1


def test_clocks_may_differ_by_a_few_seconds() -> None:
    Gate().read(signed(iat=NOW - 34, exp=NOW - 4, jti="a"))
    Gate().read(signed(iat=NOW + 5, exp=NOW + 35, jti="b"))


def test_a_command_is_good_once_for_as_long_as_it_is_good() -> None:
    gate = Gate()
    gate.read(signed())
    for seconds in (0, COMMAND_SECONDS, COMMAND_SECONDS + 4.9):
        gate.now = NOW + seconds
        gate.refuses(signed())
    assert gate.counters.refused_repeated == 3
    gate.now = NOW + COMMAND_SECONDS + 5
    gate.refuses(signed())
    assert gate.counters.refused_out_of_time == 1


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "MAX_REMEMBERED", 3)
    gate = Gate()
    for number in range(3):
        gate.read(signed(jti=str(number)))
    gate.refuses(signed(jti="4"), ErrorId.BUSY)
    gate.now = NOW + COMMAND_SECONDS + 5
    later = {"iat": NOW + COMMAND_SECONDS, "exp": NOW + 2 * COMMAND_SECONDS}
    gate.read(signed(jti="5", **later))
    gate.refuses(signed(jti="5", **later))


@pytest.mark.parametrize(
    "changes",
    [
        {"command": None},
        {"command": {}},
        {"command": {"no_such_thing": {}}},
        {"command": {"end_session": {}, "update_room": {"metadata": ""}}},
        {"command": {"mute_tracks": {"who": {}}}},
        {"epoch": "4"},
        {"epoch": True},
        {"ses": 4},
        {"exp": NOW + 29.5},
    ],
)
def test_what_is_signed_but_no_command_is_refused_by_field(changes: dict[str, Any]) -> None:
    Gate().refuses(signed(**changes), ErrorId.INVALID_FIELD)


def test_a_command_has_a_longest_length() -> None:
    Gate().refuses(b"x" * (MAX_COMMAND_BYTES + 1), ErrorId.BODY_TOO_LARGE)


def test_keys_are_those_of_the_registration_and_none_without_one() -> None:
    gate = Gate()
    gate.keys = []
    gate.refuses(signed())
    gate.keys = [TokenSigner(bytes(32)).signing_key, SIGNER.signing_key]
    gate.read(signed())


def test_a_stale_epoch_is_counted() -> None:
    gate = Gate()
    assert gate.gate.refuse_stale().error is ErrorId.STALE_EPOCH
    assert (gate.counters.refused, gate.counters.refused_stale) == (1, 1)


def test_a_token_is_not_a_command_with_more_time() -> None:
    with pytest.raises(ParleyError):
        SIGNER.verify_node(SIGNER.sign_command(replace(CLAIMS)), NOW * 1000)
