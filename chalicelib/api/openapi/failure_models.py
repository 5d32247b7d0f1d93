"""What is answered when something is wrong, and by calls outside the catalogue."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from chalicelib.api.openapi.models import Count


class Health(BaseModel):
    """Whether calls can be made."""

    status: str
    table: str
    nodes: Count
    version: str


class ErrorBrief(BaseModel):
    """An error: `id` is stable and never reused, `code` is the HTTP status."""

    code: int
    id: Annotated[str, Field(examples=["meeting_not_found"])]
    message: str


class ErrorSource(BaseModel):
    """Which field is wrong."""

    pointer: Annotated[str, Field(examples=["/title"])]


class ErrorDetail(BaseModel):
    """The same error as Cloudflare's SDKs show it; `code` has five digits."""

    code: Annotated[int, Field(examples=[40402])]
    message: str
    source: ErrorSource | None = None


class Failure(BaseModel):
    """Every error, in both conventions that are in use."""

    success: Literal[False]
    error: ErrorBrief
    errors: Annotated[list[ErrorDetail], Field(min_length=1)]
    messages: list[Any]
    result: None


class DyteBrief(ErrorBrief):
    """An error, and which field is wrong."""

    source: ErrorSource | None = None


class DyteFailure(BaseModel):
    """An error of the Dyte adapter."""

    success: Literal[False]
    error: DyteBrief


class TwirpFailure(BaseModel):
    """An error of the LiveKit server API."""

    code: Annotated[str, Field(examples=["not_found"])]
    msg: str
    meta: dict[str, str] = {}


class VideoSdkFailure(BaseModel):
    """An error of the VideoSDK adapter; `error` repeats the message."""

    statusCode: int
    code: Annotated[int, Field(examples=[4003])]
    name: Annotated[str, Field(examples=["INVALID_MEETING_ID"])]
    message: str
    error: str
    pointer: str | None = None
