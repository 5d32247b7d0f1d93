"""What the pure parts ask the shell to do. A decision is a list of these; nothing here does anything by itself."""

from dataclasses import dataclass

from livekit.protocol import rtc

from chalicelib.contract.ids import PeerId, TrackSid
from chalicelib.contract.node_messages import EventType, LeaveReason


@dataclass(frozen=True, slots=True)
class SendTo:
    """Send a signalling message to a peer."""

    peer_id: PeerId
    response: rtc.SignalResponse


@dataclass(frozen=True, slots=True)
class Report:
    """Tell the control plane of a change; the outbox gives it its place in the session's sequence."""

    type: EventType
    peer_id: PeerId
    reason: LeaveReason | None = None
    track_sid: TrackSid | None = None
    source: str | None = None
    mime_type: str | None = None


@dataclass(frozen=True, slots=True)
class ClosePeer:
    """End a peer's transport, and its socket after what was sent to it. `why` is a short word for logs and clients."""

    peer_id: PeerId
    why: str


@dataclass(frozen=True, slots=True)
class SubscriptionsChanged:
    """The tracks that this peer should get are others than before: its session finds m-sections for them."""

    peer_id: PeerId


@dataclass(frozen=True, slots=True)
class ForwardingChanged:
    """How a subscriber gets a track: not at all for now, or up to a quality (0 low, 1 medium, 2 high)."""

    peer_id: PeerId
    track_sid: TrackSid
    paused: bool
    max_quality: int


@dataclass(frozen=True, slots=True)
class TrackEnded:
    """A publisher's track is gone: stop receiving it."""

    peer_id: PeerId
    track_sid: TrackSid


@dataclass(frozen=True, slots=True)
class SendDataTo:
    """Send a message to a peer on a data channel, by the channel's label."""

    peer_id: PeerId
    label: str
    payload: bytes


RoomEffect = SendDataTo | SendTo | Report | ClosePeer | SubscriptionsChanged | ForwardingChanged | TrackEnded
