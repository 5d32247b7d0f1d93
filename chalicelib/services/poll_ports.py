"""What the use cases of polls need: a store. ports.py says where implementations are and which errors they raise."""

from collections.abc import Iterator
from typing import Protocol

from chalicelib.contract.ids import AppId, ParticipantId, SessionId
from chalicelib.domain.poll import Poll, PollId, Vote


class PollStore(Protocol):
    """Polls of sessions, and votes. Every read is consistent."""

    def add(self, poll: Poll) -> None:
        """Store a new poll. Raises ConditionFailed when its id exists."""
        ...

    def get(self, app_id: AppId, session_id: SessionId, poll_id: PollId) -> Poll | None:
        """Return a poll of this session, or None."""
        ...

    def in_session(self, app_id: AppId, session_id: SessionId) -> Iterator[Poll]:
        """Yield the session's polls, oldest first."""
        ...

    def vote(self, poll: Poll, vote: Vote) -> None:
        """Store a vote. Raises ConditionFailed when this participant voted in this poll before."""
        ...

    def vote_of(self, poll: Poll, participant_id: ParticipantId) -> Vote | None:
        """Return what a participant voted for, or None."""
        ...

    def votes(self, app_id: AppId, session_id: SessionId, poll_id: PollId | None = None) -> Iterator[Vote]:
        """Yield the votes of a poll, or of all polls of the session."""
        ...
