"""People and tracks for tests of rooms and signalling, and short words for what came out."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from livekit.protocol import models, rtc

from chalicelib.contract.grants import Grants, Source
from chalicelib.contract.ids import AppId, MeetingId, ParticipantId, PeerId, SessionId
from media_node.room.effects import SendTo
from media_node.room.members import Peer, SessionFacts
from media_node.room.room import Room

T = TypeVar("T")
EVERYTHING = Grants(tuple(Source), subscribe=True, publish_data=True, update_own_metadata=True)


def new_room() -> Room:
    """A session that has just begun."""
    uuid = "01890000-0000-7000-8000-00000000000"
    facts = SessionFacts(AppId(uuid + "1"), MeetingId(uuid + "2"), "Stand-up", SessionId(uuid + "3"), 4, 1_000_000)
    return Room(facts)


def new_peer(identity: str, grants: Grants = EVERYTHING, connection: int = 1) -> Peer:
    """A peer whose id is easy to read: the identity and the number of its connection."""
    return Peer(PeerId(f"{identity}-{connection}"), ParticipantId(identity), identity, grants, 5_000)


def camera(cid: str = "cam", **fields: object) -> rtc.AddTrackRequest:
    """The announcement of a camera with three layers."""
    layers = [models.VideoLayer(quality=q, width=w, height=w * 9 // 16) for q, w in enumerate((320, 640, 1280))]  # type: ignore[arg-type]
    request = rtc.AddTrackRequest(
        cid=cid, type=models.TrackType.VIDEO, source=models.TrackSource.CAMERA, layers=layers, width=1280, height=720
    )
    for name, value in fields.items():
        setattr(request, name, value)
    return request


def microphone(cid: str = "mic", **fields: object) -> rtc.AddTrackRequest:
    """The announcement of a microphone."""
    request = rtc.AddTrackRequest(cid=cid, type=models.TrackType.AUDIO, source=models.TrackSource.MICROPHONE)
    for name, value in fields.items():
        setattr(request, name, value)
    return request


def sent_to(effects: Sequence[object], peer_id: str) -> list[rtc.SignalResponse]:
    """What a peer is sent, in order."""
    return [effect.response for effect in effects if isinstance(effect, SendTo) and effect.peer_id == peer_id]


def kinds(messages: Iterable[rtc.SignalResponse]) -> list[str | None]:
    """The names of messages."""
    return [message.WhichOneof("message") for message in messages]


def of_type(effects: Sequence[object], kind: type[T]) -> list[T]:
    """The effects of one kind."""
    return [effect for effect in effects if isinstance(effect, kind)]
