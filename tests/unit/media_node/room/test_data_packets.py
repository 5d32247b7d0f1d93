"""A data packet goes to whom it is for, under its sender's true name."""

from livekit.protocol import models

from chalicelib.contract.grants import Grants
from chalicelib.contract.ids import PeerId
from media_node.room.data_packets import relay
from media_node.room.room import Room
from tests.fakes.calls import new_peer, new_room

ADA, BOB, CYD, DAN = (PeerId(f"{name}-1") for name in ("ada", "bob", "cyd", "dan"))


def room_of_four() -> Room:
    room = new_room()
    for name in ("ada", "bob", "cyd"):
        room.join(new_peer(name))
        room.connected(PeerId(f"{name}-1"))
    room.join(new_peer("dan"))  # still connecting: the shell keeps what is reliable for it
    return room


def test_a_packet_goes_to_every_peer_but_its_sender() -> None:
    packet = models.DataPacket(user=models.UserPacket(payload=b"hi", topic="t"), sequence=9)
    found = relay(room_of_four(), ADA, packet.SerializeToString())
    assert found is not None
    assert found.recipients == [BOB, CYD, DAN]
    sent = models.DataPacket.FromString(found.payload)
    assert (sent.user.payload, sent.user.topic, sent.sequence) == (b"hi", "t", 9)


def test_the_sender_is_whom_the_node_knows_it_to_be() -> None:
    user = models.UserPacket(payload=b"x", participant_identity="cyd", participant_sid="PA_cyd1")
    forged = models.DataPacket(user=user, participant_identity="cyd", participant_sid="PA_cyd1")
    found = relay(room_of_four(), ADA, forged.SerializeToString())
    assert found is not None
    sent = models.DataPacket.FromString(found.payload)
    assert {sent.participant_identity, sent.user.participant_identity} == {"ada"}
    assert {sent.participant_sid, sent.user.participant_sid} == {"PA_ada1"}


def test_an_addressed_packet_goes_to_nobody_else() -> None:
    room = room_of_four()
    chat = models.ChatMessage(message="psst")
    by_identity = models.DataPacket(chat_message=chat, destination_identities=["cyd", "nobody"])
    by_old_fields = models.DataPacket(user=models.UserPacket(payload=b"x", destination_sids=["PA_cyd1"]))
    for packet in (by_identity, by_old_fields):
        found = relay(room, ADA, packet.SerializeToString())
        assert found is not None
        assert found.recipients == [CYD]
    to_nobody = models.DataPacket(chat_message=chat, destination_identities=["nobody"])
    assert relay(room, ADA, to_nobody.SerializeToString()) is None


def test_what_is_not_allowed_or_not_a_packet_goes_nowhere() -> None:
    room = room_of_four()
    room.join(new_peer("eve", Grants(subscribe=True)))
    room.connected(PeerId("eve-1"))
    good = models.DataPacket(user=models.UserPacket(payload=b"x")).SerializeToString()
    assert relay(room, PeerId("eve-1"), good) is None
    assert relay(room, PeerId("nobody"), good) is None
    assert relay(room, ADA, b"\xff\xff\xff") is None
    assert relay(room, ADA, b"") is None
    speaking = models.DataPacket(speaker=models.ActiveSpeakerUpdate())
    assert relay(room, ADA, speaking.SerializeToString()) is None


def test_a_hidden_sender_stays_hidden() -> None:
    room = room_of_four()
    room.join(new_peer("eve", Grants(publish_data=True, hidden=True)))
    room.connected(PeerId("eve-1"))
    packet = models.DataPacket(user=models.UserPacket(payload=b"x", participant_identity="eve"))
    found = relay(room, PeerId("eve-1"), packet.SerializeToString())
    assert found is not None
    assert b"eve" not in found.payload
