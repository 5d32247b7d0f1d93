"""Signing and verifying the tokens of participants and nodes: Ed25519, one key, no choice of algorithm.

Claims are in contract/token_claims.py. LiveKit's HS256 tokens are another matter: services/livekit_tokens.py.
"""

import base64
import binascii
import hashlib
import json
from typing import Any

import jwt
import jwt.types
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.contract.codec import ContractError
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.node_commands import CommandClaims, encode_command_claims
from chalicelib.contract.node_messages import SigningKey
from chalicelib.contract.token_claims import (
    ALGORITHM,
    ISSUER,
    LEEWAY_S,
    MAX_TOKEN_BYTES,
    NODE_AUDIENCE,
    PARTICIPANT_AUDIENCE,
    REQUIRED_CLAIMS,
    NodeClaims,
    ParticipantClaims,
    encode_node_claims,
    encode_participant_claims,
    read_node_claims,
    read_participant_claims,
)


class TokenSigner:
    """Holds the private key. Every verification takes the time as an argument, in ms since 1970 UTC."""

    def __init__(self, seed: bytes) -> None:
        """Make a signer from the 32-byte seed of an Ed25519 key."""
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self._public = self._private.public_key()
        raw = self._public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.kid = hashlib.sha256(raw).hexdigest()[:16]
        self.signing_key = SigningKey(self.kid, base64.urlsafe_b64encode(raw).rstrip(b"=").decode())

    def sign_participant(self, claims: ParticipantClaims) -> str:
        """Return a participant token."""
        return self._sign(encode_participant_claims(claims))

    def sign_node(self, claims: NodeClaims, issued_at: int) -> str:
        """Return a node token issued at `issued_at` (s since 1970)."""
        return self._sign(encode_node_claims(claims, issued_at))

    def sign_command(self, claims: CommandClaims) -> str:
        """Return a command for a node."""
        return self._sign(encode_command_claims(claims))

    def verify_participant(self, token: str, now_ms: int) -> ParticipantClaims:
        """Return the claims. Raises ParleyError TOKEN_MISSING, TOKEN_INVALID or TOKEN_EXPIRED."""
        payload = self._verify(token, PARTICIPANT_AUDIENCE, now_ms)
        try:
            return read_participant_claims(payload)
        except ContractError as error:
            raise ParleyError(ErrorId.TOKEN_INVALID, f"claim {error}") from error

    def verify_node(self, token: str, now_ms: int) -> NodeClaims:
        """Return the claims. Raises ParleyError TOKEN_MISSING, TOKEN_INVALID or TOKEN_EXPIRED."""
        payload = self._verify(token, NODE_AUDIENCE, now_ms)
        try:
            return read_node_claims(payload)
        except ContractError as error:
            raise ParleyError(ErrorId.TOKEN_INVALID, f"claim {error}") from error

    def _sign(self, payload: dict[str, Any]) -> str:
        return jwt.encode(payload, self._private, algorithm=ALGORITHM, headers={"kid": self.kid})

    def _verify(self, token: str, audience: str, now_ms: int) -> dict[str, Any]:
        header = token_header(token)
        if header.get("kid") != self.kid:
            raise ParleyError(ErrorId.TOKEN_INVALID, "the token was signed with an unknown key")
        payload = decode(token, self._public, ALGORITHM, audience=audience, issuer=ISSUER)
        check_times(payload, now_ms)
        return payload


def token_header(token: str) -> dict[str, Any]:
    """Return the unverified header of a JWT of acceptable size without critical extensions. Raises ParleyError."""
    if not token:
        raise ParleyError(ErrorId.TOKEN_MISSING, "a token is required")
    if len(token) > MAX_TOKEN_BYTES:
        raise ParleyError(ErrorId.TOKEN_INVALID, "the token is too long")
    try:
        head = token.split(".", 1)[0].encode("ascii")
        header = json.loads(base64.urlsafe_b64decode(head + b"=" * (-len(head) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        raise ParleyError(ErrorId.TOKEN_INVALID, "the token is not a JWT") from None
    # RFC 7515 4.1.11: whoever does not understand an extension marked critical must refuse. None is understood here.
    if not isinstance(header, dict) or "crit" in header:
        raise ParleyError(ErrorId.TOKEN_INVALID, "the token's header is not acceptable")
    return header


def decode(token: str, key: Any, algorithm: str, *, audience: str | None, issuer: str | None) -> dict[str, Any]:
    """Check the signature, audience and issuer, not the times, and return the payload. Raises ParleyError."""
    options: jwt.types.Options = {
        "require": list(REQUIRED_CLAIMS) if audience else ["exp", "iss"],
        "verify_exp": False,
        "verify_nbf": False,
        "verify_iat": False,
        "verify_aud": audience is not None,
    }
    try:
        return jwt.decode(token, key, algorithms=[algorithm], audience=audience, issuer=issuer, options=options)
    except (jwt.InvalidTokenError, RecursionError) as error:
        raise ParleyError(ErrorId.TOKEN_INVALID, f"the token is not valid: {type(error).__name__}") from error


def check_times(payload: dict[str, Any], now_ms: int) -> None:
    """Check ``exp``, ``nbf`` and ``iat`` with LEEWAY_S seconds of leeway. Raises ParleyError."""
    # Not left to PyJWT: it reads the clock itself, and here time is an argument.
    now = now_ms / 1000
    for name in ("exp", "nbf", "iat"):
        value = payload.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise ParleyError(ErrorId.TOKEN_INVALID, f"claim /{name} must be a number")
    if payload["exp"] + LEEWAY_S <= now:
        raise ParleyError(ErrorId.TOKEN_EXPIRED, "the token has expired")
    if max(payload.get("nbf") or 0, payload.get("iat") or 0) - LEEWAY_S > now:
        raise ParleyError(ErrorId.TOKEN_INVALID, "the token is not valid yet")
