"""Participants: users added to a meeting. A connection of one to a session is a peer."""

from dataclasses import dataclass, replace
from typing import Any

from chalicelib.contract.ids import AppId, MeetingId, ParticipantId, PresetId


@dataclass(frozen=True, slots=True)
class Participant:
    """A user of a meeting. Tokens older than `token_generation` are dead; times are ms since 1970 UTC.

    `preset_name` is empty for one who came with a LiveKit token: its grants are in the token.
    """

    id: ParticipantId
    app_id: AppId
    meeting_id: MeetingId
    custom_participant_id: str
    preset_name: str
    preset_id: PresetId
    created_at_ms: int
    updated_at_ms: int
    name: str | None = None
    picture: str | None = None
    token_generation: int = 1
    version: int = 1


def changed(participant: Participant, changes: dict[str, Any], now_ms: int) -> Participant:
    """Return the participant with some fields (by name) replaced."""
    return replace(
        participant,
        **changes,
        updated_at_ms=max(now_ms, participant.updated_at_ms),
        version=participant.version + 1,
    )
