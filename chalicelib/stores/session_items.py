"""The items of sessions and peers, and their way to and from domain objects. Writes are in session_store.py."""

from typing import Any

from pynamodb.attributes import BooleanAttribute, MapAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.contract.ids import AccountId, AppId, MeetingId, NodeId, ParticipantId, PeerId, SessionId
from chalicelib.contract.node_messages import LeaveReason
from chalicelib.domain.peer import Peer, PublishedTrack
from chalicelib.domain.session import ActivePointer, Ending, EndReason, Session, SessionStatus
from chalicelib.services.ports import Key
from chalicelib.stores.table import Item

POINTER = "ACTIVE"
SESSION = "SESSION"


def meeting_partition(app_id: AppId, meeting_id: MeetingId) -> str:
    """Partition of what belongs to one meeting."""
    return f"MTG#{app_id}#{meeting_id}"


def session_partition(app_id: AppId, session_id: SessionId) -> str:
    """Partition of a session and its peers."""
    return f"SES#{app_id}#{session_id}"


def pointer_key(app_id: AppId, meeting_id: MeetingId) -> Key:
    """Key of a meeting's pointer to its active session."""
    return meeting_partition(app_id, meeting_id), POINTER


def session_key(app_id: AppId, session_id: SessionId) -> Key:
    """Key of a session."""
    return session_partition(app_id, session_id), SESSION


def peer_key(app_id: AppId, session_id: SessionId, peer_id: PeerId) -> Key:
    """Key of a peer."""
    return session_partition(app_id, session_id), f"PEER#{peer_id}"


def peer_session_key(app_id: AppId, peer_id: PeerId) -> Key:
    """Key of the row that says which session a peer is or was in."""
    return f"PEER#{app_id}#{peer_id}", "PEER"


def owned_key(node_id: NodeId, app_id: AppId, session_id: SessionId) -> Key:
    """Key of a session's row under the node that owns it."""
    return f"NODE#{node_id}", f"SES#{app_id}#{session_id}"


class PointerItem(Item, discriminator="active_session"):
    """A meeting's pointer to its active session. It is never deleted: the epoch must not start again."""

    app_id = UnicodeAttribute()
    meeting_id = UnicodeAttribute()
    epoch = NumberAttribute()
    session_id = UnicodeAttribute(null=True)
    owner_node_id = UnicodeAttribute(null=True)


class SessionItem(Item, discriminator="session"):
    """A session. events/stream.py reads status, live_peers, empty_since_ms and keep_alive_ms of its images."""

    account_id = UnicodeAttribute()
    app_id = UnicodeAttribute()
    session_id = UnicodeAttribute()
    meeting_id = UnicodeAttribute()
    meeting_title = UnicodeAttribute()
    owner_node_id = UnicodeAttribute()
    epoch = NumberAttribute()
    status = UnicodeAttribute()
    live_peers = NumberAttribute()
    max_concurrent_peers = NumberAttribute()
    peer_balance_ms = NumberAttribute()
    keep_alive_ms = NumberAttribute()
    created_at_ms = NumberAttribute()
    started_at_ms = NumberAttribute()
    updated_at_ms = NumberAttribute()
    empty_since_ms = NumberAttribute(null=True)
    ended_at_ms = NumberAttribute(null=True)
    end_reason = UnicodeAttribute(null=True)
    last_event_seq = NumberAttribute()
    room_metadata = UnicodeAttribute(null=True)
    host_came = BooleanAttribute(null=True)


class ListedSessionItem(SessionItem, discriminator="listed_session"):
    """An ended session in one of the lists of session_lists.py."""


class OwnedSessionItem(Item, discriminator="owned_session"):
    """Says that a node owns a session that has not ended."""

    app_id = UnicodeAttribute()
    session_id = UnicodeAttribute()


class PeerItem(Item, discriminator="peer"):
    """A peer. `tracks` maps the sid of each track it publishes to {source, mime_type, published_at_ms}."""

    app_id = UnicodeAttribute()
    session_id = UnicodeAttribute()
    peer_id = UnicodeAttribute()
    participant_id = UnicodeAttribute()
    identity = UnicodeAttribute()
    name = UnicodeAttribute()
    preset_name = UnicodeAttribute()
    joined_at_ms = NumberAttribute()
    connected_at_ms = NumberAttribute(null=True)
    left_at_ms = NumberAttribute(null=True)
    leave_reason = UnicodeAttribute(null=True)
    tracks: MapAttribute[str, Any] = MapAttribute(default=dict)  # type: ignore[no-untyped-call]


class PeerSessionItem(Item, discriminator="peer_session"):
    """Says which session a peer is or was in: a report is asked for by the peer's id alone."""

    session_id = UnicodeAttribute()


def pointer_of(item: PointerItem) -> ActivePointer:
    """Return the pointer an item holds."""
    return ActivePointer(
        app_id=AppId(item.app_id),
        meeting_id=MeetingId(item.meeting_id),
        epoch=int(item.epoch),
        session_id=SessionId(item.session_id) if item.session_id else None,
        owner_node_id=NodeId(item.owner_node_id) if item.owner_node_id else None,
    )


def session_fields(session: Session) -> dict[str, Any]:
    """Return the attributes of a session's item, without its key."""
    return {
        "account_id": session.account_id,
        "app_id": session.app_id,
        "session_id": session.session_id,
        "meeting_id": session.meeting_id,
        "meeting_title": session.meeting_title,
        "owner_node_id": session.owner_node_id,
        "epoch": session.epoch,
        "status": session.status.value,
        "live_peers": session.live_peers,
        "max_concurrent_peers": session.max_concurrent_peers,
        "peer_balance_ms": session.peer_balance_ms,
        "keep_alive_ms": session.keep_alive_ms,
        "created_at_ms": session.created_at_ms,
        "started_at_ms": session.started_at_ms,
        "updated_at_ms": session.updated_at_ms,
        "empty_since_ms": session.empty_since_ms,
        "ended_at_ms": session.ending.at_ms if session.ending else None,
        "end_reason": session.ending.reason.value if session.ending else None,
        "last_event_seq": session.last_event_seq,
        "room_metadata": session.room_metadata,
        "host_came": session.host_came or None,
    }


def session_of(item: SessionItem) -> Session:
    """Return the session an item holds."""
    ending = None
    if item.ended_at_ms is not None and item.end_reason is not None:
        ending = Ending(int(item.ended_at_ms), EndReason(item.end_reason))
    return Session(
        account_id=AccountId(item.account_id),
        app_id=AppId(item.app_id),
        session_id=SessionId(item.session_id),
        meeting_id=MeetingId(item.meeting_id),
        meeting_title=item.meeting_title,
        owner_node_id=NodeId(item.owner_node_id),
        epoch=int(item.epoch),
        status=SessionStatus(item.status),
        live_peers=int(item.live_peers),
        max_concurrent_peers=int(item.max_concurrent_peers),
        peer_balance_ms=int(item.peer_balance_ms),
        keep_alive_ms=int(item.keep_alive_ms),
        created_at_ms=int(item.created_at_ms),
        started_at_ms=int(item.started_at_ms),
        updated_at_ms=int(item.updated_at_ms),
        empty_since_ms=_integer(item.empty_since_ms),
        ending=ending,
        last_event_seq=int(item.last_event_seq),
        room_metadata=item.room_metadata,
        host_came=bool(item.host_came),
    )


def peer_item(peer: Peer) -> PeerItem:
    """Return the item of a peer that has just been admitted."""
    pk, sk = peer_key(peer.app_id, peer.session_id, peer.peer_id)
    return PeerItem(
        pk=pk,
        sk=sk,
        app_id=peer.app_id,
        session_id=peer.session_id,
        peer_id=peer.peer_id,
        participant_id=peer.participant_id,
        identity=peer.identity,
        name=peer.name,
        preset_name=peer.preset_name,
        joined_at_ms=peer.joined_at_ms,
        tracks={},
    )


def peer_session_item(peer: Peer) -> PeerSessionItem:
    """Return the row that says which session a peer that has just been admitted is in."""
    return PeerSessionItem(*peer_session_key(peer.app_id, peer.peer_id), session_id=peer.session_id)


def peer_of(item: PeerItem) -> Peer:
    """Return the peer an item holds, its tracks in the order in which they were published."""
    by_sid: dict[str, dict[str, Any]] = item.tracks.as_dict()  # type: ignore[no-untyped-call]
    tracks = [track_of(sid, fields) for sid, fields in by_sid.items()]
    return Peer(
        app_id=AppId(item.app_id),
        session_id=SessionId(item.session_id),
        peer_id=PeerId(item.peer_id),
        participant_id=ParticipantId(item.participant_id),
        identity=item.identity,
        name=item.name,
        preset_name=item.preset_name,
        joined_at_ms=int(item.joined_at_ms),
        connected_at_ms=_integer(item.connected_at_ms),
        left_at_ms=_integer(item.left_at_ms),
        leave_reason=LeaveReason(item.leave_reason) if item.leave_reason else None,
        tracks=tuple(sorted(tracks, key=lambda track: (track.published_at_ms, track.sid))),
    )


def track_fields(track: PublishedTrack) -> dict[str, Any]:
    """Return what a peer's item says of one track."""
    return {"source": track.source, "mime_type": track.mime_type, "published_at_ms": track.published_at_ms}


def track_of(sid: str, fields: dict[str, Any]) -> PublishedTrack:
    """Return one track of a peer's item."""
    return PublishedTrack(sid, fields["source"], fields["mime_type"], int(fields["published_at_ms"]))


def _integer(value: float | None) -> int | None:
    return None if value is None else int(value)
