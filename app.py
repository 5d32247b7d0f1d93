"""Composition root of the control plane: builds the Chalice app, wires stores to use cases, registers routes.

Importing it needs no environment: ``chalice package`` imports it. The first request builds the dependencies.
"""

import functools
import os
import secrets
import threading
import time

from chalice.app import Chalice, CloudWatchEvent, DynamoDBEvent, SQSEvent

from chalicelib.api import documentation, health, routing
from chalicelib.api.dyte import mirror, orgs
from chalicelib.api.errors import enveloped
from chalicelib.api.internal import admissions, events, nodes
from chalicelib.api.realtimekit import (
    active_session,
    analytics,
    api_keys,
    apps,
    audit,
    connected_meetings,
    live_control,
    livestreams,
    meetings,
    participants,
    polls,
    presets,
    recordings,
    session_outputs,
    sessions,
    stage,
    waiting_room,
    webhooks,
)
from chalicelib.api.twirp import errors as twirp_errors
from chalicelib.api.twirp import routes as twirp
from chalicelib.api.videosdk import not_available_yet as videosdk_not_available_yet
from chalicelib.api.videosdk import refusal as videosdk_refusal
from chalicelib.api.videosdk import rooms as videosdk_rooms
from chalicelib.api.videosdk import sessions as videosdk_sessions
from chalicelib.config import VERSION, read_config
from chalicelib.events import queue, schedule, stream
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.rate_limits import RateLimits
from chalicelib.services.tokens import TokenSigner
from chalicelib.stores import table
from chalicelib.stores.account_store import DynamoAccountStore
from chalicelib.stores.api_key_store import DynamoApiKeyStore
from chalicelib.stores.app_store import DynamoAppStore
from chalicelib.stores.audit_store import DynamoAuditStore
from chalicelib.stores.connection_store import DynamoConnectionStore
from chalicelib.stores.dead_letters import DynamoDeadLetters
from chalicelib.stores.delay_queue import SqsDelayQueue
from chalicelib.stores.idempotency_store import DynamoIdempotencyStore
from chalicelib.stores.livestream_store import DynamoLivestreamStore
from chalicelib.stores.meeting_store import DynamoMeetingStore
from chalicelib.stores.node_http import HttpNodePost
from chalicelib.stores.node_store import DynamoNodeStore
from chalicelib.stores.participant_store import DynamoParticipantStore
from chalicelib.stores.poll_store import DynamoPollStore
from chalicelib.stores.preset_store import DynamoPresetStore
from chalicelib.stores.purge_store import DynamoPurgeStore
from chalicelib.stores.rate_counter_store import DynamoRateCounterStore
from chalicelib.stores.recording_store import DynamoRecordingStore
from chalicelib.stores.room_store import DynamoDispatchStore, DynamoRoomStore
from chalicelib.stores.session_store import DynamoSessionStore
from chalicelib.stores.stage_store import DynamoStageStore
from chalicelib.stores.usage_store import DynamoUsageStore
from chalicelib.stores.waiting_room_store import DynamoWaitingRoomStore
from chalicelib.stores.webhook_store import DynamoWebhookStore

# The names of path variables must be the same in every route: API Gateway has one per path level.
REALTIMEKIT = "/client/v4/accounts/{account_id}/realtime/kit"

DYTE = "/dyte/v2"
VIDEOSDK = "/videosdk/v2"

# The deployment puts the real stream in place of this ARN, and the stage into the queue's name.
STREAM_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/parley-dev/stream/1970-01-01T00:00:00.000"
SESSION_CHECKS = f"parley-{os.environ.get('PARLEY_STAGE', 'dev')}-session-checks"

app = Chalice(app_name="parley", configure_logs=False)


def now_ms() -> int:
    """Return the time in ms since 1970 UTC."""
    return time.time_ns() // 1_000_000


_building = threading.Lock()


def dependencies() -> Dependencies:
    """Return what the use cases need, built from the environment once per process. Raises ConfigError."""
    with _building:  # the local server answers requests in threads, and binding the table twice would drop connections
        return _dependencies()


@functools.cache
def _dependencies() -> Dependencies:
    config = read_config(os.environ)
    table.bind(config.table)
    return Dependencies(
        config=config,
        accounts=DynamoAccountStore(),
        apps=DynamoAppStore(),
        meetings=DynamoMeetingStore(),
        presets=DynamoPresetStore(),
        participants=DynamoParticipantStore(),
        sessions=DynamoSessionStore(),
        usage=DynamoUsageStore(),
        webhooks=DynamoWebhookStore(),
        recordings=DynamoRecordingStore(),
        livestreams=DynamoLivestreamStore(),
        nodes=DynamoNodeStore(),
        delays=SqsDelayQueue(config.queue_url),
        dead_letters=DynamoDeadLetters(),
        node_post=HttpNodePost(),
        rooms=DynamoRoomStore(),
        dispatches=DynamoDispatchStore(),
        polls=DynamoPollStore(),
        waiting_room=DynamoWaitingRoomStore(),
        connections=DynamoConnectionStore(),
        stage=DynamoStageStore(),
        api_keys=DynamoApiKeyStore(),
        purges=DynamoPurgeStore(),
        rates=RateLimits(
            DynamoRateCounterStore(), now_ms, config.rate_limit, config.app_rate_limit, config.recording_rate_limit
        ),
        idempotency=DynamoIdempotencyStore(),
        audit=DynamoAuditStore(),
        signer=TokenSigner(config.signing_key),
        now_ms=now_ms,
        entropy=secrets.token_bytes,
        sleep=time.sleep,
    )


app.api.binary_types.append(twirp.PROTOBUF)
app.register_middleware(routing.middleware(now_ms), "http")
app.register_middleware(twirp_errors.middleware(enveloped), "http")
app.register_middleware(routing.refusals_in_form(DYTE, mirror.in_dytes_form), "http")
app.register_middleware(routing.refusals_in_form(VIDEOSDK, videosdk_refusal.in_videosdks_form), "http")

described: list[tuple[str, routing.Routes]] = []  # what /openapi.json tells of


def mount(part: routing.Routes, prefix: str = "") -> routing.Routes:
    """Register routes under a prefix and describe them."""
    app.register_blueprint(part, url_prefix=prefix or None)
    described.append((prefix, part))
    return part


kit = []
for resource in (
    apps,
    api_keys,
    audit,
    meetings,
    presets,
    participants,
    active_session,
    live_control,
    polls,
    waiting_room,
    connected_meetings,
    stage,
    sessions,
    session_outputs,
    webhooks,
    recordings,
    livestreams,
    analytics,
):
    kit.append(mount(resource.routes(dependencies), REALTIMEKIT))

mount(mirror.routes(dependencies, kit), DYTE)
mount(orgs.routes(dependencies), DYTE)

for resource in (videosdk_rooms, videosdk_sessions, videosdk_not_available_yet):
    mount(resource.routes(dependencies), VIDEOSDK)

for part in (nodes, admissions, events, health, twirp):
    mount(part.routes(dependencies))

mount(documentation.routes(lambda: described, VERSION))

# Event handlers are module-level functions of this file, not of blueprints: Lambda finds one by importing
# "app.<function name>".


@app.on_dynamodb_record(stream_arn=STREAM_ARN, starting_position="TRIM_HORIZON")
def on_table_change(event: DynamoDBEvent) -> None:
    """Queue a delayed check for every session that has become empty."""
    stream.on_table_change(event, dependencies())


@app.on_sqs_message(queue=SESSION_CHECKS)
def on_session_check(event: SQSEvent) -> None:
    """End a session whose grace is over."""
    queue.on_session_check(event, dependencies())


@app.schedule(schedule.SWEEP_RATE)
def sweep(event: CloudWatchEvent) -> None:
    """End what nodes that are gone have left behind."""
    schedule.on_sweep(dependencies())
