"""Polls and votes in memory; tests/contract compares them."""

from collections.abc import Iterator

from chalicelib.contract.ids import AppId, ParticipantId, SessionId
from chalicelib.domain.poll import Poll, PollId, Vote
from chalicelib.services.ports import ConditionFailed


class FakePollStore:
    """PollStore in memory."""

    def __init__(self) -> None:
        self._polls: dict[tuple[AppId, SessionId, PollId], Poll] = {}
        self._votes: dict[tuple[AppId, SessionId, PollId, ParticipantId], Vote] = {}

    def add(self, poll: Poll) -> None:
        """See the port."""
        if self._polls.setdefault((poll.app_id, poll.session_id, poll.id), poll) is not poll:
            raise ConditionFailed

    def get(self, app_id: AppId, session_id: SessionId, poll_id: PollId) -> Poll | None:
        """See the port."""
        return self._polls.get((app_id, session_id, poll_id))

    def in_session(self, app_id: AppId, session_id: SessionId) -> Iterator[Poll]:
        """See the port."""
        return iter([poll for key, poll in sorted(self._polls.items()) if key[:2] == (app_id, session_id)])

    def vote(self, poll: Poll, vote: Vote) -> None:
        """See the port."""
        key = poll.app_id, poll.session_id, poll.id, vote.participant_id
        if self._votes.setdefault(key, vote) is not vote:
            raise ConditionFailed

    def vote_of(self, poll: Poll, participant_id: ParticipantId) -> Vote | None:
        """See the port."""
        return self._votes.get((poll.app_id, poll.session_id, poll.id, participant_id))

    def votes(self, app_id: AppId, session_id: SessionId, poll_id: PollId | None = None) -> Iterator[Vote]:
        """See the port."""
        wanted = (app_id, session_id) if poll_id is None else (app_id, session_id, poll_id)
        return iter([vote for key, vote in sorted(self._votes.items()) if key[: len(wanted)] == wanted])
