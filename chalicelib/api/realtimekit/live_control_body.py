"""What the calls on an active session take and show. All but kick, mute and their -all are extensions of Parley."""

import base64
import binascii
from typing import Annotated, Any

from pydantic import ConfigDict, Field, field_validator, model_validator

from chalicelib.api.envelope import iso
from chalicelib.api.request_body import Body
from chalicelib.contract.grants import Source
from chalicelib.contract.limits import MAX_IDENTITY_CHARS, MAX_NAME_CHARS
from chalicelib.contract.node_commands import (
    MAX_DATA_BYTES,
    MAX_METADATA_BYTES,
    MAX_ROOM_METADATA_BYTES,
    MAX_SELECTED,
    MAX_TOPIC_CHARS,
    GrantsPatch,
    LivePeer,
    LiveTrack,
    PeerSelector,
)

MAX_ATTRIBUTES = 100
_DEFERRED = ConfigDict(strict=True, extra="ignore", defer_build=True)  # most Lambdas never see one of these

ParticipantIds = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=MAX_SELECTED)]
CustomIds = Annotated[list[Annotated[str, Field(max_length=MAX_IDENTITY_CHARS)]], Field(max_length=MAX_SELECTED)]
Sources = Annotated[list[Source], Field(max_length=len(Source))]


class LiveBody(Body):
    """Base of these bodies: built when the first one comes."""

    model_config = _DEFERRED


class Selection(LiveBody):
    """Participants by their ids or their custom ids; both lists count."""

    participant_ids: ParticipantIds = []
    custom_participant_ids: CustomIds = []

    @property
    def who(self) -> PeerSelector:
        """Return the selection for the node."""
        return PeerSelector(tuple(self.participant_ids), tuple(self.custom_participant_ids))

    @property
    def who_or_everybody(self) -> PeerSelector:
        """Return the selection for the node; naming nobody means everybody."""
        named = self.participant_ids or self.custom_participant_ids
        return self.who if named else PeerSelector(everybody=True)


class MuteAllBody(LiveBody):
    """``allow_unmute`` false: whoever is there now may not publish a microphone until the session ends."""

    allow_unmute: bool = True


class PermissionsPatch(LiveBody):
    """Permissions of one participant for this session; what is absent or null stays as it is."""

    publish_sources: Sources | None = None
    subscribe: bool | None = None
    publish_data: bool | None = None
    update_own_metadata: bool | None = None
    hidden: bool | None = None

    @property
    def patch(self) -> GrantsPatch:
        """Return the patch for the node."""
        sources = None if self.publish_sources is None else tuple(dict.fromkeys(self.publish_sources))
        return GrantsPatch(sources, self.subscribe, self.publish_data, self.update_own_metadata, self.hidden)


class LiveParticipantPatch(LiveBody):
    """What is said of one participant in this session; an attribute set to an empty string is removed."""

    name: Annotated[str, Field(max_length=MAX_NAME_CHARS)] | None = None
    metadata: Annotated[str, Field(max_length=MAX_METADATA_BYTES)] | None = None
    attributes: Annotated[dict[str, str], Field(max_length=MAX_ATTRIBUTES)] = {}


class DataBody(Selection):
    """A message to participants, or to everybody when none is named: ``data`` as text, or ``data_base64``."""

    data: Annotated[str, Field(max_length=MAX_DATA_BYTES)] | None = None
    data_base64: Annotated[str, Field(max_length=MAX_DATA_BYTES * 4 // 3 + 4)] | None = None
    topic: Annotated[str, Field(max_length=MAX_TOPIC_CHARS)] | None = None
    reliable: bool = True

    @field_validator("data_base64")
    @classmethod
    def _is_base64(cls, value: str | None) -> str | None:
        try:
            base64.b64decode(value or "", validate=True)
        except (ValueError, binascii.Error):
            raise ValueError("must be base64") from None
        return value

    @model_validator(mode="after")
    def _has_one(self) -> "DataBody":
        if (self.data is None) is (self.data_base64 is None):
            raise ValueError("needs either data or data_base64")
        if len(base64.b64decode(self.payload)) > MAX_DATA_BYTES:
            raise ValueError(f"may have {MAX_DATA_BYTES} bytes of data")
        return self

    @property
    def payload(self) -> str:
        """Return the data in base64."""
        if self.data_base64 is not None:
            return self.data_base64
        return base64.b64encode((self.data or "").encode()).decode()


class ActiveSessionPatch(LiveBody):
    """What is said of the session as a whole."""

    metadata: Annotated[str, Field(max_length=MAX_ROOM_METADATA_BYTES)]


class MoveBody(Selection):
    """Participants to send to another meeting, with the presets they have or with this one."""

    meeting_id: Annotated[str, Field(max_length=64)]
    preset_name: Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARS)] | None = None


def acted_on(action: str, peers: tuple[LivePeer, ...], now_ms: int) -> dict[str, Any]:
    """Render whom an action was for, as RealtimeKit does."""
    shown = [
        {
            "id": peer.participant_id,
            "custom_participant_id": peer.identity,
            "name": peer.name,
            "created_at": iso(peer.joined_at_ms),
            "updated_at": iso(now_ms),
        }
        for peer in peers
    ]
    return {"action": action, "participants": shown}


def live_view(peer: LivePeer) -> dict[str, Any]:
    """Render a peer as it is in the call now."""
    grants = peer.grants
    return {
        "id": peer.participant_id,
        "peer_id": peer.peer_id,
        "custom_participant_id": peer.identity,
        "name": peer.name,
        "state": peer.state.value,
        "joined_at": iso(peer.joined_at_ms),
        "metadata": peer.metadata,
        "attributes": peer.attributes,
        "permissions": {
            "publish_sources": [source.value for source in grants.publish_sources],
            "subscribe": grants.subscribe,
            "publish_data": grants.publish_data,
            "update_own_metadata": grants.update_own_metadata,
            "hidden": grants.hidden,
        },
        "tracks": [_track_view(track) for track in peer.tracks],
    }


def _track_view(track: LiveTrack) -> dict[str, Any]:
    return {
        "id": track.sid,
        "kind": track.kind,
        "source": track.source.value,
        "name": track.name,
        "muted": track.muted,
        "mime_type": track.mime_type,
        "width": track.width,
        "height": track.height,
        "simulcast": track.simulcast,
    }
