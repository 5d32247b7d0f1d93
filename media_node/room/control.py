"""Commands of the control plane, carried out on a room: a command in, effects and an answer out. Pure.

A command is checked as a whole before anything changes: it is carried out, or refused with a ParleyError.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from livekit.protocol import models, rtc

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.grants import Source
from chalicelib.contract.limits import MAX_NAME_CHARS
from chalicelib.contract.node_commands import (
    MAX_DATA_BYTES,
    MAX_METADATA_BYTES,
    MAX_TOPIC_CHARS,
    ChangeSubscriptions,
    Command,
    CommandAnswer,
    EndSession,
    GrantsPatch,
    ListPeers,
    LivePeer,
    LiveTrack,
    MovePeers,
    MuteTracks,
    PeerSelector,
    PeerState,
    RemovePeers,
    SendData,
    UpdatePeers,
    UpdateRoom,
)
from chalicelib.contract.node_messages import LeaveReason
from media_node.room import rendering
from media_node.room.data_packets import LOSSY_LABEL, RELIABLE_LABEL
from media_node.room.effects import SendDataTo, SendTo
from media_node.room.members import Peer, Track, with_attributes
from media_node.room.room import ACTIVE, Effects, Room
from media_node.room.subscriptions import too_many_attributes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command leads to."""

    effects: Effects
    answer: CommandAnswer


def carry_out(room: Room, command: Command) -> Outcome:
    """Carry out a command (all but RPC, which takes time). Raises ParleyError, and then nothing has changed."""
    order: Any = getattr(command, command.name)
    match order:
        case ListPeers():
            return _done(room, chosen(room, order.who, at_least_one=not order.who.everybody), [])
        case RemovePeers():
            return _remove(room, order)
        case EndSession():
            everybody = list(room.peers.values())
            return _done(room, everybody, room.dismiss_all(models.DisconnectReason.ROOM_DELETED, LeaveReason.KICKED))
        case MuteTracks():
            return _mute(room, order)
        case UpdatePeers():
            return _update(room, order)
        case UpdateRoom():
            return _done(room, [], room.describe_room(order.metadata))
        case _:
            return _carry_out_rarer(room, order)


def _carry_out_rarer(room: Room, order: Any) -> Outcome:
    match order:
        case ChangeSubscriptions():
            return _subscribe(room, order)
        case SendData():
            return _send(room, order)
        case MovePeers():
            return _move(room, order)
        case _:  # a call to a client, in a session where nobody is
            raise ParleyError(ErrorId.PARTICIPANT_NOT_FOUND, "nobody of these is in the session")


def chosen(room: Room, who: PeerSelector, *, at_least_one: bool = True) -> list[Peer]:
    """Return the peers that are meant, oldest first. Raises ParleyError PARTICIPANT_NOT_FOUND when nobody is."""
    identities, participants = frozenset(who.identities), frozenset(who.participant_ids)
    peers = [
        peer
        for peer in room.peers.values()
        if who.everybody
        or peer.identity in identities
        or peer.participant_id in participants
        or peer.id in who.peer_ids
        or peer.sid in who.peer_ids
    ]
    if not peers and at_least_one:
        raise ParleyError(ErrorId.PARTICIPANT_NOT_FOUND, "nobody of these is in the session")
    return peers


def live_peer(peer: Peer) -> LivePeer:
    """Return a peer as the control plane is told of it."""
    return LivePeer(
        peer_id=peer.id,
        participant_id=peer.participant_id,
        identity=peer.identity,
        state=PeerState.ACTIVE if peer.state == ACTIVE else PeerState.JOINED,
        joined_at_ms=peer.joined_at_ms,
        grants=peer.grants,
        name=peer.name,
        metadata=peer.metadata,
        attributes=dict(peer.attributes),
        tracks=tuple(_live_track(track) for track in peer.tracks.values() if track.live),
        version=peer.version,
        kind=peer.kind,
    )


def _live_track(track: Track) -> LiveTrack:
    info = track.info
    return LiveTrack(
        sid=track.sid,
        kind=track.kind,
        source=track.source,
        muted=info.muted,
        mime_type=info.mime_type,
        name=info.name,
        mid=info.mid,
        stream=info.stream,
        width=info.width,
        height=info.height,
        simulcast=info.simulcast,
        stereo=info.stereo,
        encryption=int(info.encryption),
    )


def _done(room: Room, peers: list[Peer], effects: Effects) -> Outcome:
    metadata = room.info().metadata
    return Outcome(effects, CommandAnswer(tuple(live_peer(peer) for peer in peers), metadata))


def _remove(room: Room, order: RemovePeers) -> Outcome:
    peers = chosen(room, order.who)
    outcome = _done(room, peers, [])
    for peer in peers:
        away = rendering.leave(models.DisconnectReason.PARTICIPANT_REMOVED, rtc.LeaveRequest.DISCONNECT)
        outcome.effects.extend([SendTo(peer.id, away), *room.leave(peer.id, LeaveReason.KICKED)])
    return outcome


def _mute(room: Room, order: MuteTracks) -> Outcome:
    peers = chosen(room, order.who, at_least_one=not order.who.everybody)
    sids = frozenset(order.tracks.sids)
    tracks = [
        track
        for peer in peers
        for track in peer.tracks.values()
        if track.sid in sids or track.source in order.tracks.sources
    ]
    if sids and not any(track.sid in sids for track in tracks):
        raise ParleyError(ErrorId.TRACK_NOT_FOUND, "nobody of these publishes such a track")
    effects = room.silence(tracks)
    if order.withdraw_sources:
        effects += room.regrant({peer.id: _without(peer, order.withdraw_sources) for peer in peers})
    return _done(room, peers, effects)


def _without(peer: Peer, sources: tuple[Source, ...]) -> GrantsPatch:
    return GrantsPatch(publish_sources=tuple(s for s in peer.grants.publish_sources if s not in sources))


def _update(room: Room, order: UpdatePeers) -> Outcome:
    peers = chosen(room, order.who, at_least_one=not order.who.everybody)
    if len(order.name or "") > MAX_NAME_CHARS or len((order.metadata or "").encode()) > MAX_METADATA_BYTES:
        raise ParleyError(ErrorId.INVALID_FIELD, "name or metadata is too long")
    if any(too_many_attributes(with_attributes(peer, order.attributes)) for peer in peers):
        raise ParleyError(ErrorId.INVALID_FIELD, "the attributes are too long", "/attributes")
    effects: Effects = []
    if order.grants is not None:
        effects += room.regrant(dict.fromkeys([peer.id for peer in peers], order.grants))
    if order.attributes or order.name is not None or order.metadata is not None:
        effects += [effect for peer in peers for effect in room.describe(peer.id, order)]
    return _done(room, peers, effects)


def _subscribe(room: Room, order: ChangeSubscriptions) -> Outcome:
    peers = chosen(room, order.who)
    request = rtc.UpdateSubscription(track_sids=order.track_sids, subscribe=order.subscribe)
    effects = [effect for peer in peers for effect in room.subscribe(peer.id, request)]
    if not order.subscribe:
        # The clients did not ask for it: only the answer to another offer tells them that a section carries nothing.
        again = rtc.SignalResponse(media_sections_requirement=rtc.MediaSectionsRequirement())
        effects += [SendTo(peer.id, again) for peer in peers]
    return _done(room, peers, effects)


def _send(room: Room, order: SendData) -> Outcome:
    try:
        payload = base64.b64decode(order.payload, validate=True)
    except (ValueError, binascii.Error):
        raise ParleyError(ErrorId.INVALID_FIELD, "must be base64", "/payload") from None
    if len(payload) > MAX_DATA_BYTES or len(order.topic or "") > MAX_TOPIC_CHARS:
        raise ParleyError(ErrorId.INVALID_FIELD, f"the payload may have {MAX_DATA_BYTES} bytes", "/payload")
    peers = chosen(room, order.who, at_least_one=False)
    kind = models.DataPacket.RELIABLE if order.reliable else models.DataPacket.LOSSY
    user = models.UserPacket(payload=payload, nonce=order.nonce.encode())
    if order.topic is not None:
        user.topic = order.topic
    message = models.DataPacket(kind=kind, user=user).SerializeToString()
    label = RELIABLE_LABEL if order.reliable else LOSSY_LABEL
    return _done(room, peers, [SendDataTo(peer.id, label, message) for peer in peers])


def _move(room: Room, order: MovePeers) -> Outcome:
    peers = [room.peers[move.peer_id] for move in order.moves if move.peer_id in room.peers]
    if not peers:
        raise ParleyError(ErrorId.PARTICIPANT_NOT_FOUND, "nobody of these is in the session")
    tokens = {move.peer_id: move.token for move in order.moves}
    outcome = _done(room, peers, [])
    for peer in peers:
        # The client takes the token for its reconnects, and is told to reconnect: so it comes to the other meeting.
        token = SendTo(peer.id, rtc.SignalResponse(refresh_token=tokens[peer.id]))
        again = SendTo(peer.id, rendering.leave(models.DisconnectReason.MIGRATION, rtc.LeaveRequest.RECONNECT))
        outcome.effects.extend([token, again, *room.leave(peer.id, LeaveReason.MOVED)])
    return outcome
