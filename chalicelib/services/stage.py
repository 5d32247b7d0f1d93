"""The stage of a live session: asking to come on, being granted it or not, and leaving.

Being on stage is having the permission to publish (live_control.patch_permissions); only requests are kept.
"""

from typing import Any

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.grants import Source
from chalicelib.contract.node_commands import GrantsPatch, LivePeer, PeerSelector
from chalicelib.domain.participant import Participant
from chalicelib.domain.stage import StageRequest, may_come, needs_no_grant, sources_on_stage
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.live_control import patch_permissions
from chalicelib.services.participants import Home, get_participant
from chalicelib.services.sessions import active_session


def request_stage(deps: Dependencies, home: Home, participant_id: str) -> StageRequest:
    """Note that a participant asks to come on stage; asking again is no error.

    Raises ParleyError MEETING_NOT_FOUND, PARTICIPANT_NOT_FOUND, NO_ACTIVE_SESSION, or NOT_ALLOWED by its preset.
    """
    session = active_session(deps, home.app_id, home.meeting_id)
    participant = get_participant(deps, home, participant_id)
    if not may_come(_permissions(deps, participant)):
        raise ParleyError(ErrorId.NOT_ALLOWED, "the participant's preset lets it onto no stage")
    request = StageRequest(
        home.app_id,
        session.session_id,
        participant.id,
        participant.custom_participant_id,
        participant.name or "",
        deps.now_ms(),
    )
    deps.stage.put(request)
    return request


def list_requests(deps: Dependencies, home: Home) -> tuple[StageRequest, ...]:
    """Return who asks to come on stage, oldest first. Raises ParleyError MEETING_NOT_FOUND or NO_ACTIVE_SESSION."""
    session = active_session(deps, home.app_id, home.meeting_id)
    return tuple(sorted(deps.stage.in_session(home.app_id, session.session_id), key=lambda each: each.asked_at_ms))


def deny(deps: Dependencies, home: Home, participant_id: str) -> None:
    """Remove a participant's request, if there is one. Raises MEETING_NOT_FOUND, PARTICIPANT_NOT_FOUND or
    NO_ACTIVE_SESSION."""
    _forget(deps, home, get_participant(deps, home, participant_id))


def grant(deps: Dependencies, home: Home, participant_id: str) -> LivePeer:
    """Let a participant of the call publish what its preset has for the stage, and remove its request.

    Raises ParleyError NOT_ALLOWED by its preset, and what live_control raises.
    """
    return _step_on(deps, home, participant_id, granted=True)


def join(deps: Dependencies, home: Home, participant_id: str) -> LivePeer:
    """Put a participant on stage that needs no grant. Raises ParleyError like grant()."""
    return _step_on(deps, home, participant_id, granted=False)


def leave(deps: Dependencies, home: Home, participant_id: str) -> LivePeer:
    """Take a participant off the stage: its tracks end at once. Raises what live_control raises."""
    participant = get_participant(deps, home, participant_id)
    return _permit(deps, home, participant, ())


def _step_on(deps: Dependencies, home: Home, participant_id: str, *, granted: bool) -> LivePeer:
    participant = get_participant(deps, home, participant_id)
    permissions = _permissions(deps, participant)
    if not (may_come(permissions) if granted else needs_no_grant(permissions)):
        raise ParleyError(ErrorId.NOT_ALLOWED, "the participant's preset does not let it onto the stage")
    peer = _permit(deps, home, participant, sources_on_stage(permissions))
    _forget(deps, home, participant)
    return peer


def _permit(deps: Dependencies, home: Home, participant: Participant, sources: tuple[Source, ...]) -> LivePeer:
    who = PeerSelector(participant_ids=(participant.id,))
    return patch_permissions(deps, home.app_id, home.meeting_id, who, GrantsPatch(publish_sources=sources))[0]


def _forget(deps: Dependencies, home: Home, participant: Participant) -> None:
    session = active_session(deps, home.app_id, home.meeting_id)
    deps.stage.delete(home.app_id, session.session_id, participant.id)


def _permissions(deps: Dependencies, participant: Participant) -> dict[str, Any]:
    preset = deps.presets.by_id(participant.app_id, participant.preset_id) if participant.preset_id else None
    return preset.permissions if preset else {}
