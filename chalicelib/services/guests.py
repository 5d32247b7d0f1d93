"""Whom a token stands for: a participant token of the control plane, or a LiveKit token signed by one of its apps."""

from dataclasses import dataclass, field

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.grants import Grants
from chalicelib.contract.ids import AccountId, AppId, MeetingId, ParticipantId, PresetId, is_uuid, uuid7
from chalicelib.domain.participant import Participant
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.livekit_tokens import ALGORITHM as LIVEKIT_ALGORITHM
from chalicelib.services.livekit_tokens import LiveKitClaims, verify_livekit_token
from chalicelib.services.ports import ConditionFailed
from chalicelib.services.tokens import token_header

_NEVER_REVOKED = 2**53  # LiveKit tokens live until they expire: they carry no generation


@dataclass(frozen=True, slots=True)
class Guest:
    """The bearer of a verified token. `grants` is None where the participant's preset decides.

    `participant_id` is None for somebody who would be made a participant by joining.
    """

    account_id: AccountId
    app_id: AppId
    meeting_id: MeetingId
    participant_id: ParticipantId | None
    generation: int
    grants: Grants | None = None
    name: str = ""
    metadata: str = ""
    attributes: dict[str, str] = field(default_factory=dict)


def guest_of(deps: Dependencies, token: str, *, make: bool = True) -> Guest:
    """Verify a token of either kind and return whom it stands for.

    The participant of a LiveKit token is made when its identity is new to the meeting; without `make` it stays without
    an id. Raises ParleyError TOKEN_*,
    NOT_ALLOWED, MEETING_NOT_FOUND or MEETING_INACTIVE.
    """
    # The header only chooses between two verifications, each of which has its one algorithm and its own keys.
    if token_header(token).get("alg") == LIVEKIT_ALGORITHM:
        return _livekit_guest(deps, verify_livekit_token(token, deps.apps.api_key, deps.now_ms()), make)
    claims = deps.signer.verify_participant(token, deps.now_ms())
    return Guest(
        account_id=claims.account_id,
        app_id=claims.app_id,
        meeting_id=claims.meeting_id,
        participant_id=claims.participant_id,
        generation=claims.generation,
        grants=claims.grants,
    )


def _livekit_guest(deps: Dependencies, claims: LiveKitClaims, make: bool) -> Guest:
    app_id = claims.key.app_id
    meeting = deps.meetings.get(app_id, MeetingId(claims.room)) if is_uuid(claims.room) else None
    if meeting is None:
        raise ParleyError(ErrorId.MEETING_NOT_FOUND, "the token's room is not the id of a meeting")
    if not meeting.is_open:
        raise ParleyError(ErrorId.MEETING_INACTIVE, "the meeting is inactive")
    return Guest(
        account_id=claims.key.account_id,
        app_id=app_id,
        meeting_id=meeting.id,
        participant_id=_participant_id(deps, app_id, meeting.id, claims, make),
        generation=_NEVER_REVOKED,
        grants=claims.grants,
        name=claims.name,
        metadata=claims.metadata,
        attributes=claims.attributes,
    )


def _participant_id(
    deps: Dependencies, app_id: AppId, meeting_id: MeetingId, claims: LiveKitClaims, make: bool
) -> ParticipantId | None:
    found = deps.participants.by_custom_id(app_id, meeting_id, claims.identity)
    if found is None and not make:
        return None
    if found is None:
        now_ms = deps.now_ms()
        found = Participant(
            id=ParticipantId(uuid7(now_ms, deps.entropy(10))),
            app_id=app_id,
            meeting_id=meeting_id,
            custom_participant_id=claims.identity,
            preset_name="",
            preset_id=PresetId(""),
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
            name=claims.name or None,
        )
        try:
            deps.participants.add(found)
        except ConditionFailed:  # somebody else has just made it
            found = deps.participants.by_custom_id(app_id, meeting_id, claims.identity)
    if found is None:
        raise ParleyError(ErrorId.BUSY, "the participant is being made and removed at the same time; try again")
    return found.id
