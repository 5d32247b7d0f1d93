"""What the calls answer, as models: they describe, they do not render. Renderers are beside the routes.

``tests/fuzz/test_openapi.py`` holds every answer against them.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

Id = Annotated[str, Field(examples=["0199d9c2-7a5e-7c1b-8f5d-2f6f4f0a1b2c"])]
Time = Annotated[datetime, Field(examples=["2026-05-04T09:30:00.000Z"])]
Minutes = Annotated[float, Field(ge=0, examples=[12.5])]
Count = Annotated[int, Field(ge=0, examples=[2])]


class Paging(BaseModel):
    """Which part of a list this is; offsets start at 1, an empty page has 0."""

    total_count: Count
    start_offset: Count
    end_offset: Count


class App(BaseModel):
    """A workspace of an account."""

    id: Id
    name: str
    created_at: Time


class RateLimit(BaseModel):
    """So many calls in any so many seconds."""

    requests: int
    window_s: int


class AppSettings(BaseModel):
    """What an app's owner chooses."""

    auto_create_rooms: bool


class RateLimits(BaseModel):
    """The limits of the installation; they cannot be changed by a call."""

    app: RateLimit
    account: RateLimit
    recording: RateLimit


class WholeApp(App):
    """A workspace with its settings."""

    settings: AppSettings
    rate_limits: RateLimits


class KeyPair(BaseModel):
    """A key pair that signs LiveKit tokens; the secret is shown this once."""

    key: Annotated[str, Field(examples=["APIQ3ZLM2XVJ4TNB6K"])]
    secret: Annotated[str, Field(examples=["shown-once"])]


class NewApp(BaseModel):
    """An app that was made, with its first key pair."""

    app: App
    api_key: KeyPair


class ApiKey(BaseModel):
    """A key pair without its secret."""

    id: Annotated[str, Field(examples=["APIQ3ZLM2XVJ4TNB6K"])]
    name: str
    created_at: Time
    expires_at: Time | None


class NewApiKey(ApiKey, KeyPair):
    """A key pair that was made."""


class RotatedApiKey(NewApiKey):
    """A key pair that was made, and the one it replaces."""

    replaces: ApiKey


class AuditEntry(BaseModel):
    """One control action."""

    id: Id
    app_id: Id | None
    actor: Annotated[str, Field(examples=["api_token:3fa2b1c09d4e"])]
    action: Annotated[str, Field(examples=["DELETE /{app_id}/meetings/{meeting_id}"])]
    target: dict[str, str]
    at: Time
    outcome: Literal["success", "failure"]
    status: int
    error_id: str | None
    request_id: str


class AuditPage(BaseModel):
    """Entries, newest first; `next` is the `before` of the next call, null at the end."""

    entries: list[AuditEntry]
    next: str | None


class ListedMeeting(BaseModel):
    """A meeting as it is listed."""

    id: Id
    title: str | None
    status: Literal["ACTIVE", "INACTIVE"]
    record_on_start: bool
    live_stream_on_start: bool
    persist_chat: bool
    summarize_on_end: bool
    transcribe_on_end: bool
    session_keep_alive_time_in_secs: float
    recording_config: dict[str, Any] | None
    created_at: Time
    updated_at: Time


class Meeting(ListedMeeting):
    """A meeting."""

    ai_config: dict[str, Any] | None


class MeetingCheck(BaseModel):
    """What somebody wants to know of a meeting before joining it; `max_participants` 0 is no limit."""

    exists: bool
    active: bool
    live: bool
    live_peers: Count
    max_participants: Count
    full: bool


class Participant(BaseModel):
    """A user of a meeting."""

    id: Id
    custom_participant_id: str
    name: str | None
    picture: str | None
    preset_name: str
    created_at: Time
    updated_at: Time


class Token(BaseModel):
    """A token that lets its bearer join; nobody can show it again."""

    token: Annotated[str, Field(examples=["eyJhbGciOiJFZERTQSJ9..."])]
    token_expires_at: Time


class ParticipantWithToken(Participant, Token):
    """A participant with a fresh token."""


class DeletedParticipant(BaseModel):
    """A participant that is gone."""

    custom_participant_id: str
    preset_id: str
    created_at: Time
    updated_at: Time


class ListedPreset(BaseModel):
    """A preset as it is listed."""

    id: Id
    name: Annotated[str, Field(examples=["group_call_host"])]
    created_at: Time
    updated_at: Time


class Preset(ListedPreset):
    """Named permissions and looks of participants."""

    config: dict[str, Any]
    permissions: dict[str, Any]
    ui: dict[str, Any]


class Session(BaseModel):
    """One live instance of a meeting, running or over."""

    id: Id
    associated_id: Id
    organization_id: Id
    meeting_display_name: str
    status: Literal["LIVE", "ENDED"]
    type: Literal["meeting", "livestream", "participant"]
    live_participants: Count
    max_concurrent_participants: Count
    minutes_consumed: Minutes
    created_at: Time
    started_at: Time
    updated_at: Time
    ended_at: Time | None
    breakout_rooms: list[Any]


class DescribedSession(Session):
    """A live session with the metadata of its room."""

    metadata: str | None


class PeerEvent(BaseModel):
    """Something that happened to a peer."""

    id: str
    event_name: Literal["PEER_CREATED", "PEER_JOINING", "PEER_LEAVING"]
    peer_id: Id
    participant_id: str
    session_id: Id
    created_at: Time
    updated_at: Time


class Attendee(BaseModel):
    """One who was in a session: `id` is the peer's, `user_id` the participant's."""

    id: Id
    user_id: str
    custom_participant_id: str
    display_name: str
    preset_name: str
    duration: Minutes
    joined_at: Time
    left_at: Time | None
    created_at: Time
    updated_at: Time
    peer_events: list[PeerEvent] = []


class ReportedPeer(Attendee):
    """A peer with what is known of its connection."""

    session_id: Id
    role: str
    peer_report: dict[str, Any]
