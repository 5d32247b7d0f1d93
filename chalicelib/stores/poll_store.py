"""Polls and votes in DynamoDB, with the session that they belong to."""

from collections.abc import Iterator

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.contract.ids import AppId, ParticipantId, SessionId
from chalicelib.domain.poll import Poll, PollId, Vote
from chalicelib.stores import table
from chalicelib.stores.session_items import session_partition


class PollItem(table.Item, discriminator="poll"):
    """``SES#{app}#{session}`` / ``POLL#{poll}``: a question."""

    app_id = UnicodeAttribute()
    session_id = UnicodeAttribute()
    poll_id = UnicodeAttribute()
    question = UnicodeAttribute()
    options = JSONAttribute()
    anonymous = BooleanAttribute()
    hide_votes = BooleanAttribute()
    created_by = UnicodeAttribute()
    created_at_ms = NumberAttribute()


class VoteItem(table.Item, discriminator="poll_vote"):
    """``SES#{app}#{session}`` / ``VOTE#{poll}#{participant}``: an item each, so that voters do not wait in line."""

    poll_id = UnicodeAttribute()
    participant_id = UnicodeAttribute()
    name = UnicodeAttribute()
    option = NumberAttribute()
    voted_at_ms = NumberAttribute()


class DynamoPollStore:
    """The PollStore of the real system."""

    def add(self, poll: Poll) -> None:
        """Store a new poll. Raises ConditionFailed when its id exists."""
        item = PollItem(
            session_partition(poll.app_id, poll.session_id),
            f"POLL#{poll.id}",
            app_id=poll.app_id,
            session_id=poll.session_id,
            poll_id=poll.id,
            question=poll.question,
            options=list(poll.options),
            anonymous=poll.anonymous,
            hide_votes=poll.hide_votes,
            created_by=poll.created_by,
            created_at_ms=poll.created_at_ms,
        )
        table.save(item, PollItem.pk.does_not_exist())

    def get(self, app_id: AppId, session_id: SessionId, poll_id: PollId) -> Poll | None:
        """Return a poll of this session, or None."""
        item = table.get(PollItem, session_partition(app_id, session_id), f"POLL#{poll_id}")
        return _poll_of(item) if item else None

    def in_session(self, app_id: AppId, session_id: SessionId) -> Iterator[Poll]:
        """Yield the session's polls, oldest first."""
        return map(_poll_of, table.query(PollItem, session_partition(app_id, session_id), "POLL#"))

    def vote(self, poll: Poll, vote: Vote) -> None:
        """Store a vote. Raises ConditionFailed when this participant voted in this poll before."""
        item = VoteItem(
            session_partition(poll.app_id, poll.session_id),
            f"VOTE#{poll.id}#{vote.participant_id}",
            poll_id=poll.id,
            participant_id=vote.participant_id,
            name=vote.name,
            option=vote.option,
            voted_at_ms=vote.voted_at_ms,
        )
        table.save(item, VoteItem.pk.does_not_exist())

    def vote_of(self, poll: Poll, participant_id: ParticipantId) -> Vote | None:
        """Return what a participant voted for, or None."""
        item = table.get(VoteItem, session_partition(poll.app_id, poll.session_id), f"VOTE#{poll.id}#{participant_id}")
        return _vote_of(item) if item else None

    def votes(self, app_id: AppId, session_id: SessionId, poll_id: PollId | None = None) -> Iterator[Vote]:
        """Yield the votes of a poll, or of all polls of the session."""
        prefix = "VOTE#" if poll_id is None else f"VOTE#{poll_id}#"
        return map(_vote_of, table.query(VoteItem, session_partition(app_id, session_id), prefix))


def _poll_of(item: PollItem) -> Poll:
    return Poll(
        id=PollId(item.poll_id),
        app_id=AppId(item.app_id),
        session_id=SessionId(item.session_id),
        question=item.question,
        options=tuple(item.options),
        anonymous=item.anonymous,
        hide_votes=item.hide_votes,
        created_by=item.created_by,
        created_at_ms=int(item.created_at_ms),
    )


def _vote_of(item: VoteItem) -> Vote:
    return Vote(
        PollId(item.poll_id), ParticipantId(item.participant_id), item.name, int(item.option), int(item.voted_at_ms)
    )
