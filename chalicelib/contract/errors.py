"""Every error that Parley answers with: a stable id, the HTTP status, and the numeric code of the API's envelope.

Ids are never renamed or reused. ParleyError is *theirs* (bad input, missing rights, wrong state); a broken invariant
of our own is an AssertionError and becomes ``internal_error`` without detail.
"""

import enum
from dataclasses import dataclass


class ErrorId(enum.Enum):
    """(id, HTTP status, numeric code)."""

    INVALID_JSON = ("invalid_json", 400, 40001)
    INVALID_FIELD = ("invalid_field", 400, 40002)
    UNKNOWN_PRESET = ("unknown_preset", 400, 40003)
    INVALID_PERMISSIONS = ("invalid_permissions", 400, 40004)
    CREDENTIAL_MISSING = ("credential_missing", 401, 40101)
    CREDENTIAL_INVALID = ("credential_invalid", 401, 40102)
    TOKEN_MISSING = ("token_missing", 401, 40103)
    TOKEN_INVALID = ("token_invalid", 401, 40104)
    TOKEN_EXPIRED = ("token_expired", 401, 40105)
    TOKEN_REVOKED = ("token_revoked", 401, 40106)
    MEETING_INACTIVE = ("meeting_inactive", 403, 40301)
    NOT_ALLOWED = ("not_allowed", 403, 40302)
    MEETING_FULL = ("meeting_full", 403, 40303)
    WAITING_FOR_ADMISSION = ("waiting_for_admission", 403, 40350)
    NOT_ADMITTED = ("not_admitted", 403, 40351)
    ROUTE_NOT_FOUND = ("route_not_found", 404, 40400)
    APP_NOT_FOUND = ("app_not_found", 404, 40401)
    MEETING_NOT_FOUND = ("meeting_not_found", 404, 40402)
    PARTICIPANT_NOT_FOUND = ("participant_not_found", 404, 40403)
    PRESET_NOT_FOUND = ("preset_not_found", 404, 40404)
    SESSION_NOT_FOUND = ("session_not_found", 404, 40405)
    NO_ACTIVE_SESSION = ("no_active_session", 404, 40406)
    NODE_NOT_REGISTERED = ("node_not_registered", 404, 40407)
    ACCOUNT_NOT_FOUND = ("account_not_found", 404, 40408)
    WEBHOOK_NOT_FOUND = ("webhook_not_found", 404, 40411)
    RECORDING_NOT_FOUND = ("recording_not_found", 404, 40412)
    LIVESTREAM_NOT_FOUND = ("livestream_not_found", 404, 40413)
    LIVESTREAM_SESSION_NOT_FOUND = ("livestream_session_not_found", 404, 40414)
    PEER_NOT_FOUND = ("peer_not_found", 404, 40415)
    TRACK_NOT_FOUND = ("track_not_found", 404, 40420)
    AGENT_DISPATCH_NOT_FOUND = ("agent_dispatch_not_found", 404, 40440)
    POLL_NOT_FOUND = ("poll_not_found", 404, 40450)
    API_KEY_NOT_FOUND = ("api_key_not_found", 404, 40430)
    METHOD_NOT_ALLOWED = ("method_not_allowed", 405, 40500)
    ALREADY_EXISTS = ("already_exists", 409, 40901)
    STALE_EPOCH = ("stale_epoch", 409, 40902)
    SESSION_ENDED = ("session_ended", 409, 40903)
    RECORDING_OVER = ("recording_over", 409, 40913)
    IN_USE = ("in_use", 409, 40910)
    QUOTA_REACHED = ("quota_reached", 409, 40911)
    REPEATED_TOO_SOON = ("repeated_too_soon", 409, 40912)
    BODY_TOO_LARGE = ("body_too_large", 413, 41301)
    UNSUPPORTED_MEDIA_TYPE = ("unsupported_media_type", 415, 41501)
    IDEMPOTENCY_KEY_REUSED = ("idempotency_key_reused", 422, 42201)
    TOO_MANY_REQUESTS = ("too_many_requests", 429, 42901)
    INTERNAL_ERROR = ("internal_error", 500, 50001)
    NOT_AVAILABLE_YET = ("not_available_yet", 501, 50101)
    ENGINE_NOT_AVAILABLE = ("engine_not_available", 501, 50111)
    BUSY = ("busy", 503, 50301)
    NO_NODE_AVAILABLE = ("no_node_available", 503, 50302)
    CONTROL_PLANE_UNREACHABLE = ("control_plane_unreachable", 503, 50303)
    NODE_UNREACHABLE = ("node_unreachable", 503, 50304)

    @property
    def id(self) -> str:
        """Stable name, e.g. ``meeting_not_found``."""
        return self.value[0]

    @property
    def status(self) -> int:
        """HTTP status."""
        return self.value[1]

    @property
    def code(self) -> int:
        """Numeric code in ``errors[].code``."""
        return self.value[2]


@dataclass(eq=False)
class ParleyError(Exception):
    """An expected error: `message` is for people, `pointer` the JSON pointer of the field that is wrong, if one is."""

    error: ErrorId
    message: str
    pointer: str | None = None

    def __str__(self) -> str:
        return f"{self.error.id}: {self.message}"
