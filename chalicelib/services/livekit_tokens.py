"""LiveKit access tokens: HS256 JWTs signed with an app's API secret, and what they grant in Parley's words.

Only tokens that join a room are read here. The room is the id of a meeting.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jwt

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.grants import Grants, Source
from chalicelib.contract.limits import MAX_IDENTITY_CHARS, MAX_NAME_CHARS
from chalicelib.domain.app import ApiKey
from chalicelib.services.tokens import check_times, decode

ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True)
class LiveKitClaims:
    """What a join token says; `room` is the meeting's id as the token has it, unchecked."""

    key: ApiKey
    identity: str
    room: str
    grants: Grants
    name: str = ""
    metadata: str = ""
    attributes: dict[str, str] = field(default_factory=dict)


def verify_livekit_token(token: str, api_key: Callable[[str], ApiKey | None], now_ms: int) -> LiveKitClaims:
    """Return the claims of a join token; `api_key` finds a key pair by its public half.

    Raises ParleyError TOKEN_INVALID, TOKEN_EXPIRED, or NOT_ALLOWED for a token without ``roomJoin``.
    """
    key = api_key(_issuer(token))
    if key is None:
        raise ParleyError(ErrorId.TOKEN_INVALID, "the token was signed with an unknown API key")
    payload = decode(token, key.secret, ALGORITHM, audience=None, issuer=key.key)
    check_times(payload, now_ms)
    video = payload.get("video")
    if not isinstance(video, dict) or video.get("roomJoin") is not True:
        raise ParleyError(ErrorId.NOT_ALLOWED, "the token does not grant roomJoin")
    identity = _text(payload, "sub", MAX_IDENTITY_CHARS)
    if not identity:
        raise ParleyError(ErrorId.TOKEN_INVALID, "claim /sub (the identity) is required")
    return LiveKitClaims(
        key=key,
        identity=identity,
        room=_text(video, "room", MAX_IDENTITY_CHARS),
        grants=grants_of_video(video),
        name=_text(payload, "name", MAX_NAME_CHARS),
        metadata=_text(payload, "metadata"),
        attributes=_attributes(payload),
    )


def grants_of_video(video: dict[str, Any]) -> Grants:
    """Translate LiveKit's video grant: what is absent of publish, subscribe and data is granted, the rest is not."""
    return Grants(
        publish_sources=_sources(video),
        subscribe=video.get("canSubscribe") is not False,
        publish_data=video.get("canPublishData") is not False,
        update_own_metadata=video.get("canUpdateOwnMetadata") is True,
        hidden=video.get("hidden") is True,
    )


def _sources(video: dict[str, Any]) -> tuple[Source, ...]:
    named = video.get("canPublishSources")
    if isinstance(named, list) and named:  # it overrides canPublish
        wanted = {name.lower() for name in named if isinstance(name, str)}
        return tuple(source for source in Source if source.value in wanted)
    return () if video.get("canPublish") is False else tuple(Source)


def _issuer(token: str) -> str:
    try:
        issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
    except (jwt.InvalidTokenError, RecursionError) as error:
        raise ParleyError(ErrorId.TOKEN_INVALID, f"the token is not valid: {type(error).__name__}") from None
    # The key's id becomes part of a database key: nothing that cannot be one gets there.
    if not isinstance(issuer, str) or not issuer.isascii() or not issuer.isalnum() or len(issuer) > 64:
        raise ParleyError(ErrorId.TOKEN_INVALID, "the token was signed with an unknown API key")
    return issuer


def _text(payload: dict[str, Any], name: str, limit: int | None = None) -> str:
    value = payload.get(name, "")
    if not isinstance(value, str) or (limit is not None and len(value) > limit):
        raise ParleyError(ErrorId.TOKEN_INVALID, f"claim /{name} must be a string of at most {limit} characters")
    return value


def _attributes(payload: dict[str, Any]) -> dict[str, str]:
    value = payload.get("attributes") or {}
    if not isinstance(value, dict) or not all(isinstance(entry, str) for entry in value.values()):
        raise ParleyError(ErrorId.TOKEN_INVALID, "claim /attributes must be an object of strings")
    return value
