"""Settings of the control plane, read from the environment once, by the composition root."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib.contract.limits import RATE_LIMIT, RECORDING_RATE_LIMIT, RateLimit

VERSION = "0.1.0"


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that differs between installations."""

    table: str
    stage: str
    signing_key: bytes = field(repr=False)  # seed of the Ed25519 key, 32 bytes
    node_secret: str = field(repr=False)
    queue_url: str = ""
    loopback_webhooks: bool = False  # webhooks may be on this very machine, and without TLS: for a laptop only
    heartbeat_interval_ms: int = 1_000
    node_lease_ms: int = 5_000
    rate_limit: RateLimit = RATE_LIMIT  # of an account
    app_rate_limit: RateLimit = RATE_LIMIT
    recording_rate_limit: RateLimit = RECORDING_RATE_LIMIT
    version: str = VERSION


class ConfigError(Exception):
    """A setting is missing or makes no sense; the message names it and never shows its value."""


def read_config(env: Mapping[str, str]) -> Config:
    """Build the settings from ``PARLEY_*`` variables. Raises ConfigError."""
    stage = env.get("PARLEY_STAGE", "dev")
    return Config(
        table=env.get("PARLEY_TABLE", f"parley-{stage}"),
        stage=stage,
        signing_key=_signing_key(_required(env, "PARLEY_SIGNING_KEY")),
        node_secret=_required(env, "PARLEY_NODE_SECRET"),
        queue_url=env.get("PARLEY_QUEUE_URL", ""),
        loopback_webhooks=env.get("PARLEY_LOOPBACK_WEBHOOKS") == "1",
        heartbeat_interval_ms=_positive(env, "PARLEY_HEARTBEAT_INTERVAL_MS", 1_000),
        node_lease_ms=_positive(env, "PARLEY_NODE_LEASE_MS", 5_000),
        rate_limit=_rate_limit(env, "PARLEY_RATE_LIMIT", RATE_LIMIT),
        app_rate_limit=_rate_limit(env, "PARLEY_APP_RATE_LIMIT", RATE_LIMIT),
        recording_rate_limit=_rate_limit(env, "PARLEY_RECORDING_RATE_LIMIT", RECORDING_RATE_LIMIT),
    )


def _required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if not value:
        raise ConfigError(f"{name} is not set")
    return value


def _positive(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name, str(default))
    if not value.isdecimal() or int(value) == 0:
        raise ConfigError(f"{name} must be a positive integer")
    return int(value)


def _rate_limit(env: Mapping[str, str], name: str, default: RateLimit) -> RateLimit:
    """Read requests/seconds, as in ``3500/300``."""
    requests, _, seconds = env.get(name, f"{default.requests}/{default.window_s}").partition("/")
    if not (requests.isdecimal() and seconds.isdecimal()) or int(requests) == 0 or int(seconds) == 0:
        raise ConfigError(f"{name} must be requests/seconds, as in {default.requests}/{default.window_s}")
    return RateLimit(int(requests), int(seconds))


def _signing_key(text: str) -> bytes:
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise ConfigError("PARLEY_SIGNING_KEY must be base64url") from None
    if len(key) != 32:
        raise ConfigError("PARLEY_SIGNING_KEY must be 32 bytes in base64url")
    return key
