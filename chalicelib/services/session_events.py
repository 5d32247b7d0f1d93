"""What nodes report of the sessions they own: joins completed, leaves, tracks.

Events of one session that follow each other are one transaction, which only holds while the reporting node owns the
session at the same epoch and their seqs are new. One bad event never stops a batch: it is refused, the rest is taken.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from chalicelib import telemetry
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import NodeId, PeerId, is_uuid
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
from chalicelib.services.session_ports import (
    PeerChange,
    PeerConnected,
    PeerLeft,
    PeerReport,
    TrackPublished,
    TrackUnpublished,
)

TIME_FOR_A_BATCH_MS = 3_000  # a node waits 5 s for the answer; what is not handled by then it sends again
PEERS_AT_ONCE = 40  # of one transaction; smaller ones conflict less
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
    handled = 0
    while handled < len(batch.events) and deps.now_ms() - started_ms <= TIME_FOR_A_BATCH_MS:
        together = _together(batch.events[handled:])
        try:
            refused += _take(deps, node_id, handled, together)
        except ParleyError as error:
            assert error.error is ErrorId.BUSY, error
            break
        handled += len(together)
    for _ in refused:
        telemetry.count("EventRefused")
    return EventsAccepted(handled, tuple(refused))


def _together(events: Sequence[NodeEvent]) -> Sequence[NodeEvent]:
    """Return the first of the events that can be taken in one transaction: of one session, and of not too many peers.

    Everybody in a meeting shares its session's item: a write for every event would be the hottest of all.
    """
    peers: set[PeerId] = set()
    for count, event in enumerate(events):
        peers.add(event.peer_id)
        if len(peers) > PEERS_AT_ONCE or _place(event) != _place(events[0]):
            return events[:count]
    return events


def _place(event: NodeEvent) -> tuple[str, str, int]:
    return event.app_id, event.session_id, event.epoch


def _take(deps: Dependencies, node_id: NodeId, first: int, events: Sequence[NodeEvent]) -> list[RefusedEvent]:
    """Take events of one session, the first of which has index `first`. Raises ParleyError BUSY."""
    refused: list[RefusedEvent] = []
    sound: dict[int, NodeEvent] = {}
    for index, event in enumerate(events, first):
        try:
            _check(event)
            sound[index] = event
        except ParleyError as error:
            refused.append(RefusedEvent(index, error.error.id, False))
    if sound:
        refused += until_it_holds(lambda: _record(deps, node_id, sound), deps.entropy, deps.sleep)
    return sorted(refused, key=lambda one: one.index)


def _record(deps: Dependencies, node_id: NodeId, events: dict[int, NodeEvent]) -> list[RefusedEvent]:
    one = next(iter(events.values()))
    peer_ids = dict.fromkeys(event.peer_id for event in events.values())
    session, peers = deps.sessions.with_peers(one.app_id, one.session_id, peer_ids)
    try:
        session = _owned(session, node_id, one)
    except ParleyError as error:
        return [RefusedEvent(index, error.error.id, True) for index in events]
    reports, refused = _reports(session, peers, events, deps.now_ms())
    if reports:
        deps.sessions.record(session, reports, deps.now_ms())
    return refused


def _reports(
    session: Session, peers: dict[PeerId, Peer], events: dict[int, NodeEvent], now_ms: int
) -> tuple[list[PeerReport], list[RefusedEvent]]:
    """Return what is to be stored and what is refused; `peers` become what they are after it."""
    reports: list[PeerReport] = []
    refused: list[RefusedEvent] = []
    last_seq = session.last_event_seq
    for index, event in events.items():
        peer = peers.get(event.peer_id)
        if event.seq <= last_seq or (peer is not None and peer.left_at_ms is not None):
            continue  # sent again, or of a peer that is out already: nothing that happens to it counts any more
        try:
            if peer is None:
                raise ParleyError(ErrorId.PARTICIPANT_NOT_FOUND, "no such peer", "/peer_id")
            change = _change(event, peer, now_ms)
        except ParleyError as error:
            refused.append(RefusedEvent(index, error.error.id, False))
            continue
        peers[event.peer_id] = _changed(peer, change)
        reports.append(PeerReport(event.peer_id, event.seq, change))
        last_seq = event.seq
    return reports, refused


def _changed(peer: Peer, change: PeerChange) -> Peer:
    """Return as much of a changed peer as the events behind it in the same batch depend on."""
    match change:
        case PeerConnected(at_ms):
            return replace(peer, connected_at_ms=at_ms)
        case PeerLeft(at_ms, reason):
            return replace(peer, left_at_ms=at_ms, leave_reason=reason)
        case TrackPublished(track):
            return replace(peer, tracks=(*(one for one in peer.tracks if one.sid != track.sid), track))
        case TrackUnpublished(sid):
            return replace(peer, tracks=tuple(one for one in peer.tracks if one.sid != sid))


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


def _owned(session: Session | None, node_id: NodeId, event: NodeEvent) -> Session:
    """Return the session, or refuse events of whoever does not own the session now: the node must drop it."""
    if session is None:
        raise ParleyError(ErrorId.SESSION_NOT_FOUND, "no such session")
    if session.owner_node_id != node_id or session.epoch != event.epoch:
        raise ParleyError(ErrorId.STALE_EPOCH, "this node does not own the session at this epoch")
    if session.status is not SessionStatus.ACTIVE:
        raise ParleyError(ErrorId.SESSION_ENDED, "the session has ended")
    return session


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
