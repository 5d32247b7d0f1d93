"""Reading sessions and who was in them. A session that is over is shown as ENDED, whether or not it was swept yet."""

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AppId, ParticipantId, PeerId, SessionId, is_uuid
from chalicelib.domain import peer as peers_domain
from chalicelib.domain.paging import Page, PageRequest, page_of
from chalicelib.domain.peer import Peer, stayed_ms
from chalicelib.domain.session import Session, SessionStatus, as_of
from chalicelib.domain.session_filter import SessionFilter, SessionState, state_of
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.meetings import get_meeting


class AttendeeOrder(enum.StrEnum):
    """What a list of the participants of a session may be sorted by."""

    JOINED = "joinedAt"
    DURATION = "duration"


@dataclass(frozen=True, slots=True)
class Attendee:
    """One stay of a participant in a session, or all of them taken together, with how long it was (ms)."""

    peer: Peer
    stayed_ms: int


@dataclass(frozen=True, slots=True)
class AttendeeFilter:
    """Which participants of a session to show; `consolidated` makes one of all connections of a participant."""

    search: str = ""
    order: AttendeeOrder = AttendeeOrder.JOINED
    descending: bool = False
    consolidated: bool = False

    def accepts(self, attendee: Attendee) -> bool:
        """Tell whether an attendee is in the list: a part of the name in any case, or a whole identity or id."""
        wanted, peer = self.search.casefold(), attendee.peer
        ids = (peer.identity.casefold(), peer.participant_id, peer.peer_id)
        return wanted in peer.name.casefold() or wanted in ids


def active_session(deps: Dependencies, app_id: AppId, meeting_id: str) -> Session:
    """Return a meeting's live session. Raises ParleyError MEETING_NOT_FOUND or NO_ACTIVE_SESSION."""
    meeting = get_meeting(deps, app_id, meeting_id)
    pointer = deps.sessions.pointer(app_id, meeting.id)
    stored = deps.sessions.get(app_id, pointer.session_id) if pointer and pointer.session_id else None
    session = next(_as_of_now(deps, [stored] if stored else []), None)
    if session is None or state_of(session) is SessionState.ENDED:
        raise ParleyError(ErrorId.NO_ACTIVE_SESSION, "the meeting has no active session")
    return session


def get_session(deps: Dependencies, app_id: AppId, session_id: str) -> Session:
    """Return a session of the app. Raises ParleyError SESSION_NOT_FOUND."""
    stored = deps.sessions.get(app_id, SessionId(session_id)) if is_uuid(session_id) else None
    if stored is None:
        raise ParleyError(ErrorId.SESSION_NOT_FOUND, "no such session")
    return next(_as_of_now(deps, [stored]))


def list_sessions(deps: Dependencies, app_id: AppId, page: PageRequest, wanted: SessionFilter) -> Page[Session]:
    """Return a page of the app's sessions."""
    return deps.sessions.page(app_id, wanted, page, deps.now_ms())


def list_attendees(
    deps: Dependencies, app_id: AppId, session_id: str, page: PageRequest, wanted: AttendeeFilter
) -> Page[Attendee]:
    """Return a page of those who were in a session. Raises ParleyError SESSION_NOT_FOUND."""
    attendees = _attendees(deps, app_id, session_id)
    if wanted.consolidated:
        attendees = _consolidated(attendees)
    if wanted.order is AttendeeOrder.DURATION:
        attendees.sort(key=lambda attendee: attendee.stayed_ms, reverse=wanted.descending)
    else:
        attendees.sort(key=lambda attendee: attendee.peer.joined_at_ms, reverse=wanted.descending)
    return page_of(attendees, page, wanted.accepts)


def get_attendee(deps: Dependencies, app_id: AppId, session_id: str, wanted_id: str) -> Attendee:
    """Return one by peer id, or the latest stay by participant id.

    Raises ParleyError SESSION_NOT_FOUND or PARTICIPANT_NOT_FOUND.
    """
    matching = [
        attendee
        for attendee in _attendees(deps, app_id, session_id)
        if wanted_id in (attendee.peer.peer_id, attendee.peer.participant_id)
    ]
    if not matching:
        raise ParleyError(ErrorId.PARTICIPANT_NOT_FOUND, "nobody with this id was in the session")
    return max(matching, key=lambda attendee: (attendee.peer.peer_id == PeerId(wanted_id), attendee.peer.joined_at_ms))


def _as_of_now(deps: Dependencies, sessions: Iterable[Session]) -> Iterator[Session]:
    read = list(sessions)
    owners = deps.nodes.get_many([session.owner_node_id for session in read if session.status is SessionStatus.ACTIVE])
    now_ms = deps.now_ms()
    return (as_of(session, owners.get(session.owner_node_id), now_ms) for session in read)


def _attendees(deps: Dependencies, app_id: AppId, session_id: str) -> list[Attendee]:
    session = get_session(deps, app_id, session_id)
    now_ms = deps.now_ms()
    peers = (peers_domain.as_of(peer, session.ending) for peer in deps.sessions.peers(app_id, session.session_id))
    return [Attendee(peer, stayed_ms(peer, now_ms)) for peer in peers]


def _consolidated(attendees: list[Attendee]) -> list[Attendee]:
    stays: dict[ParticipantId, list[Attendee]] = {}
    for attendee in attendees:
        stays.setdefault(attendee.peer.participant_id, []).append(attendee)
    return [_together(each) for each in stays.values()]


def _together(stays: list[Attendee]) -> Attendee:
    latest = max((stay.peer for stay in stays), key=lambda peer: peer.joined_at_ms)
    leaves = [stay.peer.left_at_ms for stay in stays if stay.peer.left_at_ms is not None]
    together = replace(
        latest,
        joined_at_ms=min(stay.peer.joined_at_ms for stay in stays),
        left_at_ms=max(leaves) if len(leaves) == len(stays) else None,
    )
    return Attendee(together, sum(stay.stayed_ms for stay in stays))
