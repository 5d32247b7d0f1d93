"""A running control plane, wired: every port with its adapter. The first request imports this, not the start."""

import secrets
import time
from collections.abc import Callable, Mapping

from chalicelib.config import read_config
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


def build(env: Mapping[str, str], now_ms: Callable[[], int]) -> Dependencies:
    """Return what the use cases need, from the environment. Raises ConfigError."""
    config = read_config(env)
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
