"""Composition root of the control plane: builds the Chalice app, wires stores to use cases, registers routes.

Importing it needs no environment: ``chalice package`` imports it. The first request builds the dependencies.
"""

import functools
import os
import secrets
import threading
import time

from chalice.app import Chalice

from chalicelib.api import routing
from chalicelib.api.realtimekit import apps, meetings, not_available_yet, participants, presets
from chalicelib.config import read_config
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.tokens import TokenSigner
from chalicelib.stores import table
from chalicelib.stores.account_store import DynamoAccountStore
from chalicelib.stores.app_store import DynamoAppStore
from chalicelib.stores.dead_letters import DynamoDeadLetters
from chalicelib.stores.delay_queue import SqsDelayQueue
from chalicelib.stores.meeting_store import DynamoMeetingStore
from chalicelib.stores.node_store import DynamoNodeStore
from chalicelib.stores.participant_store import DynamoParticipantStore
from chalicelib.stores.preset_store import DynamoPresetStore
from chalicelib.stores.session_store import DynamoSessionStore

# The names of path variables must be the same in every route: API Gateway has one per path level.
REALTIMEKIT = "/client/v4/accounts/{account_id}/realtime/kit"

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
        nodes=DynamoNodeStore(),
        delays=SqsDelayQueue(config.queue_url),
        dead_letters=DynamoDeadLetters(),
        signer=TokenSigner(config.signing_key),
        now_ms=now_ms,
        entropy=secrets.token_bytes,
        sleep=time.sleep,
    )


app.register_middleware(routing.middleware(now_ms), "http")

for resource in (apps, meetings, presets, participants, not_available_yet):
    app.register_blueprint(resource.routes(dependencies), url_prefix=REALTIMEKIT)

# Event handlers are registered here as module-level functions, `@app.schedule(...)`, `@app.on_sqs_message(...)`,
# `@app.on_dynamodb_record(...)`, each one line that calls chalicelib.events: Lambda finds a handler by importing
# "app.<function name>", so a closure made by a blueprint factory would not be found.
