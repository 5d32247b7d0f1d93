"""``/{app_id}/meetings/{meeting_id}/participants``: who may join a meeting, and their tokens.

Extensions to RealtimeKit: ``token_expires_at`` beside every token, ``token_lifetime_in_secs`` where one is asked for,
and ``revoke_previous_tokens`` on a refresh.
"""

from collections.abc import Callable
from typing import Annotated, Any

from chalice.app import Response
from pydantic import Field

from chalicelib.api.authentication import app_of
from chalicelib.api.envelope import iso, success
from chalicelib.api.page_query import PageQuery, read_query
from chalicelib.api.request_body import Body, read_body
from chalicelib.api.routing import Routes
from chalicelib.contract.limits import MAX_IDENTITY_CHARS, MAX_NAME_CHARS, MAX_URL_CHARS
from chalicelib.contract.token_claims import MAX_PARTICIPANT_TOKEN_SECONDS, MIN_PARTICIPANT_TOKEN_SECONDS
from chalicelib.domain.participant import Participant
from chalicelib.services import participants
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.participants import Home

_PATH = "/{app_id}/meetings/{meeting_id}/participants"
_ONE = _PATH + "/{participant_id}"

Name = Annotated[str, Field(max_length=MAX_NAME_CHARS)]
Picture = Annotated[str, Field(max_length=MAX_URL_CHARS, pattern=r"^https?://")]
PresetName = Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARS)]
Lifetime = Annotated[int, Field(ge=MIN_PARTICIPANT_TOKEN_SECONDS, le=MAX_PARTICIPANT_TOKEN_SECONDS)]


class _Profile(Body):
    name: Name | None = None
    picture: Picture | None = None
    token_lifetime_in_secs: Lifetime | None = None


class _NewParticipant(_Profile):
    custom_participant_id: Annotated[str, Field(min_length=1, max_length=MAX_IDENTITY_CHARS)]
    preset_name: PresetName


class _ParticipantPatch(_Profile):
    preset_name: PresetName | None = None


class _Refresh(Body):
    token_lifetime_in_secs: Lifetime | None = None
    revoke_previous_tokens: bool = False


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__)
    _routes_of_all(blueprint, deps)
    _routes_of_one(blueprint, deps)

    @blueprint.route(_ONE + "/token", methods=["POST"], body=_Refresh)
    def refresh_token(account_id: str, app_id: str, meeting_id: str, participant_id: str) -> Response:
        home = _home(blueprint, deps(), account_id, app_id, meeting_id)
        body = read_body(blueprint.current_request, _Refresh)
        act = participants.revoke_tokens if body.revoke_previous_tokens else participants.get_participant
        participant = act(deps(), home, participant_id)
        return success(_token(deps(), home, participant, body.token_lifetime_in_secs))

    return blueprint


def _routes_of_all(blueprint: Routes, deps: Callable[[], Dependencies]) -> None:
    @blueprint.route(_PATH, methods=["GET"], query=PageQuery)
    def list_(account_id: str, app_id: str, meeting_id: str) -> Response:
        home = _home(blueprint, deps(), account_id, app_id, meeting_id)
        page = participants.list_participants(deps(), home, read_query(blueprint.current_request, PageQuery).page)
        return success([_rendered(participant) for participant in page.items], paging=page.counts)

    @blueprint.route(_PATH, methods=["POST"], body=_NewParticipant)
    def add(account_id: str, app_id: str, meeting_id: str) -> Response:
        home = _home(blueprint, deps(), account_id, app_id, meeting_id)
        body = read_body(blueprint.current_request, _NewParticipant)
        profile = body.model_dump(include={"name", "picture"} & body.model_fields_set)
        added = participants.add_participant(deps(), home, body.custom_participant_id, body.preset_name, profile)
        return success(_rendered(added) | _token(deps(), home, added, body.token_lifetime_in_secs), status=201)


def _routes_of_one(blueprint: Routes, deps: Callable[[], Dependencies]) -> None:
    @blueprint.route(_ONE, methods=["GET"])
    def get(account_id: str, app_id: str, meeting_id: str, participant_id: str) -> Response:
        home = _home(blueprint, deps(), account_id, app_id, meeting_id)
        return success(_rendered(participants.get_participant(deps(), home, participant_id)))

    @blueprint.route(_ONE, methods=["PATCH"], body=_ParticipantPatch)
    def change(account_id: str, app_id: str, meeting_id: str, participant_id: str) -> Response:
        home = _home(blueprint, deps(), account_id, app_id, meeting_id)
        body = read_body(blueprint.current_request, _ParticipantPatch)
        changes = body.model_dump(include={"name", "picture"} & body.model_fields_set)
        if body.preset_name is not None:  # the SDK may send null, and nobody can be without a preset
            changes["preset_name"] = body.preset_name
        changed = participants.change_participant(deps(), home, participant_id, changes)
        return success(_rendered(changed) | _token(deps(), home, changed, body.token_lifetime_in_secs))

    @blueprint.route(_ONE, methods=["DELETE"])
    def delete(account_id: str, app_id: str, meeting_id: str, participant_id: str) -> Response:
        home = _home(blueprint, deps(), account_id, app_id, meeting_id)
        gone = participants.delete_participant(deps(), home, participant_id)
        shown = ("custom_participant_id", "created_at", "updated_at")
        return success({"preset_id": gone.preset_id} | {name: _rendered(gone)[name] for name in shown})


def _home(blueprint: Routes, deps: Dependencies, account_id: str, app_id: str, meeting_id: str) -> Home:
    app = app_of(blueprint.current_request, deps, account_id, app_id)
    return Home(app.account_id, app.id, meeting_id)


def _rendered(participant: Participant) -> dict[str, Any]:
    return {
        "id": participant.id,
        "custom_participant_id": participant.custom_participant_id,
        "name": participant.name,
        "picture": participant.picture,
        "preset_name": participant.preset_name,
        "created_at": iso(participant.created_at_ms),
        "updated_at": iso(participant.updated_at_ms),
    }


def _token(deps: Dependencies, home: Home, participant: Participant, lifetime_s: int | None) -> dict[str, str]:
    token = participants.issue_token(deps, home.account_id, participant, lifetime_s)
    return {"token": token.text, "token_expires_at": iso(token.expires_at_ms)}
