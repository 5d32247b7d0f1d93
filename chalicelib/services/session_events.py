"""What nodes report of the sessions they own: joins completed, leaves, tracks.

Each event is one transaction that only holds while the reporting node owns the session at the same epoch and the
event's seq is new. One bad event never stops a batch: it is refused, and the next one is looked at.
"""

import re

from chalicelib import telemetry
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import NodeId, is_uuid
from chalicelib.contract.node_messages import (
    MAX_EVENTS_PER_BATCH,
    EventBatch,
    EventsAccepted,
    EventType,
    LeaveReason,
    NodeEvent,
    RefusedEvent,
)
from chalicelib.domain.peer import Peer, PublishedTrack, happened_at_ms
from chalicelib.domain.session import Session, SessionStatus
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.retrying import until_it_holds
from chalicelib.services.session_ports import PeerChange, PeerConnected, PeerLeft, TrackPublished, TrackUnpublished

TIME_FOR_A_BATCH_MS = 3_000  # a node waits 5 s for the answer; what is not handled by then it sends again
MAX_TRACKS = 32  # of one peer at a time; a camera, a microphone and a screen are four
_TRACK_SID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SHORT_TEXT = re.compile(r"[\x20-\x7e]{0,64}")


def take_events(deps: Dependencies, node_id: NodeId, batch: EventBatch) -> EventsAccepted:
    """Take a node's events in order. Those behind `handled` are to be sent again, the refused ones never.

    Raises ParleyError INVALID_FIELD for a batch that is too long; StoreUnavailable when not even the first was done.
    """
    if len(batch.events) > MAX_EVENTS_PER_BATCH:
        raise ParleyError(ErrorId.INVALID_FIELD, f"at most {MAX_EVENTS_PER_BATCH} events", "/events")
    started_ms = deps.now_ms()
    refused: list[RefusedEvent] = []
    for index, event in enumerate(batch.events):
        if deps.now_ms() - started_ms > TIME_FOR_A_BATCH_MS:
            return EventsAccepted(index, tuple(refused))
        try:
            _take(deps, node_id, event)
        except ParleyError as error:
            if error.error is ErrorId.BUSY:
                return EventsAccepted(index, tuple(refused))
            fenced = error.error in (ErrorId.STALE_EPOCH, ErrorId.SESSION_ENDED, ErrorId.SESSION_NOT_FOUND)
            refused.append(RefusedEvent(index, error.error.id, fenced))
            telemetry.count("EventRefused")
    return EventsAccepted(len(batch.events), tuple(refused))


def _take(deps: Dependencies, node_id: NodeId, event: NodeEvent) -> None:
    _check(event)

    def attempt() -> None:
        session = deps.sessions.get(event.app_id, event.session_id)
        _check_owner(session, node_id, event)
        assert session is not None
        if event.seq <= session.last_event_seq:
            return  # sent again: it was taken, or passed over, before
        peer = deps.sessions.peer(event.app_id, event.session_id, event.peer_id)
        if peer is None:
            raise ParleyError(ErrorId.PARTICIPANT_NOT_FOUND, "no such peer", "/peer_id")
        if peer.left_at_ms is not None:
            return  # out already: nothing that happens to it counts any more
        now_ms = deps.now_ms()
        deps.sessions.record(session, peer.peer_id, event.seq, _change(event, peer, now_ms), now_ms)

    until_it_holds(attempt, deps.entropy, deps.sleep)


def _check(event: NodeEvent) -> None:
    """Refuse what would not fit into keys and attributes."""
    if not (is_uuid(event.app_id) and is_uuid(event.session_id) and is_uuid(event.peer_id)):
        raise ParleyError(ErrorId.INVALID_FIELD, "app_id, session_id and peer_id must be UUIDs")
    if event.seq < 1:
        raise ParleyError(ErrorId.INVALID_FIELD, "seq must be 1 or more", "/seq")
    if event.type in (EventType.TRACK_PUBLISHED, EventType.TRACK_UNPUBLISHED) and not _TRACK_SID.fullmatch(
        event.track_sid or ""
    ):
        raise ParleyError(ErrorId.INVALID_FIELD, "track_sid is missing or malformed", "/track_sid")
    if not (_SHORT_TEXT.fullmatch(event.source or "") and _SHORT_TEXT.fullmatch(event.mime_type or "")):
        raise ParleyError(ErrorId.INVALID_FIELD, "source and mime_type may have 64 printable characters")


def _check_owner(session: Session | None, node_id: NodeId, event: NodeEvent) -> None:
    """Refuse events of whoever does not own the session now: the node must drop it."""
    if session is None:
        raise ParleyError(ErrorId.SESSION_NOT_FOUND, "no such session")
    if session.owner_node_id != node_id or session.epoch != event.epoch:
        raise ParleyError(ErrorId.STALE_EPOCH, "this node does not own the session at this epoch")
    if session.status is not SessionStatus.ACTIVE:
        raise ParleyError(ErrorId.SESSION_ENDED, "the session has ended")


def _change(event: NodeEvent, peer: Peer, now_ms: int) -> PeerChange:
    at_ms = happened_at_ms(peer, event.age_ms, now_ms)
    if event.type is EventType.PEER_CONNECTED:
        return PeerConnected(at_ms)
    if event.type is EventType.PEER_LEFT:
        return PeerLeft(at_ms, event.reason or LeaveReason.CLIENT_LEFT)
    assert event.track_sid is not None, "checked before"
    if event.type is EventType.TRACK_UNPUBLISHED:
        return TrackUnpublished(event.track_sid)
    if len(peer.tracks) >= MAX_TRACKS and event.track_sid not in {track.sid for track in peer.tracks}:
        raise ParleyError(ErrorId.INVALID_FIELD, f"a peer may publish {MAX_TRACKS} tracks", "/track_sid")
    return TrackPublished(PublishedTrack(event.track_sid, event.source or "", event.mime_type or "", at_ms))
