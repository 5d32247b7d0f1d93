"""The stage of a session: who may ask to speak, and what being on stage lets somebody publish. Pure."""

from dataclasses import dataclass
from typing import Any

from chalicelib.contract.grants import Source
from chalicelib.contract.ids import AppId, ParticipantId, SessionId
from chalicelib.domain.preset import SOURCES


@dataclass(frozen=True, slots=True)
class StageRequest:
    """Somebody off stage who has asked to come; the time is ms since 1970 UTC."""

    app_id: AppId
    session_id: SessionId
    participant_id: ParticipantId
    identity: str
    name: str
    asked_at_ms: int


def may_come(permissions: dict[str, Any]) -> bool:
    """Tell whether a preset lets its participants onto a stage, at once or when they are granted it."""
    return bool(permissions.get("stage_enabled")) and permissions.get("stage_access") != "NOT_ALLOWED"


def needs_no_grant(permissions: dict[str, Any]) -> bool:
    """Tell whether a preset lets its participants step on and off the stage as they like."""
    return may_come(permissions) and permissions.get("stage_access", "ALLOWED") == "ALLOWED"


def sources_on_stage(permissions: dict[str, Any]) -> tuple[Source, ...]:
    """Return what participants with this preset may publish while they are on stage."""
    media = permissions["media"]
    kinds = [kind for kind in SOURCES if media[kind]["can_produce"] in ("ALLOWED", "CAN_REQUEST")]
    return tuple(source for kind in kinds for source in SOURCES[kind])
