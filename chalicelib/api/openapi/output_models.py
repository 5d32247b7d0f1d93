"""What the calls about webhooks, recordings, livestreams and use answer."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from chalicelib.api.openapi.models import Count, Id, Paging, Time


class Webhook(BaseModel):
    """Where events are sent."""

    id: Id
    name: str
    url: Annotated[str, Field(examples=["https://example.org/events"])]
    enabled: bool
    events: list[str]
    created_at: Time
    updated_at: Time


class WebhookEvent(BaseModel):
    """An event that a webhook can ask for."""

    name: str
    description: str


class Recording(BaseModel):
    """A recording, or an attempt at one."""

    id: Id
    meeting_id: str | None
    session_id: str | None
    status: Literal["INVOKED", "RECORDING", "UPLOADING", "UPLOADED", "ERRORED", "PAUSED"]
    output_file_name: str
    invoked_time: Time
    started_time: Time | None
    stopped_time: Time | None
    download_url: str | None
    audio_download_url: str | None
    download_url_expiry: Time | None
    file_size: float | None
    recording_duration: int | None
    start_reason: dict[str, Any] | None
    stop_reason: dict[str, Any] | None


class Livestream(BaseModel):
    """A livestream; `disabled` is a text in RealtimeKit's schema."""

    id: Id
    name: str | None
    meeting_id: str | None
    status: Literal["LIVE", "IDLE", "ERRORED", "INVOKED"]
    disabled: str
    stream_key: str | None
    ingest_server: str | None
    playback_url: str | None
    created_at: Time
    updated_at: Time


class LivestreamPage(BaseModel):
    """Livestreams; beside them, as RealtimeKit's schema has it, the fields of the first."""

    livestreams: list[Livestream]
    paging: Paging


class LivestreamDetails(BaseModel):
    """A livestream with its sessions."""

    livestream: Livestream
    session: dict[str, Any] | None
    paging: Paging


class LivestreamUse(BaseModel):
    """How much livestreams were used."""

    count: Count
    total_ingest_seconds: Count
    total_viewer_seconds: Count


class DailyLivestreamUse(LivestreamUse):
    """How much livestreams were used on a day."""

    date: date


class Analytics(BaseModel):
    """Sessions and recordings by day."""

    session_stats: dict[str, Any]
    recording_stats: dict[str, Any]


class Usage(BaseModel):
    """Use of an app, in total and by day."""

    total: dict[str, Any]
    days: list[dict[str, Any]]
