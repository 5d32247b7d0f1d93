"""Polls in a live session: asked, voted in, and listed. Everybody in the call is told by a data packet (domain.TOPIC).

Clients have no way to vote by themselves: a backend votes for them. What a client is told is `poll_view` in JSON, as
``{"type": "poll.created" | "poll.updated", "poll": ...}``.
"""

import base64
import json
from collections.abc import Sequence
from typing import Any

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AppId, SessionId, is_uuid, uuid7
from chalicelib.contract.node_commands import SendData
from chalicelib.domain.poll import MAX_POLLS, TOPIC, Poll, PollId, PollState, Vote, as_participants_see, state_of
from chalicelib.domain.session import Session
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.live_control import EVERYBODY, send_data
from chalicelib.services.participants import Home, get_participant
from chalicelib.services.ports import ConditionFailed
from chalicelib.services.sessions import active_session, get_session

CREATED_BY = "backend"  # only backends create polls


def create_poll(
    deps: Dependencies,
    app_id: AppId,
    meeting_id: str,
    question: str,
    options: Sequence[str],
    *,
    anonymous: bool = False,
    hide_votes: bool = False,
) -> PollState:
    """Ask everybody in the meeting's active session.

    It is kept once the node has told them, so that a NODE_UNREACHABLE leaves nothing behind that a repetition doubles.
    Raises ParleyError MEETING_NOT_FOUND, NO_ACTIVE_SESSION, NODE_UNREACHABLE, or QUOTA_REACHED.
    """
    session = active_session(deps, app_id, meeting_id)
    if len(list(deps.polls.in_session(app_id, session.session_id))) >= MAX_POLLS:
        raise ParleyError(ErrorId.QUOTA_REACHED, f"a session may have {MAX_POLLS} polls")
    now_ms = deps.now_ms()
    poll = Poll(
        id=PollId(uuid7(now_ms, deps.entropy(10))),
        app_id=app_id,
        session_id=session.session_id,
        question=question,
        options=tuple(options),
        anonymous=anonymous,
        hide_votes=hide_votes,
        created_by=CREATED_BY,
        created_at_ms=now_ms,
    )
    state = state_of(poll, ())
    _tell(deps, session, "poll.created", state)
    deps.polls.add(poll)
    return state


def vote(deps: Dependencies, home: Home, poll_id: str, participant_id: str, option: int) -> PollState:
    """Vote for a participant of the meeting; the same vote again is no error, and tells everybody again.

    Raises ParleyError MEETING_NOT_FOUND, NO_ACTIVE_SESSION, POLL_NOT_FOUND, PARTICIPANT_NOT_FOUND, INVALID_FIELD,
    ALREADY_EXISTS when it voted for another option before, or NODE_UNREACHABLE.
    """
    session = active_session(deps, home.app_id, home.meeting_id)
    poll = deps.polls.get(home.app_id, session.session_id, PollId(poll_id)) if is_uuid(poll_id) else None
    if poll is None:
        raise ParleyError(ErrorId.POLL_NOT_FOUND, "no such poll in the active session")
    if option >= len(poll.options):
        raise ParleyError(ErrorId.INVALID_FIELD, f"/option: must be below {len(poll.options)}", "/option")
    voter = get_participant(deps, home, participant_id)
    _store(deps, poll, Vote(poll.id, voter.id, voter.name or voter.custom_participant_id, option, deps.now_ms()))
    state = state_of(poll, list(deps.polls.votes(home.app_id, session.session_id, poll.id)))
    _tell(deps, session, "poll.updated", state)
    return state


def list_polls(deps: Dependencies, app_id: AppId, meeting_id: str) -> tuple[PollState, ...]:
    """Return the polls of the active session, oldest first. Raises MEETING_NOT_FOUND or NO_ACTIVE_SESSION."""
    return _polls(deps, app_id, active_session(deps, app_id, meeting_id).session_id)


def polls_of_session(deps: Dependencies, app_id: AppId, session_id: str) -> tuple[PollState, ...]:
    """Return the polls of a session, also of one that has ended, oldest first. Raises SESSION_NOT_FOUND."""
    return _polls(deps, app_id, get_session(deps, app_id, session_id).session_id)


def poll_view(state: PollState) -> dict[str, Any]:
    """Render a poll as RealtimeKit does, for answers and for clients alike."""
    return {
        "id": state.poll.id,
        "question": state.poll.question,
        "options": [
            {
                "text": each.text,
                "count": each.count,
                "votes": [{"id": vote.participant_id, "name": vote.name} for vote in each.voters],
            }
            for each in state.options
        ],
        "anonymous": state.poll.anonymous,
        "hide_votes": state.poll.hide_votes,
        "created_by": state.poll.created_by,
        "voted": list(state.voted),
    }


def _store(deps: Dependencies, poll: Poll, cast: Vote) -> None:
    try:
        deps.polls.vote(poll, cast)
    except ConditionFailed:
        before = deps.polls.vote_of(poll, cast.participant_id)
        if before is None or before.option != cast.option:
            raise ParleyError(ErrorId.ALREADY_EXISTS, "this participant has voted for another option") from None


def _polls(deps: Dependencies, app_id: AppId, session_id: SessionId) -> tuple[PollState, ...]:
    polls = list(deps.polls.in_session(app_id, session_id))
    votes: dict[PollId, list[Vote]] = {poll.id: [] for poll in polls}
    for each in deps.polls.votes(app_id, session_id) if polls else ():
        votes.setdefault(each.poll_id, []).append(each)
    return tuple(state_of(poll, votes[poll.id]) for poll in polls)


def _tell(deps: Dependencies, session: Session, kind: str, state: PollState) -> None:
    message = json.dumps({"type": kind, "poll": poll_view(as_participants_see(state))}, ensure_ascii=False)
    payload = base64.b64encode(message.encode()).decode()
    send_data(deps, session.app_id, session.meeting_id, SendData(EVERYBODY, payload, reliable=True, topic=TOPIC))
