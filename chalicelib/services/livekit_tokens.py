"""LiveKit access tokens: HS256 JWTs signed with an app's API secret. Here they are verified; what their claims mean is
in domain/livekit_claims.py.

Whatever is wrong with a token, the answer is the same (tokens.py); only one that has expired is told so.
"""

from collections.abc import Callable
from dataclasses import dataclass

import jwt

from chalicelib.contract.codec import ContractError
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.domain.app import ApiKey
from chalicelib.domain.livekit_claims import AccessClaims, read_access_claims
from chalicelib.services.tokens import check_times, decode, invalid_token, token_header

ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A verified token: the key pair that signed it says whose it is."""

    key: ApiKey
    claims: AccessClaims


def verify_livekit_token(token: str, api_key: Callable[[str], ApiKey | None], now_ms: int) -> AccessToken:
    """Return what a token says; `api_key` finds a key pair by its public half.

    Raises ParleyError TOKEN_MISSING, TOKEN_INVALID or TOKEN_EXPIRED.
    """
    header = token_header(token)
    issuer = _issuer(token)
    if header.get("alg") != ALGORITHM:
        raise invalid_token("another algorithm")
    if header.get("kid") not in (None, issuer):  # LiveKit's SDKs send none; one that names another key is a trick
        raise invalid_token("a kid that is not the issuer")
    key = api_key(issuer)
    if key is None or not key.is_good(now_ms):
        raise invalid_token("an unknown API key")
    payload = decode(token, key.secret, ALGORITHM, audience=None, issuer=key.key)
    check_times(payload, now_ms)
    try:
        return AccessToken(key, read_access_claims(payload))
    except ContractError as error:
        raise invalid_token(f"claim {error}") from error


def verify_join_token(token: str, api_key: Callable[[str], ApiKey | None], now_ms: int) -> AccessToken:
    """Return what a token says that is to let somebody into a room.

    Raises what verify_livekit_token() raises, or ParleyError NOT_ALLOWED for a token without ``roomJoin``.
    """
    found = verify_livekit_token(token, api_key, now_ms)
    if not found.claims.video.room_join:
        raise ParleyError(ErrorId.NOT_ALLOWED, "the token does not grant roomJoin")
    if not found.claims.identity:
        raise invalid_token("no identity")
    return found


def _issuer(token: str) -> str:
    try:
        issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
    except (jwt.InvalidTokenError, RecursionError) as error:
        raise invalid_token(type(error).__name__) from None
    # The key's id becomes part of a database key: nothing that cannot be one gets there.
    if not isinstance(issuer, str) or not issuer.isascii() or not issuer.isalnum() or len(issuer) > 64:
        raise invalid_token("an unknown API key")
    return issuer
