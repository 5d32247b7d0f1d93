"""Connected ("breakout") meetings: the children of a meeting, to which people are sent and from which they return."""

from dataclasses import dataclass

from chalicelib.contract.ids import AppId, MeetingId

MAX_CONNECTED = 50  # children of a meeting at a time


@dataclass(frozen=True, slots=True)
class Connection:
    """That a meeting is a child of another, the `position`-th of those that were made with it.

    `removed_at_ms` is set once it is one no longer: the history needs it.
    """

    app_id: AppId
    parent_id: MeetingId
    child_id: MeetingId
    created_at_ms: int
    position: int = 0
    removed_at_ms: int | None = None
