"""Livestreams: addresses that a stream would be sent to. Pure. There is no engine yet that takes or shows any."""

from dataclasses import dataclass, field, replace
from typing import Any, NewType

from chalicelib.contract.ids import AppId, MeetingId

LivestreamId = NewType("LivestreamId", str)


@dataclass(frozen=True, slots=True)
class Livestream:
    """A livestream, stand-alone or of a meeting. Who knows `stream_key` may send; times are ms since 1970 UTC."""

    id: LivestreamId
    app_id: AppId
    name: str
    stream_key: str = field(repr=False)
    created_at_ms: int
    updated_at_ms: int
    meeting_id: MeetingId | None = None
    disabled: bool = False
    version: int = 1


@dataclass(frozen=True, slots=True)
class LivestreamFilter:
    """Which livestreams of a list to show; the times (ms) bound the creation time, both inclusive."""

    status: str = ""
    exclude_meetings: bool = False
    from_ms: int | None = None
    to_ms: int | None = None

    def accepts(self, livestream: Livestream) -> bool:
        """Tell whether a livestream is in the list. Without an engine every one is idle."""
        if self.status not in ("", "IDLE"):
            return False
        if self.exclude_meetings and livestream.meeting_id is not None:
            return False
        if self.from_ms is not None and livestream.created_at_ms < self.from_ms:
            return False
        return self.to_ms is None or livestream.created_at_ms <= self.to_ms


def changed(livestream: Livestream, changes: dict[str, Any], now_ms: int) -> Livestream:
    """Return the livestream with some fields (by name) replaced."""
    updated_at_ms = max(now_ms, livestream.updated_at_ms)
    return replace(livestream, **changes, updated_at_ms=updated_at_ms, version=livestream.version + 1)
