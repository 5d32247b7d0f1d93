"""Webhooks: who is told what happens in an app's meetings. Pure; delivery is not here."""

import enum
import ipaddress
from dataclasses import dataclass, replace
from typing import Any, NewType
from urllib.parse import urlsplit

from chalicelib.contract.ids import AppId

WebhookId = NewType("WebhookId", str)


class WebhookEvent(enum.StrEnum):
    """What a webhook may ask for, as RealtimeKit names it."""

    MEETING_STARTED = "meeting.started"
    MEETING_ENDED = "meeting.ended"
    PARTICIPANT_JOINED = "meeting.participantJoined"
    PARTICIPANT_LEFT = "meeting.participantLeft"
    CHAT_SYNCED = "meeting.chatSynced"
    RECORDING_STATUS = "recording.statusUpdate"
    LIVESTREAMING_STATUS = "livestreaming.statusUpdate"
    TRANSCRIPT = "meeting.transcript"
    SUMMARY = "meeting.summary"


DESCRIPTIONS = {
    WebhookEvent.MEETING_STARTED: "A session of a meeting has started.",
    WebhookEvent.MEETING_ENDED: "A session of a meeting has ended.",
    WebhookEvent.PARTICIPANT_JOINED: "A participant has joined a session.",
    WebhookEvent.PARTICIPANT_LEFT: "A participant has left a session.",
    WebhookEvent.CHAT_SYNCED: "The chat of a session that has ended can be downloaded.",
    WebhookEvent.RECORDING_STATUS: "The status of a recording has changed.",
    WebhookEvent.LIVESTREAMING_STATUS: "The status of a livestream has changed.",
    WebhookEvent.TRANSCRIPT: "The transcript of a session can be downloaded.",
    WebhookEvent.SUMMARY: "The summary of a session can be downloaded.",
}


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address and the events that are sent there; `version` grows by one with every change, times are ms."""

    id: WebhookId
    app_id: AppId
    name: str
    url: str
    events: tuple[WebhookEvent, ...]
    enabled: bool
    created_at_ms: int
    updated_at_ms: int
    version: int = 1


def changed(webhook: Webhook, changes: dict[str, Any], now_ms: int) -> Webhook:
    """Return the webhook with some fields (by name) replaced."""
    updated_at_ms = max(now_ms, webhook.updated_at_ms)
    return replace(webhook, **changes, updated_at_ms=updated_at_ms, version=webhook.version + 1)


def problem_of_url(url: str, *, loopback: bool) -> str | None:
    """Say why events cannot be sent to `url`, or None. `loopback`: this machine is allowed too, with http.

    Only what can be seen in the address itself: what its name resolves to is looked at when something is sent.
    """
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return "must be a URL in ASCII characters"
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        return "must be a URL"
    if not host or port == 0:
        return "must be a URL with a host"
    if parts.username is not None or parts.password is not None:
        return "must not hold a user name or a password"
    if _is_loopback(host) and loopback:
        return None if parts.scheme in ("http", "https") else "must begin with http:// or https://"
    if parts.scheme != "https":
        return "must begin with https://"
    return _problem_of_host(host)


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _problem_of_host(host: str) -> str | None:
    try:
        return None if ipaddress.ip_address(host).is_global else "must be reachable from the internet"
    except ValueError:
        pass  # a name
    last = host.rstrip(".").rpartition(".")[2]
    if _is_loopback(host) or last in ("local", "internal") or not last or last[0].isdigit():
        return "must be reachable from the internet"
    return None
