"""What a node keeps of sessions that have no peers here at the moment: for a comeback within the grace, or against one.

Bounded in number and in time. Nothing here matters to correctness across nodes: the control plane owns that.
"""

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.contract.ids import SessionId
from chalicelib.contract.node_commands import GrantsPatch
from media_node.room.room import Room

KEPT_S = 700.0  # a session's keep-alive is 600 s at most
MAX_KEPT = 5_000

Key = tuple[SessionId, int]


@dataclass(frozen=True, slots=True)
class _Rested:
    until: float
    metadata: str | None
    patches: dict[str, GrantsPatch]


class SessionMemory:
    """Rooms that fell empty, and sessions that were ended; `now` is monotonic, in s."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._rested: dict[Key, _Rested] = {}
        self._ended: dict[Key, float] = {}

    def rest(self, room: Room) -> None:
        """Keep what was changed in a room by command, if anything was, now that nobody is there."""
        if room.patches or room.metadata is not None:
            _bound(self._rested)
            self._rested[_key(room)] = _Rested(self._now() + KEPT_S, room.metadata, room.patches)

    def wake(self, room: Room) -> None:
        """Give a room that comes back what it had."""
        rested = self._rested.pop(_key(room), None)
        if rested is not None:
            room.patches = rested.patches
            room.metadata = rested.metadata

    def end(self, session_id: SessionId, epoch: int) -> None:
        """Note that a session is over for good."""
        self._rested.pop((session_id, epoch), None)
        _bound(self._ended)
        self._ended[session_id, epoch] = self._now() + KEPT_S

    def has_ended(self, session_id: SessionId, epoch: int) -> bool:
        """Tell whether a session was ended here, whatever an admission that is older than that says."""
        return (session_id, epoch) in self._ended

    def tidy(self) -> None:
        """Forget what is too old to matter; called now and then."""
        now = self._now()
        self._rested = {key: rested for key, rested in self._rested.items() if rested.until > now}
        self._ended = {key: until for key, until in self._ended.items() if until > now}


def _key(room: Room) -> Key:
    return room.facts.session_id, room.facts.epoch


def _bound(kept: dict[Key, _Rested] | dict[Key, float]) -> None:
    if len(kept) >= MAX_KEPT:
        del kept[next(iter(kept))]
