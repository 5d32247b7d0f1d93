"""Whom a token stands for: a participant token of the control plane, or a LiveKit token signed by one of its apps."""

from dataclasses import dataclass, field
from functools import partial

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.grants import Grants, narrowed
from chalicelib.contract.ids import AccountId, AppId, MeetingId, ParticipantId, PresetId, uuid7
from chalicelib.domain.livekit_claims import KINDS, AccessClaims
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.participant import Participant
from chalicelib.domain.preset import Preset, grants_of
from chalicelib.services import callers
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.livekit_tokens import ALGORITHM as LIVEKIT_ALGORITHM
from chalicelib.services.livekit_tokens import AccessToken, verify_join_token
from chalicelib.services.participants import preset_named
from chalicelib.services.retrying import until_it_holds
from chalicelib.services.rooms import NO_SUCH_ROOM, auto_creates, find_room, make_room
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
    kind: str = KINDS[0]


def guest_of(deps: Dependencies, token: str, *, make: bool = True) -> Guest:
    """Verify a token of either kind and return whom it stands for.

    The participant of a LiveKit token is made when its identity is new to the meeting, the room too where the app lets
    joins make rooms; without `make` nothing is made and the participant stays without an id. Raises ParleyError
    TOKEN_*, NOT_ALLOWED, MEETING_NOT_FOUND, MEETING_INACTIVE, UNKNOWN_PRESET, or INVALID_FIELD for a room that can't
    be made.
    """
    # The header only chooses between two verifications, each of which has its one algorithm and its own keys.
    if token_header(token).get("alg") == LIVEKIT_ALGORITHM:
        return _livekit_guest(deps, verify_join_token(token, partial(callers.api_key, deps), deps.now_ms()), make)
    claims = deps.signer.verify_participant(token, deps.now_ms())
    return Guest(
        account_id=claims.account_id,
        app_id=claims.app_id,
        meeting_id=claims.meeting_id,
        participant_id=claims.participant_id,
        generation=claims.generation,
        grants=claims.grants,
    )


def _livekit_guest(deps: Dependencies, token: AccessToken, make: bool) -> Guest:
    claims, app_id = token.claims, token.key.app_id
    preset = _preset(deps, app_id, claims.room_preset)
    meeting = _room(deps, token, make)
    if meeting is not None and not meeting.is_open:
        raise ParleyError(ErrorId.MEETING_INACTIVE, "the meeting is inactive")
    grants = claims.video.grants
    return Guest(
        account_id=token.key.account_id,
        app_id=app_id,
        meeting_id=meeting.id if meeting else MeetingId(""),
        participant_id=_participant_id(deps, meeting, claims, preset, make) if meeting else None,
        generation=_NEVER_REVOKED,
        grants=narrowed(grants_of(preset), grants) if preset else grants,
        name=claims.name,
        metadata=claims.metadata,
        attributes=claims.attributes,
        kind=claims.kind,
    )


def _preset(deps: Dependencies, app_id: AppId, name: str) -> Preset | None:
    """Return the preset that a token's ``roomPreset`` names: the peer gets its rights, as far as the token's go."""
    if not name:
        return None
    named = preset_named(deps, app_id, name)
    return deps.presets.by_id(app_id, named.id)


def _room(deps: Dependencies, token: AccessToken, make: bool) -> Meeting | None:
    """Return the token's room; None if it would be made by joining, and joining this is not."""
    name, app_id = token.claims.video.room, token.key.app_id
    found = find_room(deps, app_id, name)
    if found is not None:
        return found
    if not auto_creates(deps, token.key, name):
        raise ParleyError(ErrorId.MEETING_NOT_FOUND, NO_SUCH_ROOM)
    return make_room(deps, app_id, name, token.claims.room_config) if make else None


def _participant_id(
    deps: Dependencies, meeting: Meeting, claims: AccessClaims, preset: Preset | None, make: bool
) -> ParticipantId | None:
    def attempt() -> Participant | None:
        found = deps.participants.by_custom_id(meeting.app_id, meeting.id, claims.identity)
        if found is not None or not make:
            return found
        now_ms = deps.now_ms()
        made = Participant(
            id=ParticipantId(uuid7(now_ms, deps.entropy(10))),
            app_id=meeting.app_id,
            meeting_id=meeting.id,
            custom_participant_id=claims.identity,
            preset_name=preset.name if preset else "",
            preset_id=preset.id if preset else PresetId(""),
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
            name=claims.name or None,
        )
        deps.participants.add(made)
        return made

    # Somebody else may be making the same one, or another one that is counted at the same moment.
    found = until_it_holds(attempt, deps.entropy, deps.sleep)
    return found.id if found else None
