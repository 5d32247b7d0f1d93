"""The dialects: which paths they have, what proves who calls, and how they answer where the catalogue says nothing."""

from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from chalicelib.api.openapi import failure_models

_OBJECT: dict[str, Any] = {"type": "object"}


@dataclass(frozen=True, slots=True)
class Api:
    """One dialect. `plain` is the schema of answers without an envelope, `successes` their statuses by method."""

    tag: str
    security: tuple[str, ...]
    failure: type[BaseModel] = failure_models.Failure
    catalogued: bool = False
    enveloped: bool = True
    plain: dict[str, Any] = field(default_factory=lambda: _OBJECT)
    successes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    more_errors: tuple[int, ...] = ()


_ANY_SUCCESS = {"GET": (200,), "POST": (200, 201), "PUT": (200,), "PATCH": (200,), "DELETE": (200,)}

# The first prefix that fits counts.
API_OF_PREFIX: tuple[tuple[str, Api], ...] = (
    ("/client/v4/", Api("RealtimeKit", ("apiToken", "authKey"), catalogued=True)),
    ("/dyte/", Api("Dyte v2", ("organization",), failure=failure_models.DyteFailure, successes=_ANY_SUCCESS)),
    (
        "/videosdk/",
        Api(
            "VideoSDK v2",
            ("videoSdkToken",),
            failure=failure_models.VideoSdkFailure,
            enveloped=False,
            plain={},
            successes=_ANY_SUCCESS,
            more_errors=(501,),
        ),
    ),
    (
        "/twirp/",
        Api(
            "LiveKit server API",
            ("liveKitToken",),
            failure=failure_models.TwirpFailure,
            enveloped=False,
            more_errors=(412,),
        ),
    ),
    ("/internal/", Api("Media nodes", ("nodeToken",))),
    ("/health", Api("Health", (), enveloped=False)),
    ("/", Api("This description", (), enveloped=False)),
)
