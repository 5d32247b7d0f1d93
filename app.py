"""Composition root of the control plane: builds the Chalice app, registers its routes and wires it.

Importing it needs no environment: ``chalice package`` imports it. The first request builds the dependencies. What only
some requests need is imported by the first of them (mounts.py, wiring.py): a cold start imports Chalice, PynamoDB and
little else, which tests/unit/test_cold_start.py holds to.
"""

import functools
import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chalice.app import Chalice, CloudWatchEvent, DynamoDBEvent, Request, Response, SQSEvent

from chalicelib.api.mounts import DYTE, PROTOBUF, REALTIMEKIT, VIDEOSDK, Mounts
from chalicelib.config import VERSION
from chalicelib.stores import table

if TYPE_CHECKING:
    from chalicelib.services.dependencies import Dependencies

__all__ = ["REALTIMEKIT", "app", "dependencies", "on_session_check", "on_table_change", "sweep", "table"]

Middleware = Callable[[Request, Callable[[Request], Response]], Response]

# The deployment puts the real stream in place of this ARN, and the stage into the queue's name.
STREAM_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/parley-dev/stream/1970-01-01T00:00:00.000"
SESSION_CHECKS = f"parley-{os.environ.get('PARLEY_STAGE', 'dev')}-session-checks"

app = Chalice(app_name="parley", configure_logs=False)


def now_ms() -> int:
    """Return the time in ms since 1970 UTC."""
    return time.time_ns() // 1_000_000


_building = threading.Lock()


def dependencies() -> "Dependencies":
    """Return what the use cases need, built from the environment once per process. Raises ConfigError."""
    with _building:  # the local server answers requests in threads, and binding the table twice would drop connections
        return _dependencies()


@functools.cache
def _dependencies() -> "Dependencies":
    from chalicelib.wiring import build

    return build(os.environ, now_ms)


def _later(make: Callable[[], Middleware]) -> Middleware:
    """Return middleware that is made by the first request."""
    made = functools.cache(make)

    def handle(request: Request, get_response: Callable[[Request], Response]) -> Response:
        return made()(request, get_response)

    return handle


def _logged() -> Middleware:
    from chalicelib.api.routing import middleware

    return middleware(now_ms)


def _twirps_refusals() -> Middleware:
    from chalicelib.api.errors import enveloped
    from chalicelib.api.twirp.errors import middleware

    return middleware(enveloped)


def _dytes_refusals() -> Middleware:
    from chalicelib.api.routing import refusals_in_form

    def reshaped(response: Response) -> Response:
        from chalicelib.api.dyte.mirror import in_dytes_form

        return in_dytes_form(response)

    return refusals_in_form(DYTE, reshaped)


def _videosdks_refusals() -> Middleware:
    from chalicelib.api.routing import refusals_in_form

    def reshaped(response: Response) -> Response:
        from chalicelib.api.videosdk.refusal import in_videosdks_form

        return in_videosdks_form(response)

    return refusals_in_form(VIDEOSDK, reshaped)


app.api.binary_types.append(PROTOBUF)
for refusals in (_logged, _twirps_refusals, _dytes_refusals, _videosdks_refusals):
    app.register_middleware(_later(refusals), "http")

mounts = Mounts(app, dependencies, VERSION)


def __getattr__(name: str) -> Any:
    # `described` is what /openapi.json tells of; asking for it loads every route.
    if name == "described":
        return mounts.described()
    raise AttributeError(name)


# Event handlers are module-level functions of this file, not of blueprints: Lambda finds one by importing
# "app.<function name>".


@app.on_dynamodb_record(stream_arn=STREAM_ARN, starting_position="TRIM_HORIZON")
def on_table_change(event: DynamoDBEvent) -> None:
    """Queue a delayed check for every session that has become empty."""
    from chalicelib.events import stream

    stream.on_table_change(event, dependencies())


@app.on_sqs_message(queue=SESSION_CHECKS)
def on_session_check(event: SQSEvent) -> None:
    """End a session whose grace is over."""
    from chalicelib.events import queue

    queue.on_session_check(event, dependencies())


@app.schedule("rate(1 minute)")
def sweep(event: CloudWatchEvent) -> None:
    """End what nodes that are gone have left behind."""
    from chalicelib.events import schedule

    schedule.on_sweep(dependencies())
