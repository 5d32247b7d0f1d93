"""What a request may say about a meeting: the fields and their ranges, as RealtimeKit documents them."""

from typing import Annotated, Any, Literal

from pydantic import Field

from chalicelib.api.realtimekit.recording_body import RecordingConfig
from chalicelib.api.request_body import Body
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.limits import (
    MAX_KEEP_ALIVE_SECONDS,
    MAX_NAME_CHARS,
    MAX_TITLE_CHARS,
    MIN_KEEP_ALIVE_SECONDS,
)
from chalicelib.domain.meeting import MeetingOptions, MeetingStatus

Keyword = Annotated[str, Field(max_length=MAX_NAME_CHARS)]


class _Transcription(Body):
    language: Literal["en-US", "en-IN", "de", "hi", "sv", "ru", "pl", "el", "fr", "nl"] | None = None
    keywords: Annotated[list[Keyword], Field(max_length=1000)] | None = None
    profanity_filter: bool | None = None


class _Summarization(Body):
    word_limit: Annotated[int, Field(ge=150, le=1000)] | None = None
    text_format: Literal["plain_text", "markdown"] | None = None
    summary_type: (
        Literal[
            "general",
            "team_meeting",
            "sales_call",
            "client_check_in",
            "interview",
            "daily_standup",
            "one_on_one_meeting",
            "lecture",
            "code_review",
        ]
        | None
    ) = None


class _AiConfig(Body):
    transcription: _Transcription | None = None
    summarization: _Summarization | None = None


class MeetingBody(Body):
    """Body of create; null means the default."""

    title: Annotated[str, Field(max_length=MAX_TITLE_CHARS)] | None = None
    record_on_start: bool | None = None
    live_stream_on_start: bool | None = None
    persist_chat: bool | None = None
    summarize_on_end: bool | None = None
    transcribe_on_end: bool | None = None
    session_keep_alive_time_in_secs: (
        Annotated[float, Field(ge=MIN_KEEP_ALIVE_SECONDS, le=MAX_KEEP_ALIVE_SECONDS)] | None
    ) = None
    recording_config: RecordingConfig | None = None
    ai_config: _AiConfig | None = None
    # An extension, under Dyte's name and with its values.
    preferred_region: Literal["ap-south-1", "ap-southeast-1", "us-east-1", "eu-central-1"] | None = None

    def changes(self) -> dict[str, Any]:
        """Return the options that the request named, null replaced by the default. Raises ParleyError."""
        if self.recording_config is not None and self.recording_config.storage_config is not None:
            # Its credentials would have to be kept encrypted; until recordings exist they are not kept at all.
            raise ParleyError(
                ErrorId.ENGINE_NOT_AVAILABLE,
                "this installation has no recording engine, and keeps no credentials of a storage for one",
                "/recording_config/storage_config",
            )
        defaults = MeetingOptions()
        named = self.model_dump(include=self.model_fields_set)
        for name in ("recording_config", "ai_config"):
            if named.get(name) is not None:
                named[name] = getattr(self, name).model_dump(exclude_none=True)
        return {name: getattr(defaults, name) if value is None else value for name, value in named.items()}


class MeetingPatch(MeetingBody):
    """Body of update: only what it names changes."""

    status: MeetingStatus = MeetingStatus.ACTIVE  # only read when named; null is no status
