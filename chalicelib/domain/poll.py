"""Polls of a session: a question, its options, and who voted for which. Pure; no sending is here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NewType

from chalicelib.contract.ids import AppId, ParticipantId, SessionId

PollId = NewType("PollId", str)

MAX_POLLS = 100  # of a session: a list of them is one answer
MAX_OPTIONS = 20
MAX_OPTION_CHARS = 200
MAX_QUESTION_CHARS = 1_000  # with the longest options in UTF-8 a poll still fits into one data packet
MAX_VOTERS_TOLD = 40  # in a data packet; the counts are always right
MAX_NAME_TOLD = 64  # characters of a voter's name in a data packet
TOPIC = "parley.poll"


@dataclass(frozen=True, slots=True)
class Poll:
    """A question to those in a session. `anonymous`: nobody is told who voted for what. `hide_votes`: participants are
    told no counts."""

    id: PollId
    app_id: AppId
    session_id: SessionId
    question: str
    options: tuple[str, ...]
    anonymous: bool
    hide_votes: bool
    created_by: str
    created_at_ms: int


@dataclass(frozen=True, slots=True)
class Vote:
    """What a participant voted for: the index of the option. It is final."""

    poll_id: PollId
    participant_id: ParticipantId
    name: str
    option: int
    voted_at_ms: int


@dataclass(frozen=True, slots=True)
class OptionTally:
    """An option, how many voted for it, and who as far as that may be told."""

    text: str
    count: int
    voters: tuple[Vote, ...]


@dataclass(frozen=True, slots=True)
class PollState:
    """A poll with its votes as some reader may see them; `voted` are those who voted, whatever for."""

    poll: Poll
    options: tuple[OptionTally, ...]
    voted: tuple[ParticipantId, ...]


def state_of(poll: Poll, votes: Sequence[Vote]) -> PollState:
    """Return what the poll's owner, a backend, may see of it: an anonymous poll has no voters there either."""
    by_option: dict[int, list[Vote]] = {}
    for vote in sorted(votes, key=lambda each: (each.voted_at_ms, each.participant_id)):
        by_option.setdefault(vote.option, []).append(vote)
    options = tuple(
        OptionTally(text, len(of_it := by_option.get(index, [])), () if poll.anonymous else tuple(of_it))
        for index, text in enumerate(poll.options)
    )
    # In the order of their ids when anonymous: the order of the votes would tell who followed whom.
    voted = sorted(vote.participant_id for vote in votes)
    return PollState(poll, options, tuple(voted))


def as_participants_see(state: PollState) -> PollState:
    """Return what everybody in the call is told: no counts if votes are hidden, and only so many voters."""
    if state.poll.hide_votes:
        return PollState(state.poll, tuple(OptionTally(each.text, 0, ()) for each in state.options), ())
    told = sorted((vote for each in state.options for vote in each.voters), key=lambda vote: vote.voted_at_ms)
    named = [replace(vote, name=vote.name[:MAX_NAME_TOLD]) for vote in told[:MAX_VOTERS_TOLD]]
    options = tuple(
        OptionTally(each.text, each.count, tuple(vote for vote in named if vote.option == index))
        for index, each in enumerate(state.options)
    )
    return PollState(state.poll, options, state.voted[:MAX_VOTERS_TOLD])
