"""What the calls about a live session answer: control of a call, who is in it, polls."""

from pydantic import BaseModel

from chalicelib.api.openapi.models import Count, Time


class ActedOn(BaseModel):
    """A participant that an action reached."""

    id: str
    custom_participant_id: str
    name: str | None
    created_at: Time
    updated_at: Time


class Acted(BaseModel):
    """What an action was and whom it reached."""

    action: str
    participants: list[ActedOn]


class KickedAll(BaseModel):
    """How many were sent away."""

    action: str
    kicked_participants_count: Count


class MutedAll(BaseModel):
    """How many were muted."""

    action: str
    muted_participants_count: Count


class SentData(BaseModel):
    """To how many a message went."""

    action: str
    sent_to_participants_count: Count


class LiveTrack(BaseModel):
    """A track that a live peer publishes."""

    id: str
    kind: str
    source: str
    name: str
    muted: bool
    mime_type: str
    width: int
    height: int
    simulcast: bool


class LivePermissions(BaseModel):
    """What a live peer may do at the moment."""

    publish_sources: list[str]
    subscribe: bool
    publish_data: bool
    update_own_metadata: bool
    hidden: bool


class LiveParticipant(BaseModel):
    """One who is in a call at the moment."""

    id: str
    peer_id: str
    custom_participant_id: str
    name: str
    state: str
    joined_at: Time
    metadata: str
    attributes: dict[str, str]
    permissions: LivePermissions
    tracks: list[LiveTrack]


class LiveCall(BaseModel):
    """Who is in a call at the moment."""

    participants: list[LiveParticipant]
    metadata: str | None


class PollVoter(BaseModel):
    """Who voted."""

    id: str
    name: str


class PollOption(BaseModel):
    """What can be voted for, and how often it was."""

    text: str
    count: Count
    votes: list[PollVoter]


class Poll(BaseModel):
    """A question to everybody in a call."""

    id: str
    question: str
    options: list[PollOption]
    anonymous: bool
    hide_votes: bool
    voted: list[str]


class PollAction(BaseModel):
    """What was done with a poll, and the poll."""

    action: str
    poll: Poll


class Polls(BaseModel):
    """Polls."""

    polls: list[Poll]


class Waiting(BaseModel):
    """One who waits to be let in."""

    id: str
    custom_participant_id: str
    name: str
    waiting_since: Time
    last_seen_at: Time


class Decided(BaseModel):
    """What was decided, and about whom."""

    action: str
    participants: list[Waiting]


class ConnectedMeeting(BaseModel):
    """A meeting beside another one."""

    id: str
    title: str
    status: str
    created_at: Time


class ClosedMeeting(ConnectedMeeting):
    """A connected meeting that is closed."""

    returned_participants_count: Count


class StageRequest(BaseModel):
    """One who asks to come on stage."""

    id: str
    custom_participant_id: str
    name: str
    requested_at: Time


class OnStage(BaseModel):
    """What was done, and the participant as it is in the call now."""

    action: str
    participant: LiveParticipant


class Denied(BaseModel):
    """What was done."""

    action: str
