"""Claims of LiveKit access tokens, read strictly, and what they grant in Parley's words. Pure: no signatures, no clock.

A claim of the wrong type is refused, not passed over: a grant that was meant to restrict must never be lost to a typo.
Claims that are not known are ignored, null is absent.
"""

from dataclasses import dataclass, field
from typing import Any

from chalicelib.contract.codec import ContractError
from chalicelib.contract.grants import Grants, Source
from chalicelib.contract.limits import MAX_IDENTITY_CHARS, MAX_NAME_CHARS

Json = dict[str, Any]
KINDS = ("standard", "ingress", "egress", "sip", "agent", "connector", "bridge")

_TEXTS = list[str]
_ATTRIBUTES = dict[str, str]
_TOP: Json = {
    "iss": str,
    "sub": str,
    "jti": str,
    "name": str,
    "kind": str,
    "kindDetails": _TEXTS,
    "metadata": str,
    "attributes": _ATTRIBUTES,
    "sha256": str,
    "roomPreset": str,
    "roomConfig": dict,
    "video": dict,
    "sip": dict,
    "agent": dict,
    "inference": dict,
    "observability": dict,
}
_VIDEO_FLAGS = (
    "roomCreate",
    "roomList",
    "roomRecord",
    "roomAdmin",
    "roomJoin",
    "canPublish",
    "canSubscribe",
    "canPublishData",
    "canUpdateOwnMetadata",
    "ingressAdmin",
    "hidden",
    "recorder",
    "agent",
    "canSubscribeMetrics",
    "canManageAgentSession",
)
_VIDEO: Json = {
    "room": str,
    "destinationRoom": str,
    "canPublishSources": _TEXTS,
    **dict.fromkeys(_VIDEO_FLAGS, bool),
}
_ROOM_CONFIG: Json = {
    "name": str,
    "emptyTimeout": int,
    "departureTimeout": int,
    "maxParticipants": int,
    "metadata": str,
    "egress": dict,
    "minPlayoutDelay": int,
    "maxPlayoutDelay": int,
    "syncStreams": bool,
    "agents": list,
    "tags": _ATTRIBUTES,
}
_AGENT: Json = {
    "agentName": str,
    "metadata": str,
    "deployment": str,
    "attributes": _ATTRIBUTES,
}
_LENGTHS = {
    "sub": MAX_IDENTITY_CHARS,
    "name": MAX_NAME_CHARS,
    "room": MAX_NAME_CHARS,
    "destinationRoom": MAX_NAME_CHARS,
}
_MAX_UINT32 = 2**32 - 1


@dataclass(frozen=True, slots=True)
class AgentOrder:
    """An agent that a room asks for; `restart_policy` is LiveKit's JobRestartPolicy."""

    agent_name: str = ""
    metadata: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    deployment: str = ""
    restart_policy: int = 0


@dataclass(frozen=True, slots=True)
class RoomConfig:
    """How a room is to be when it is made. Zero and empty mean the default; times are in seconds."""

    empty_timeout_s: int = 0
    departure_timeout_s: int = 0
    max_participants: int = 0
    metadata: str = ""
    agents: tuple[AgentOrder, ...] = ()


@dataclass(frozen=True, slots=True)
class VideoGrant:
    """Rights on the server API, and the room they are for. What a peer may do in a call is in `grants`."""

    room: str = ""
    destination_room: str = ""
    room_create: bool = False
    room_list: bool = False
    room_admin: bool = False
    room_join: bool = False
    room_record: bool = False
    agent: bool = False
    grants: Grants = field(default_factory=Grants)


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What an access token says. `kind` is one of KINDS; `room_preset` the name of a preset, or empty."""

    identity: str
    video: VideoGrant
    name: str = ""
    kind: str = KINDS[0]
    metadata: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    room_preset: str = ""
    room_config: RoomConfig = RoomConfig()


def read_access_claims(payload: Json) -> AccessClaims:
    """Return the claims of a verified payload. Raises ContractError on a claim of the wrong type or length."""
    claims = _checked(payload, _TOP, "")
    kind = claims.get("kind", "").lower()
    return AccessClaims(
        identity=claims.get("sub", ""),
        video=_video(claims.get("video", {})),
        name=claims.get("name", ""),
        kind=kind if kind in KINDS else KINDS[0],  # as LiveKit does: kinds grow with the SDKs
        metadata=claims.get("metadata", ""),
        attributes=claims.get("attributes", {}),
        room_preset=claims.get("roomPreset", ""),
        room_config=_room_config(claims.get("roomConfig", {})),
    )


def _video(claim: Json) -> VideoGrant:
    video = _checked(claim, _VIDEO, "/video")
    return VideoGrant(
        room=video.get("room", ""),
        destination_room=video.get("destinationRoom", ""),
        room_create=video.get("roomCreate", False),
        room_list=video.get("roomList", False),
        room_admin=video.get("roomAdmin", False),
        room_join=video.get("roomJoin", False),
        room_record=video.get("roomRecord", False),
        agent=video.get("agent", False),
        grants=_grants(video),
    )


def _grants(video: Json) -> Grants:
    """What is absent of publish, subscribe and data is granted, the rest is not; a list of sources beats canPublish."""
    named = video.get("canPublishSources") or []
    sources = tuple(Source) if video.get("canPublish", True) else ()
    if named:
        wanted = {name.lower() for name in named}
        sources = tuple(source for source in Source if source.value in wanted)
    return Grants(
        publish_sources=sources,
        subscribe=video.get("canSubscribe", True),
        publish_data=video.get("canPublishData", True),
        update_own_metadata=video.get("canUpdateOwnMetadata", False),
        hidden=video.get("hidden", False),
        recorder=video.get("recorder", False),
        agent=video.get("agent", False),
    )


def _room_config(claim: Json) -> RoomConfig:
    config = _checked(_camel(claim), _ROOM_CONFIG, "/roomConfig")
    return RoomConfig(
        empty_timeout_s=config.get("emptyTimeout", 0),
        departure_timeout_s=config.get("departureTimeout", 0),
        max_participants=config.get("maxParticipants", 0),
        metadata=config.get("metadata", ""),
        agents=tuple(_agent(each, f"/roomConfig/agents/{i}") for i, each in enumerate(config.get("agents", []))),
    )


def _agent(claim: Any, pointer: str) -> AgentOrder:
    if not isinstance(claim, dict):
        raise ContractError(pointer, "must be an object")
    agent = _checked(_camel(claim), _AGENT, pointer)
    return AgentOrder(
        agent_name=agent.get("agentName", ""),
        metadata=agent.get("metadata", ""),
        attributes=agent.get("attributes", {}),
        deployment=agent.get("deployment", ""),
    )


def _checked(claims: Json, shape: Json, pointer: str) -> Json:
    """Return the claims that are known and there, each of its type."""
    known = {name: claims[name] for name in shape if claims.get(name) is not None}
    for name, value in known.items():
        if not _fits(value, shape[name]):
            raise ContractError(f"{pointer}/{name}", "has the wrong type")
        if len(value) > _LENGTHS[name] if name in _LENGTHS else False:
            raise ContractError(f"{pointer}/{name}", f"at most {_LENGTHS[name]} characters")
    return known


def _fits(value: Any, kind: Any) -> bool:
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_UINT32
    if kind == _TEXTS:
        return isinstance(value, list) and all(isinstance(entry, str) for entry in value)
    if kind == _ATTRIBUTES:
        return isinstance(value, dict) and all(isinstance(entry, str) for entry in value.values())
    return isinstance(value, kind)


def _camel(claim: Json) -> Json:
    """Return an object of protojson with lowerCamelCase names: SDKs write either form."""
    return {_camel_name(name): value for name, value in claim.items()}


def _camel_name(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
