"""Where a data packet goes and what it says of its sender: the node's word, never the client's."""

from dataclasses import dataclass

from google.protobuf.message import DecodeError
from livekit.protocol import models

from chalicelib.contract.ids import PeerId
from media_node.room.members import Peer
from media_node.room.room import Room

RELIABLE_LABEL = "_reliable"
LOSSY_LABEL = "_lossy"
RELAYED_LABELS = (RELIABLE_LABEL, LOSSY_LABEL)
# Only a server says who speaks; metrics are for the server, which does not keep them.
_NOT_RELAYED = {"speaker", "metrics", None}


@dataclass(frozen=True, slots=True)
class Relay:
    """Send `payload` to these peers, on the channel it came from."""

    recipients: list[PeerId]
    payload: bytes


def relay(room: Room, sender_id: PeerId, message: bytes) -> Relay | None:
    """Return what becomes of a message on a data channel; None if it goes nowhere. `sequence` stays as it is."""
    sender = room.peers.get(sender_id)
    if sender is None or not sender.grants.publish_data:
        return None
    try:
        packet = models.DataPacket.FromString(message)
    except DecodeError:
        return None
    if packet.WhichOneof("value") in _NOT_RELAYED:
        return None
    recipients = [peer.id for peer in room.peers.values() if _is_addressed(peer, sender, packet)]
    return Relay(recipients, _signed(packet, sender)) if recipients else None


def _is_addressed(peer: Peer, sender: Peer, packet: models.DataPacket) -> bool:
    if peer.id == sender.id:
        return False
    identities = [*packet.destination_identities, *packet.user.destination_identities]
    sids = packet.user.destination_sids
    return not (identities or sids) or peer.identity in identities or peer.sid in sids


def _signed(packet: models.DataPacket, sender: Peer) -> bytes:
    # A hidden peer stays so: its packets come from nobody.
    identity, sid = ("", "") if sender.grants.hidden else (sender.identity, sender.sid)
    packet.participant_identity, packet.participant_sid = identity, sid
    if packet.HasField("user"):
        packet.user.participant_identity, packet.user.participant_sid = identity, sid
    return packet.SerializeToString()
