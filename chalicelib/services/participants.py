"""Participants: adding them to a meeting, reading, changing and removing them, and giving them tokens.

Adding is safe to repeat: a custom participant id is unique in a meeting, so the second call finds the first one's
participant, changes it and answers with a fresh token. The SDKs do repeat POSTs.
"""

from dataclasses import dataclass, field
from typing import Any

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.grants import Grants
from chalicelib.contract.ids import AccountId, AppId, MeetingId, ParticipantId, is_uuid, uuid7
from chalicelib.contract.token_claims import PARTICIPANT_TOKEN_SECONDS, ParticipantClaims
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.participant import Participant, changed
from chalicelib.domain.preset import PresetName
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.meetings import get_meeting
from chalicelib.services.retrying import until_it_holds


@dataclass(frozen=True, slots=True)
class Token:
    """A participant's token and when it stops being good (ms since 1970 UTC)."""

    text: str = field(repr=False)
    expires_at_ms: int


@dataclass(frozen=True, slots=True)
class Home:
    """Where participants live: account and app are the caller's own, the meeting is as in the path, unchecked."""

    account_id: AccountId
    app_id: AppId
    meeting_id: str


def add_participant(
    deps: Dependencies, home: Home, custom_participant_id: str, preset_name: str, profile: dict[str, Any]
) -> Participant:
    """Add a user to a meeting, or change the one with this custom id; `profile` may hold name and picture.

    Raises ParleyError MEETING_NOT_FOUND, UNKNOWN_PRESET or BUSY.
    """
    if not is_uuid(home.meeting_id):
        raise ParleyError(ErrorId.MEETING_NOT_FOUND, "no such meeting")
    meeting_id = MeetingId(home.meeting_id)

    def attempt() -> Participant:
        # All it depends on in one look: with the write that makes two requests, and joins are what there is most of.
        entrance = deps.participants.entrance(home.app_id, meeting_id, custom_participant_id, preset_name)
        if entrance.meeting is None:
            raise ParleyError(ErrorId.MEETING_NOT_FOUND, "no such meeting")
        preset = _known(entrance.preset)
        fields = {**profile, "preset_name": preset.name, "preset_id": preset.id}
        if entrance.participant is not None:
            return _replaced(deps, entrance.participant, fields)
        return _added(deps, home.app_id, meeting_id, custom_participant_id, fields)

    return until_it_holds(attempt, deps.entropy, deps.sleep)


def put_participant(
    deps: Dependencies, app_id: AppId, meeting_id: MeetingId, custom_participant_id: str, fields: dict[str, Any]
) -> Participant:
    """Make the participant with this custom id, or set these fields of the one that is there.

    `fields` are Participant's name, picture, preset_name and preset_id; the last two are needed. Raises ParleyError
    BUSY.
    """

    def attempt() -> Participant:
        found = deps.participants.by_custom_id(app_id, meeting_id, custom_participant_id)
        if found is not None:
            return _replaced(deps, found, fields)
        return _added(deps, app_id, meeting_id, custom_participant_id, fields)

    return until_it_holds(attempt, deps.entropy, deps.sleep)


def get_participant(deps: Dependencies, home: Home, participant_id: str) -> Participant:
    """Return a participant. Raises ParleyError MEETING_NOT_FOUND or PARTICIPANT_NOT_FOUND."""
    if is_uuid(home.meeting_id) and is_uuid(participant_id):
        found = deps.participants.get(home.app_id, MeetingId(home.meeting_id), ParticipantId(participant_id))
        if found is not None:
            return found
    get_meeting(deps, home.app_id, home.meeting_id)
    raise ParleyError(ErrorId.PARTICIPANT_NOT_FOUND, "no such participant")


def list_participants(deps: Dependencies, home: Home, page: PageRequest) -> Page[Participant]:
    """Return a page of a meeting's participants, newest first. Raises ParleyError MEETING_NOT_FOUND."""
    if is_uuid(home.meeting_id):
        found = deps.participants.page(home.app_id, MeetingId(home.meeting_id), page)
        if found.total_count:
            return found
    get_meeting(deps, home.app_id, home.meeting_id)  # an empty list may be that of no meeting
    return Page((), 0, 0, 0)


def change_participant(deps: Dependencies, home: Home, participant_id: str, changes: dict[str, Any]) -> Participant:
    """Set name, picture or preset_name. Raises ParleyError UNKNOWN_PRESET, what get_participant() raises, or BUSY."""
    fields = dict(changes)
    if "preset_name" in fields:
        preset = preset_named(deps, home.app_id, fields["preset_name"])
        fields["preset_id"] = preset.id
    return until_it_holds(
        lambda: _replaced(deps, get_participant(deps, home, participant_id), fields), deps.entropy, deps.sleep
    )


def revoke_tokens(deps: Dependencies, home: Home, participant_id: str) -> Participant:
    """Make every token given to the participant so far worthless. Raises like get_participant(), or BUSY."""

    def attempt() -> Participant:
        found = get_participant(deps, home, participant_id)
        return _replaced(deps, found, {"token_generation": found.token_generation + 1})

    return until_it_holds(attempt, deps.entropy, deps.sleep)


def delete_participant(deps: Dependencies, home: Home, participant_id: str) -> Participant:
    """Remove a participant; its tokens admit nobody any more. Raises like get_participant(), or BUSY."""

    def attempt() -> Participant:
        found = get_participant(deps, home, participant_id)
        deps.participants.delete(found)
        return found

    return until_it_holds(attempt, deps.entropy, deps.sleep)


def issue_token(
    deps: Dependencies,
    account_id: AccountId,
    participant: Participant,
    lifetime_s: int | None = None,
    grants: Grants | None = None,
) -> Token:
    """Sign a token of `lifetime_s` seconds (24 h unless told) for the participant; `grants` stand in for a preset."""
    now_s = deps.now_ms() // 1000
    claims = ParticipantClaims(
        participant_id=participant.id,
        account_id=account_id,
        app_id=participant.app_id,
        meeting_id=participant.meeting_id,
        identity=participant.custom_participant_id,
        generation=participant.token_generation,
        jti=deps.entropy(16).hex(),
        issued_at=now_s,
        expires_at=now_s + (PARTICIPANT_TOKEN_SECONDS if lifetime_s is None else lifetime_s),
        grants=grants,
    )
    return Token(deps.signer.sign_participant(claims), claims.expires_at * 1000)


def preset_named(deps: Dependencies, app_id: AppId, name: str) -> PresetName:
    """Return a preset by the name a request gave. Raises ParleyError UNKNOWN_PRESET."""
    return _known(deps.presets.named(app_id, name))


def _known(preset: PresetName | None) -> PresetName:
    if preset is None:
        raise ParleyError(ErrorId.UNKNOWN_PRESET, "the app has no preset of this name", "/preset_name")
    return preset


def _added(
    deps: Dependencies, app_id: AppId, meeting_id: MeetingId, custom_participant_id: str, fields: dict[str, Any]
) -> Participant:
    now_ms = deps.now_ms()
    made = Participant(
        id=ParticipantId(uuid7(now_ms, deps.entropy(10))),
        app_id=app_id,
        meeting_id=meeting_id,
        custom_participant_id=custom_participant_id,
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
        **fields,
    )
    deps.participants.add(made)
    return made


def _replaced(deps: Dependencies, found: Participant, fields: dict[str, Any]) -> Participant:
    replacement = changed(found, fields, deps.now_ms())
    deps.participants.replace(replacement, observed_version=found.version, observed_preset=found.preset_id)
    return replacement
