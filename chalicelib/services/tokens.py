"""Signing and verifying the tokens of participants and nodes: Ed25519, one key, no choice of algorithm.

Claims are in contract/token_claims.py. LiveKit's HS256 tokens are another matter: services/livekit_tokens.py.
"""

import base64
import hashlib
import json
from typing import Any

import jwt
import jwt.types
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib import telemetry
from chalicelib.contract.codec import ContractError
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.node_commands import CommandClaims, encode_command_claims
from chalicelib.contract.node_messages import SigningKey
from chalicelib.contract.token_claims import (
    ALGORITHM,
    INVALID_TOKEN,
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

MAX_LIFETIME_S = 10 * 366 * 24 * 3600


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
            raise invalid_token(f"claim {error}") from error

    def verify_node(self, token: str, now_ms: int) -> NodeClaims:
        """Return the claims. Raises ParleyError TOKEN_MISSING, TOKEN_INVALID or TOKEN_EXPIRED."""
        payload = self._verify(token, NODE_AUDIENCE, now_ms)
        try:
            return read_node_claims(payload)
        except ContractError as error:
            raise invalid_token(f"claim {error}") from error

    def _sign(self, payload: dict[str, Any]) -> str:
        return jwt.encode(payload, self._private, algorithm=ALGORITHM, headers={"kid": self.kid})

    def _verify(self, token: str, audience: str, now_ms: int) -> dict[str, Any]:
        header = token_header(token)
        if header.get("kid") != self.kid:
            raise invalid_token("an unknown signing key")
        payload = decode(token, self._public, ALGORITHM, audience=audience, issuer=ISSUER)
        check_times(payload, now_ms)
        return payload


def invalid_token(reason: str) -> ParleyError:
    """Return the refusal of a token that is not right, the same one for whatever is wrong with it.

    Which check it failed is for the log: an answer that tells it helps only those who try tokens out.
    """
    telemetry.logger().info("token refused", reason=reason)
    return ParleyError(ErrorId.TOKEN_INVALID, INVALID_TOKEN)


def token_header(token: str) -> dict[str, Any]:
    """Return the unverified header of a JWT of acceptable size without critical extensions. Raises ParleyError."""
    if not token:
        raise ParleyError(ErrorId.TOKEN_MISSING, "a token is required")
    if len(token) > MAX_TOKEN_BYTES:
        raise invalid_token("too long")
    parts = token.split(".")
    if len(parts) != 3:
        raise invalid_token("not a JWT")
    header = _segment(parts[0])
    # RFC 7515 4.1.11: whoever does not understand an extension marked critical must refuse. None is understood here.
    if "crit" in header:
        raise invalid_token("a critical extension")
    return header


def decode(token: str, key: Any, algorithm: str, *, audience: str | None, issuer: str | None) -> dict[str, Any]:
    """Check the signature, audience and issuer, not the times, and return the payload. Raises ParleyError."""
    options: jwt.types.Options = {
        "require": list(REQUIRED_CLAIMS) if audience else ["exp", *(["iss"] if issuer else [])],
        "verify_exp": False,
        "verify_nbf": False,
        "verify_iat": False,
        "verify_aud": audience is not None,
    }
    try:
        _octets(token.split(".")[2])
        jwt.decode(token, key, algorithms=[algorithm], audience=audience, issuer=issuer, options=options)
    except (jwt.InvalidTokenError, ValueError, RecursionError) as error:
        raise invalid_token(type(error).__name__) from error
    return _segment(token.split(".")[1])


def check_times(payload: dict[str, Any], now_ms: int) -> None:
    """Check ``exp``, ``nbf`` and ``iat`` with LEEWAY_S seconds of leeway. Raises ParleyError."""
    # Not left to PyJWT: it reads the clock itself, and here time is an argument.
    now = now_ms / 1000
    for name in ("exp", "nbf", "iat"):
        value = payload.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise invalid_token(f"claim /{name} must be a number")
    if payload["exp"] + LEEWAY_S <= now:
        raise ParleyError(ErrorId.TOKEN_EXPIRED, "the token has expired")
    if payload["exp"] > now + MAX_LIFETIME_S:  # compared, not subtracted: it may have 400 digits
        raise invalid_token("a lifetime of more than ten years")
    if max(payload.get("nbf") or 0, payload.get("iat") or 0) - LEEWAY_S > now:
        raise invalid_token("not valid yet")


def _segment(text: str) -> dict[str, Any]:
    """Return the JSON object in a segment of a JWT; one that two parsers could read differently is refused."""
    try:
        value = json.loads(_octets(text), object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()  # 1e999, and surrogates that UTF-8 has not
    except (ValueError, RecursionError) as error:
        raise invalid_token(f"not a JWT: {type(error).__name__}") from None
    if not isinstance(value, dict):
        raise invalid_token("not a JWT")
    return value


def _octets(text: str) -> bytes:
    raw = text.encode("ascii")
    decoded = base64.urlsafe_b64decode(raw + b"=" * (-len(raw) % 4))
    if base64.urlsafe_b64encode(decoded).rstrip(b"=") != raw:
        raise ValueError("not canonical base64url")
    return decoded


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
