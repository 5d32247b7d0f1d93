"""The first message to a client that joined. docs/signalling.md says which field which SDK cannot do without."""

from livekit.protocol import models, rtc

from chalicelib.contract.ids import PeerId
from media_node.room import rendering
from media_node.room.room import Room

PING_INTERVAL_S = 5
PING_TIMEOUT_S = 15
PROTOCOL = 16
# Clients derive features from this number: below 1.8.0 the JS SDK has no RPC, above 1.13.6 it sends VP9 and AV1
# simulcast by rid, which this node does not know.
SERVER_VERSION = "1.9.0"


def join_response(room: Room, peer_id: PeerId, node_id: str, codecs: tuple[str, ...]) -> rtc.SignalResponse:
    """Return the JoinResponse for a peer that is in the room. `codecs` are the mime types it may publish."""
    join = rtc.JoinResponse(
        room=room.info(),
        participant=rendering.participant(room.peers[peer_id]),
        other_participants=room.others_of(peer_id),
        server_version=SERVER_VERSION,
        server_info=models.ServerInfo(
            edition=models.ServerInfo.Standard, version=SERVER_VERSION, protocol=PROTOCOL, node_id=node_id
        ),
        ping_interval=PING_INTERVAL_S,
        ping_timeout=PING_TIMEOUT_S,
        subscriber_primary=False,
        fast_publish=True,
        enabled_publish_codecs=[models.Codec(mime=mime) for mime in codecs],
        # A resume needs the old peer's state, which is gone with its socket: docs/signalling.md.
        client_configuration=models.ClientConfiguration(resume_connection=models.ClientConfigSetting.DISABLED),
    )
    return rtc.SignalResponse(join=join)
