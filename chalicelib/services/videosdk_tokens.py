"""VideoSDK's tokens: HS256 JWTs with the claims ``apikey`` and ``permissions``, signed with an app's API secret.

They are a backend's credential for the calls under /videosdk/v2. No node admits one: who joins has a participant token
or a LiveKit access token. Whatever is wrong with one, the answer is the same (tokens.py).
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jwt

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.limits import MAX_NAME_CHARS
from chalicelib.domain.app import ApiKey
from chalicelib.services.tokens import check_times, decode, invalid_token, token_header

ALGORITHM = "HS256"
API_ROLE = "crawler"  # of tokens that have roles: who may call the API; the other role joins


class Permission(enum.StrEnum):
    """What a token allows."""

    ALLOW_JOIN = "allow_join"
    ASK_JOIN = "ask_join"
    ALLOW_MOD = "allow_mod"


@dataclass(frozen=True, slots=True)
class VideoSdkToken:
    """A verified token: the key pair says whose it is. `room` is the one it is confined to, or empty."""

    key: ApiKey
    permissions: frozenset[Permission]
    room: str = ""

    @property
    def may_change(self) -> bool:
        """Tell whether it is good for more than looking: one that must ask to join is not."""
        return Permission.ASK_JOIN not in self.permissions


def verify_videosdk_token(token: str, api_key: Callable[[str], ApiKey | None], now_ms: int) -> VideoSdkToken:
    """Return what a token says; `api_key` finds a key pair by its public half.

    Raises ParleyError TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED, INVALID_PERMISSIONS, or NOT_ALLOWED for one whose
    roles are for joining only.
    """
    if token_header(token).get("alg") != ALGORITHM:
        raise invalid_token("another algorithm")
    key = api_key(_named_key(token))
    if key is None:
        raise invalid_token("an unknown API key")
    payload = decode(token, key.secret, ALGORITHM, audience=None, issuer=None)
    check_times(payload, now_ms)
    roles = _texts(payload.get("roles") or [], "roles")
    if roles and API_ROLE not in roles:
        raise ParleyError(ErrorId.NOT_ALLOWED, f"the token has roles, and {API_ROLE} is not among them")
    room = payload.get("roomId") or ""
    if not isinstance(room, str) or len(room) > MAX_NAME_CHARS:
        raise invalid_token("claim /roomId")
    return VideoSdkToken(key, _permissions(payload), room)


def _permissions(payload: dict[str, Any]) -> frozenset[Permission]:
    named = _texts(payload.get("permissions"), "permissions")
    known = frozenset(permission for permission in Permission if permission.value in named)
    if not known:
        raise invalid_token("claim /permissions names none")
    if Permission.ASK_JOIN in known and len(known) > 1:
        raise ParleyError(
            ErrorId.INVALID_PERMISSIONS, "the permission ask_join goes together with neither allow_join nor allow_mod"
        )
    return known


def _texts(value: Any, name: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise invalid_token(f"claim /{name} is not a list of texts")
    return value


def _named_key(token: str) -> str:
    try:
        name = jwt.decode(token, options={"verify_signature": False}).get("apikey")
    except (jwt.InvalidTokenError, RecursionError) as error:
        raise invalid_token(type(error).__name__) from None
    # It becomes part of a database key: nothing that cannot be one gets there.
    if not isinstance(name, str) or not name.isascii() or not name.isalnum() or len(name) > 64:
        raise invalid_token("an unknown API key")
    return name
