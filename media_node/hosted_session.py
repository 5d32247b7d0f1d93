"""A session that this node owns: its room, its connected peers, and the effects carried out between them."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from livekit.protocol import models, rtc

from chalicelib.contract.ids import PeerId, TrackSid
from chalicelib.contract.node_commands import Command, CommandAnswer, PeerSelector, PerformRpc
from chalicelib.contract.node_messages import Admission, LeaveReason, NodeEvent
from media_node.connected_peer import ConnectedPeer, FrameSink
from media_node.room import rendering
from media_node.room.control import carry_out, chosen, live_peer
from media_node.room.data_packets import RELAYED_LABELS, RELIABLE_LABEL, relay
from media_node.room.effects import (
    ClosePeer,
    ForwardingChanged,
    Report,
    SendDataTo,
    SendTo,
    SubscriptionsChanged,
    TrackEnded,
)
from media_node.room.members import Peer, SessionFacts
from media_node.room.room import Room
from media_node.rpc_calls import RpcCalls
from media_node.rtp.up_track import UpTrack
from media_node.signalling.negotiation import StartReceiving, StartSending, StopSending, WriteAnswer
from media_node.signalling.session import ClientSession, Effect, SignalCounters
from media_node.transport.endpoint import MediaEndpoint


@dataclass(slots=True)
class SessionCounters:
    """Totals of one node over all of its sessions."""

    data_relayed: int = 0
    data_refused: int = 0
    data_lost: int = 0
    rtp_unroutable: int = 0


@dataclass(frozen=True, slots=True)
class NodeParts:
    """What a hosted session uses of its node."""

    endpoint: MediaEndpoint
    report: Callable[[NodeEvent], None]
    now: Callable[[], float]
    wall_ms: Callable[[], int]
    entropy: Callable[[int], bytes]
    node_id: Callable[[], str]
    signal_counters: SignalCounters
    session_counters: SessionCounters


class HostedSession:
    """One session. When its last peer has left, its node forgets it."""

    def __init__(self, admission: Admission, parts: NodeParts) -> None:
        self.room = Room(_facts_of(admission))
        self.peers: dict[PeerId, ConnectedPeer] = {}
        self._parts = parts
        self._effects: deque[Effect] = deque()
        self._applying = False
        self._fenced = False
        self._calls = RpcCalls(self._send_reliable, lambda: parts.entropy(16).hex())

    # Peers

    def open(self, admission: Admission, request: rtc.JoinRequest, socket: FrameSink) -> ConnectedPeer:
        """Let an admitted client in."""
        parts = self._parts
        ssrc = int.from_bytes(parts.entropy(4), "big") % 0xFFFF_0000 + 1
        session = ClientSession(
            self.room, admission.peer_id, parts.node_id(), ssrc, self._new_track_sid, parts.signal_counters
        )
        peer = ConnectedPeer(admission.peer_id, self, session, socket, parts.endpoint, parts.now)
        self.peers[admission.peer_id] = peer
        self.apply(session.start(_peer_of(admission, parts.wall_ms()), request, parts.now()))
        return peer

    def dismiss(self, reason: LeaveReason) -> None:
        """Send everybody to another node, or back to this one."""
        away = rendering.leave(models.DisconnectReason.SERVER_SHUTDOWN, rtc.LeaveRequest.RECONNECT)
        for peer_id in list(self.peers):
            self.apply([SendTo(peer_id, away), *self.room.leave(peer_id, reason)])

    def fence(self) -> None:
        """The session is another node's now, or nobody's: say nothing more about it, and send everybody away."""
        self._fenced = True
        self.dismiss(LeaveReason.NODE_LOST)

    def tick(self, now: float, deadlines: bool) -> None:
        """Send the RTCP that is due; look at `deadlines` too, now and then."""
        for peer in list(self.peers.values()):
            peer.feedback(now)
            if deadlines:
                self.apply(peer.session.on_tick(now))

    def relay_data(self, sender: PeerId, label: str, message: bytes) -> None:
        """Send a data message on to those it is for."""
        if self._calls.take(sender, message):
            return
        found = relay(self.room, sender, message) if label in RELAYED_LABELS else None
        if found is None:
            self._parts.session_counters.data_refused += 1
            return
        self._parts.session_counters.data_relayed += 1
        for peer_id in found.recipients:
            peer = self.peers.get(peer_id)
            if peer is not None and not peer.send_data(label, found.payload):
                self._parts.session_counters.data_lost += 1

    def command(self, command: Command) -> CommandAnswer:
        """Do what the control plane says. Raises ParleyError, and then nothing has changed."""
        outcome = carry_out(self.room, command)
        self.apply([*outcome.effects])
        return outcome.answer

    async def perform_rpc(self, order: PerformRpc) -> CommandAnswer:
        """Call a method of a client and wait for its answer. Raises ParleyError."""
        (peer,) = chosen(self.room, PeerSelector(identities=(order.identity,)))
        return CommandAnswer((live_peer(peer),), rpc=await self._calls.call(peer.id, order))

    # Effects

    def apply(self, effects: list[Effect]) -> None:
        """Carry out effects in order. What follows from one comes after those that wait already."""
        self._effects.extend(effects)
        if self._applying:
            return
        self._applying = True
        try:
            while self._effects:
                self._carry_out(self._effects.popleft())
        finally:
            self._applying = False

    def _carry_out(self, effect: Effect) -> None:
        if isinstance(effect, Report):
            self._report(effect)
            return
        peer = self.peers.get(effect.peer_id)
        if peer is None:
            return
        match effect:
            case SendTo():
                peer.send(effect.response)
            case SubscriptionsChanged():
                self._effects.extend(peer.session.on_subscriptions_changed(self._parts.now()))
            case ForwardingChanged():
                peer.set_forwarding(effect)
            case TrackEnded():
                self._end_track(peer, effect.track_sid)
            case StartReceiving():
                peer.start_receiving(effect.track_sid, effect.section)
            case StopSending():
                peer.stop_sending(effect.track_sid)
            case _:
                self._carry_out_rarer(peer, effect)

    def _carry_out_rarer(self, peer: ConnectedPeer, effect: Effect) -> None:
        match effect:
            case StartSending():
                up = self._up_track(effect.track_sid)
                if up is not None and not peer.start_sending(effect, up):
                    self._effects.extend(peer.session.on_codec_missing(effect.track_sid))
            case SendDataTo():
                if not peer.send_data(effect.label, effect.payload):
                    self._parts.session_counters.data_lost += 1
            case WriteAnswer():
                try:
                    peer.write_answer(effect)
                except ValueError:
                    self._effects.extend(peer.session.on_offer_unusable())
            case ClosePeer():
                self._parts.session_counters.rtp_unroutable += peer.uplink.unroutable
                peer.close(effect.why)
                del self.peers[effect.peer_id]
                self._calls.peer_left(effect.peer_id)
            case _:
                raise AssertionError(f"an effect that nothing carries out: {type(effect).__name__}")

    def _send_reliable(self, peer_id: PeerId, payload: bytes) -> bool:
        peer = self.peers.get(peer_id)
        return peer is not None and peer.send_data(RELIABLE_LABEL, payload)

    def _end_track(self, publisher: ConnectedPeer, sid: TrackSid) -> None:
        for other in self.peers.values():
            other.stop_sending(sid)
        publisher.stop_receiving(sid)
        publisher.session.on_track_ended(sid)

    def _up_track(self, sid: TrackSid) -> UpTrack | None:
        known = self.room.find_track(sid)
        publisher = self.peers.get(known[0].id) if known is not None else None
        return publisher.up_tracks.get(sid) if publisher is not None else None

    def _report(self, change: Report) -> None:
        if self._fenced:
            return
        facts = self.room.facts
        self._parts.report(
            NodeEvent(
                type=change.type,
                app_id=facts.app_id,
                session_id=facts.session_id,
                epoch=facts.epoch,
                seq=0,
                peer_id=change.peer_id,
                reason=change.reason,
                track_sid=change.track_sid,
                source=change.source,
                mime_type=change.mime_type,
            )
        )

    def _new_track_sid(self) -> TrackSid:
        return TrackSid("TR_" + self._parts.entropy(8).hex())


def _facts_of(admission: Admission) -> SessionFacts:
    return SessionFacts(
        app_id=admission.app_id,
        meeting_id=admission.meeting_id,
        meeting_title=admission.meeting_title,
        session_id=admission.session_id,
        epoch=admission.epoch,
        started_at_ms=admission.session_started_at_ms,
        max_participants=admission.max_participants,
        room_metadata=admission.room_metadata,
        room_name=admission.room_name,
    )


def _peer_of(admission: Admission, joined_at_ms: int) -> Peer:
    return Peer(
        id=admission.peer_id,
        participant_id=admission.participant_id,
        identity=admission.identity,
        grants=admission.grants,
        joined_at_ms=joined_at_ms,
        name=admission.name,
        metadata=admission.metadata,
        attributes=dict(admission.attributes),
        kind=admission.kind,
    )
