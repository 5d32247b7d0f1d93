"""A peer: one connection of a participant in a session, from admission to leaving. Pure."""

from dataclasses import dataclass

from chalicelib.contract.ids import AppId, ParticipantId, PeerId, SessionId
from chalicelib.contract.node_messages import LeaveReason


@dataclass(frozen=True, slots=True)
class PublishedTrack:
    """A track that a peer publishes at the moment; `source` and `mime_type` as its node reported them."""

    sid: str
    source: str
    mime_type: str
    published_at_ms: int


@dataclass(frozen=True, slots=True)
class Peer:
    """One connection. It counts as live from its admission until `left_at_ms`; times are ms since 1970."""

    app_id: AppId
    session_id: SessionId
    peer_id: PeerId
    participant_id: ParticipantId
    identity: str
    name: str
    preset_name: str
    joined_at_ms: int
    connected_at_ms: int | None = None
    left_at_ms: int | None = None
    leave_reason: LeaveReason | None = None
    tracks: tuple[PublishedTrack, ...] = ()


def happened_at_ms(peer: Peer, age_ms: int, now_ms: int) -> int:
    """Return when a node saw something of this peer: `age_ms` before now, never in the future or before the join."""
    return max(peer.joined_at_ms, min(now_ms, now_ms - age_ms))


def stayed_ms(peer: Peer, until_ms: int) -> int:
    """Return how long the peer was in the session, up to its leave or else `until_ms`."""
    end = peer.left_at_ms if peer.left_at_ms is not None else until_ms
    return max(0, end - peer.joined_at_ms)
