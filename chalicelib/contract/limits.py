"""Limits on what strangers and users may send. Each says where the number comes from."""

from typing import NamedTuple

MAX_BODY_BYTES = 256 * 1024  # API Gateway takes 10 MB; nothing in this API needs more than a preset (about 4 KB)
MAX_JSON_DEPTH = 32
MAX_TITLE_CHARS = 256  # LiveKit: names and identities up to 256 characters
MAX_NAME_CHARS = 256
MAX_IDENTITY_CHARS = 256
MAX_URL_CHARS = 2048
MIN_KEEP_ALIVE_SECONDS = 0
DEFAULT_KEEP_ALIVE_SECONDS = 60  # RealtimeKit
MAX_KEEP_ALIVE_SECONDS = 600  # RealtimeKit; SQS delays up to 900
DEFAULT_PER_PAGE = 25
MAX_PER_PAGE = 100
MAX_PAGE_NO = 1_000_000
MAX_PRESETS_PER_APP = 200
MAX_PRESET_BYTES = 64 * 1024  # as JSON; RealtimeKit's schema filled in is about 4 KB
MAX_WEBHOOKS_PER_APP = 50
MAX_DAYS_OF_ANALYTICS = 366
MAX_APPS = 100  # of an account: names of workspaces, a person looks through them
MAX_API_KEYS = 10  # of an app: a rotation needs two, a handful of backends one each
MAX_ROTATION_OVERLAP_SECONDS = 30 * 24 * 3600
DEFAULT_ROTATION_OVERLAP_SECONDS = 24 * 3600
MAX_IDEMPOTENCY_KEY_CHARS = 255  # as other APIs take; a UUID has 36
MAX_STORED_ANSWER_BYTES = 64 * 1024  # a DynamoDB item has 400 KB; the longest answer to a POST has about 10
IDEMPOTENCY_SECONDS = 24 * 3600
AUDIT_RETENTION_SECONDS = 180 * 24 * 3600


class RateLimit(NamedTuple):
    """At most `requests` in any `window_s` seconds, counted over a sliding window."""

    requests: int
    window_s: int


RATE_LIMIT = RateLimit(3_500, 300)  # RealtimeKit, per account; here per app too
RECORDING_RATE_LIMIT = RateLimit(1_000, 50)  # RealtimeKit: its recording calls
