"""Limits on what strangers and users may send. Each says where the number comes from."""

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
