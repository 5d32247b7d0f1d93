"""What a request may say about a recording, as RealtimeKit documents it; a meeting's recording_config too."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from chalicelib.api.request_body import Body
from chalicelib.contract.limits import MAX_IDENTITY_CHARS, MAX_NAME_CHARS, MAX_URL_CHARS

Url = Annotated[str, Field(max_length=MAX_URL_CHARS)]
Positive = Annotated[int, Field(ge=1)]
Side = Annotated[int, Field(ge=1, le=1920)]
Label = Annotated[str, Field(max_length=MAX_NAME_CHARS)]
Secret = Annotated[str, Field(min_length=1, max_length=16_384)]
Identity = Annotated[str, Field(min_length=1, max_length=MAX_IDENTITY_CHARS)]
MeetingId = Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARS)]


class _Part(Body):
    model_config = ConfigDict(defer_build=True)


class AudioConfig(_Part):
    """Sound of a recording."""

    channel: Literal["mono", "stereo"] | None = None
    codec: Literal["MP3", "AAC"] | None = None
    export_file: bool | None = None


class _WatermarkSize(_Part):
    width: Positive | None = None
    height: Positive | None = None


class _Watermark(_Part):
    url: Url | None = None
    position: Literal["left top", "right top", "left bottom", "right bottom"] | None = None
    size: _WatermarkSize | None = None


class VideoConfig(_Part):
    """Picture of a recording."""

    codec: Literal["H264", "VP8", "VP9"] | None = None
    width: Side | None = None
    height: Side | None = None
    export_file: bool | None = None
    watermark: _Watermark | None = None


class _RtmpConfig(_Part):
    rtmp_url: Url | None = None


class _BucketConfig(_Part):
    enabled: bool


class StorageConfig(_Part):
    """A storage of the caller's own. Its secrets are checked, and kept nowhere."""

    type: Literal["aws", "azure", "digitalocean", "gcs", "sftp"]
    access_key: Secret | None = None
    secret: Secret | None = None
    bucket: Label | None = None
    region: Label | None = None
    path: Annotated[str, Field(max_length=MAX_URL_CHARS)] | None = None
    auth_method: Literal["KEY", "PASSWORD"] | None = None
    username: Label | None = None
    password: Secret | None = None
    private_key: Secret | None = None
    host: Label | None = None
    port: Annotated[float, Field(ge=1, le=65_535)] | None = None

    @model_validator(mode="after")
    def _complete(self) -> "StorageConfig":
        needed: tuple[str, ...] = ()
        if self.type in ("aws", "azure", "digitalocean"):
            needed = ("access_key", "region")
        if self.type == "sftp":
            needed = ("auth_method", "private_key" if self.auth_method == "KEY" else "password")
        missing = [name for name in needed if getattr(self, name) is None]
        if missing:
            raise ValueError(f"{self.type} needs {' and '.join(missing)}")
        return self


class RecordingConfig(_Part):
    """How a meeting's recordings are made."""

    audio_config: AudioConfig | None = None
    video_config: VideoConfig | None = None
    file_name_prefix: Label | None = None
    live_streaming_config: _RtmpConfig | None = None
    max_seconds: Annotated[int, Field(ge=60, le=86_400)] | None = None
    realtimekit_bucket_config: _BucketConfig | None = None
    storage_config: StorageConfig | None = None


class _InteractiveConfig(_Part):
    type: Literal["ID3"] | None = None


class StartRecording(_Part):
    """Body of a start."""

    meeting_id: MeetingId
    allow_multiple_recordings: bool | None = None
    audio_config: AudioConfig | None = None
    video_config: VideoConfig | None = None
    file_name_prefix: Label | None = None
    interactive_config: _InteractiveConfig | None = None
    max_seconds: Annotated[int, Field(ge=60, le=86_400)] | None = None
    realtimekit_bucket_config: _BucketConfig | None = None
    rtmp_out_config: _RtmpConfig | None = None
    storage_config: StorageConfig | None = None
    url: Url | None = None


class _Layer(_Part):
    file_name_prefix: Label | None = None
    media_kind: Literal["audio"] | None = None


class StartTrackRecording(_Part):
    """Body of a start of one file for every participant."""

    meeting_id: MeetingId
    layers: Annotated[dict[str, _Layer], Field(max_length=100)] | None = None
    user_ids: Annotated[list[Identity], Field(max_length=100)] | None = None


class RecordingAction(_Part):
    """Body of a change of a recording that runs."""

    action: Literal["stop", "pause", "resume"]
