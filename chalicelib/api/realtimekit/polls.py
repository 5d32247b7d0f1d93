"""Polls of a call. Creating one is RealtimeKit's; listing them and voting for a participant are extensions."""

from collections.abc import Callable
from typing import Annotated

from chalice.app import Response
from pydantic import ConfigDict, Field

from chalicelib.api.authentication import app_of
from chalicelib.api.envelope import success
from chalicelib.api.request_body import Body, read_body
from chalicelib.api.routing import Routes
from chalicelib.domain.poll import MAX_OPTION_CHARS, MAX_OPTIONS, MAX_QUESTION_CHARS
from chalicelib.services import polls
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.participants import Home

_LIVE = "/{app_id}/meetings/{meeting_id}/active-session"

Option = Annotated[str, Field(min_length=1, max_length=MAX_OPTION_CHARS)]


class PollBody(Body):
    """A question and its options, in the order in which votes count them."""

    model_config = ConfigDict(strict=True, extra="ignore", defer_build=True)

    question: Annotated[str, Field(min_length=1, max_length=MAX_QUESTION_CHARS)]
    options: Annotated[list[Option], Field(min_length=1, max_length=MAX_OPTIONS)]
    anonymous: bool = False
    hide_votes: bool = False


class VoteBody(Body):
    """Whose vote it is, and for which option: its index from 0."""

    model_config = ConfigDict(strict=True, extra="ignore", defer_build=True)

    participant_id: Annotated[str, Field(max_length=64)]
    option: Annotated[int, Field(ge=0, lt=MAX_OPTIONS)]


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__)

    @blueprint.route(_LIVE + "/poll", methods=["POST"], body=PollBody)
    def create(account_id: str, app_id: str, meeting_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        body = read_body(blueprint.current_request, PollBody)
        state = polls.create_poll(deps(), app.id, meeting_id, **body.model_dump())
        return success({"action": "poll", "poll": polls.poll_view(state)}, status=201)

    @blueprint.route(_LIVE + "/polls", methods=["GET"])
    def list_(account_id: str, app_id: str, meeting_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        found = polls.list_polls(deps(), app.id, meeting_id)
        return success({"polls": [polls.poll_view(state) for state in found]})

    @blueprint.route(_LIVE + "/polls/{poll_id}/votes", methods=["POST"], body=VoteBody)
    def vote(account_id: str, app_id: str, meeting_id: str, poll_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        body = read_body(blueprint.current_request, VoteBody)
        home = Home(app.account_id, app.id, meeting_id)
        state = polls.vote(deps(), home, poll_id, body.participant_id, body.option)
        return success({"action": "vote", "poll": polls.poll_view(state)})

    @blueprint.route("/{app_id}/sessions/{session_id}/polls", methods=["GET"])
    def of_session(account_id: str, app_id: str, session_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        found = polls.polls_of_session(deps(), app.id, session_id)
        return success({"polls": [polls.poll_view(state) for state in found]})

    return blueprint
