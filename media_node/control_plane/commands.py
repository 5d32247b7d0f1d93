"""Who may command this node: the control plane alone, whose signature stands under every command.

Checks the JWT and that it is new; what a command does is decided in room/control.py. docs/node-protocol.md has the
rules. A command that fails here has changed nothing, and the refusal tells a stranger as little as possible.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from chalicelib.contract.codec import ContractError
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import NodeId
from chalicelib.contract.node_commands import (
    COMMAND_AUDIENCE,
    COMMAND_SECONDS,
    MAX_COMMAND_BYTES,
    CommandClaims,
    read_command_claims,
)
from chalicelib.contract.node_messages import SigningKey
from chalicelib.contract.token_claims import ALGORITHM, ISSUER, LEEWAY_S, REQUIRED_CLAIMS

MAX_REMEMBERED = 20_000  # ids of commands, about 3 MB; 570 commands/s for as long as one is good


@dataclass(slots=True)
class CommandCounters:
    """Totals of one node; what is refused is counted by why, too."""

    carried_out: int = 0
    failed: int = 0
    refused: int = 0
    refused_forged: int = 0
    refused_misdirected: int = 0
    refused_out_of_time: int = 0
    refused_repeated: int = 0
    refused_stale: int = 0


class CommandGate:
    """Reads signed commands. `keys` and `node_id` are as of now; `now_s` is in s since 1970."""

    def __init__(
        self,
        keys: Callable[[], Sequence[SigningKey]],
        node_id: Callable[[], NodeId],
        now_s: Callable[[], float],
        counters: CommandCounters,
    ) -> None:
        self._keys = keys
        self._node_id = node_id
        self._now_s = now_s
        self._counters = counters
        self._seen: dict[str, float] = {}  # jti -> when it is past its time anyway; oldest first

    def read(self, token: bytes) -> CommandClaims:
        """Return a command that is for this node, in time and new. It is good once.

        Raises ParleyError CREDENTIAL_INVALID, BODY_TOO_LARGE or INVALID_FIELD; BUSY when more commands come than can
        be remembered.
        """
        if len(token) > MAX_COMMAND_BYTES:
            raise ParleyError(ErrorId.BODY_TOO_LARGE, f"a command may have {MAX_COMMAND_BYTES} bytes")
        payload = self._verified(token)
        try:
            claims = read_command_claims(payload)
        except ContractError as error:
            raise ParleyError(ErrorId.INVALID_FIELD, f"command {error}", error.pointer) from error
        if claims.node_id != self._node_id():
            raise self._refused("refused_misdirected")
        self._check_time(claims)
        self._check_new(claims)
        return claims

    def refuse_stale(self) -> ParleyError:
        """Count a command for a session that is at another epoch here, and return its error."""
        self._counters.refused += 1
        self._counters.refused_stale += 1
        return ParleyError(ErrorId.STALE_EPOCH, "this node does not own the session at this epoch")

    def _verified(self, token: bytes) -> dict[str, Any]:
        kid = _kid(token)
        key = next((key for key in self._keys() if key.kid == kid), None)
        if key is None:
            raise self._refused("refused_forged")
        options: Any = {
            "require": list(REQUIRED_CLAIMS),
            "verify_exp": False,  # time is an argument here: PyJWT reads the clock itself
            "verify_nbf": False,
            "verify_iat": False,
        }
        try:
            payload: dict[str, Any] = jwt.decode(
                token, _public(key), [ALGORITHM], options, audience=COMMAND_AUDIENCE, issuer=ISSUER
            )
        except (jwt.InvalidTokenError, RecursionError):
            raise self._refused("refused_forged") from None
        return payload

    def _check_time(self, claims: CommandClaims) -> None:
        now = self._now_s()
        lasts = claims.expires_at - claims.issued_at
        in_time = claims.issued_at - LEEWAY_S <= now < claims.expires_at + LEEWAY_S
        if not (in_time and 0 < lasts <= COMMAND_SECONDS):
            raise self._refused("refused_out_of_time")

    def _check_new(self, claims: CommandClaims) -> None:
        if claims.jti in self._seen:
            raise self._refused("refused_repeated")
        now = self._now_s()
        # All commands last equally long, or nearly so: the oldest are the first that need not be known any more.
        while self._seen and next(iter(self._seen.values())) <= now:
            del self._seen[next(iter(self._seen))]
        if len(self._seen) >= MAX_REMEMBERED:
            raise ParleyError(ErrorId.BUSY, "too many commands at a time")
        self._seen[claims.jti] = claims.issued_at + COMMAND_SECONDS + LEEWAY_S

    def _refused(self, why: str) -> ParleyError:
        self._counters.refused += 1
        setattr(self._counters, why, getattr(self._counters, why) + 1)
        return ParleyError(ErrorId.CREDENTIAL_INVALID, "this is not a command for this node")


def _kid(token: bytes) -> str | None:
    try:
        head = token.split(b".", 1)[0]
        header = json.loads(base64.urlsafe_b64decode(head + b"=" * (-len(head) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None
    # RFC 7515 4.1.11: whoever does not understand an extension marked critical must refuse. None is understood here.
    if not isinstance(header, dict) or "crit" in header:
        return None
    kid = header.get("kid")
    return kid if isinstance(kid, str) else None


def _public(key: SigningKey) -> Ed25519PublicKey:
    raw = base64.urlsafe_b64decode(key.public_key + "=" * (-len(key.public_key) % 4))
    return Ed25519PublicKey.from_public_bytes(raw)
