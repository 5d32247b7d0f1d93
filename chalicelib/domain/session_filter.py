"""Which sessions a list shows, and in which order. Pure; every session is one that was read with as_of()."""

import enum
from dataclasses import dataclass

from chalicelib.domain.search_terms import is_found
from chalicelib.domain.session import Session, SessionStatus

MAX_TERMS = 35  # lists that one session is in by its title, about six words: it ends in one transaction


class SessionState(enum.StrEnum):
    """RealtimeKit's two states of a session."""

    LIVE = "LIVE"
    ENDED = "ENDED"


class SessionOrder(enum.StrEnum):
    """What a list of sessions may be sorted by."""

    CREATED = "createdAt"
    MINUTES = "minutesConsumed"


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """Which sessions of a list to show, and in which order; the times (ms) bound the creation time, inclusive.

    `fewest` and `most` bound how many participants were there at the same time, inclusive.
    """

    search: str = ""
    state: SessionState | None = None
    meeting_id: str = ""
    from_ms: int | None = None
    to_ms: int | None = None
    fewest: int = 0
    most: int | None = None
    order: SessionOrder = SessionOrder.CREATED
    descending: bool = True

    def accepts(self, session: Session) -> bool:
        """Tell whether a session is in the list. `search` is beginnings of words of the title, or a meeting's id."""
        if self.state is not None and state_of(session) is not self.state:
            return False
        if self.meeting_id and session.meeting_id != self.meeting_id:
            return False
        if not (self.from_ms is None or self.from_ms <= session.created_at_ms):
            return False
        if not (self.to_ms is None or session.created_at_ms <= self.to_ms):
            return False
        return self._counts(session.max_concurrent_peers) and self._finds(session)

    def _counts(self, peers: int) -> bool:
        return self.fewest <= peers and (self.most is None or peers <= self.most)

    def _finds(self, session: Session) -> bool:
        if not self.search or self.search == session.meeting_id:
            return True
        return is_found(session.meeting_title, self.search, MAX_TERMS)


def state_of(session: Session) -> SessionState:
    """Return what RealtimeKit calls the state of a session that was read with as_of()."""
    return SessionState.ENDED if session.status is SessionStatus.ENDED else SessionState.LIVE
