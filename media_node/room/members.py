"""The state a room keeps of its peers and their tracks. Plain data; the rules are in room.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from livekit.protocol import models

from chalicelib.contract.grants import Grants, Source
from chalicelib.contract.ids import AppId, MeetingId, ParticipantId, PeerId, SessionId, TrackSid, participant_sid

HIGH_QUALITY = 2


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What the control plane said of the session when its first peer was admitted here."""

    app_id: AppId
    meeting_id: MeetingId
    meeting_title: str
    session_id: SessionId
    epoch: int
    started_at_ms: int
    max_participants: int = 0
    room_metadata: str | None = None
    room_name: str = ""


@dataclass(slots=True)
class Track:
    """A track that a peer announced; it is `live` once an offer with its m-section was accepted."""

    sid: TrackSid
    cid: str
    other_cids: frozenset[str]
    peer_id: PeerId
    source: Source
    info: models.TrackInfo
    live: bool = False

    @property
    def kind(self) -> str:
        """``audio`` or ``video``, as in SDP."""
        return "audio" if self.info.type == models.TrackType.AUDIO else "video"


@dataclass(slots=True)
class Settings:
    """What a subscriber asked for one track."""

    disabled: bool = False
    max_quality: int = HIGH_QUALITY


@dataclass(frozen=True, slots=True)
class SubscriberRule:
    """Which of a publisher's tracks one other participant may get."""

    all_tracks: bool
    track_sids: frozenset[str]


@dataclass(slots=True)
class Peer:
    """One connection of a participant. `subscriber_rules` is None while everybody may subscribe to its tracks."""

    id: PeerId
    participant_id: ParticipantId
    identity: str
    grants: Grants
    joined_at_ms: int
    name: str = ""
    metadata: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    kind: str = "standard"
    auto_subscribe: bool = True
    client_protocol: int = 0
    capabilities: tuple[int, ...] = ()
    state: int = models.ParticipantInfo.JOINED
    version: int = 1
    tracks: dict[TrackSid, Track] = field(default_factory=dict)
    choices: dict[str, bool] = field(default_factory=dict)
    settings: dict[str, Settings] = field(default_factory=dict)
    subscriber_rules: dict[str, SubscriberRule] | None = None

    @property
    def sid(self) -> str:
        """LiveKit's name of this peer."""
        return participant_sid(self.id)

    def lets_subscribe(self, other: "Peer", track_sid: str) -> bool:
        """Tell whether this publisher allows `other` to get the track."""
        if self.subscriber_rules is None:
            return True
        rule = self.subscriber_rules.get(other.sid) or self.subscriber_rules.get(other.identity)
        return rule is not None and (rule.all_tracks or track_sid in rule.track_sids)


def with_attributes(peer: Peer, changes: Mapping[str, str]) -> dict[str, str]:
    """Return a peer's attributes with some changed; one that is set to "" is removed."""
    return {key: value for key, value in {**peer.attributes, **changes}.items() if value}
