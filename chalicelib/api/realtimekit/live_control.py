"""``/{app_id}/meetings/{meeting_id}/active-session/...``: control over those who are in a call at the moment.

kick, kick-all, mute and mute-all are RealtimeKit's; the others are extensions of Parley in the same style.
"""

from collections.abc import Callable

from chalice.app import Response

from chalicelib.api.authentication import app_of
from chalicelib.api.envelope import success
from chalicelib.api.realtimekit.live_control_body import (
    ActiveSessionPatch,
    DataBody,
    LiveParticipantPatch,
    MoveBody,
    MuteAllBody,
    PermissionsPatch,
    Selection,
    acted_on,
    live_view,
)
from chalicelib.api.realtimekit.session_view import session_view
from chalicelib.api.request_body import read_body
from chalicelib.api.routing import Routes
from chalicelib.contract.grants import Source
from chalicelib.contract.node_commands import PeerSelector, SendData, TrackSelector, UpdatePeers
from chalicelib.services import live_control
from chalicelib.services.dependencies import Dependencies

_LIVE = "/{app_id}/meetings/{meeting_id}/active-session"
_ONE = _LIVE + "/participants/{participant_id}"


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__)
    _sending_away(blueprint, deps)
    _muting(blueprint, deps)
    _of_one(blueprint, deps)
    _of_all(blueprint, deps)
    return blueprint


def _sending_away(blueprint: Routes, deps: Callable[[], Dependencies]) -> None:
    @blueprint.route(_LIVE + "/kick", methods=["POST"], body=Selection)
    def kick(account_id: str, app_id: str, meeting_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        body = read_body(blueprint.current_request, Selection)
        peers = live_control.kick(deps(), app.id, meeting_id, body.who)
        return success(acted_on("kick", peers, deps().now_ms()))

    @blueprint.route(_LIVE + "/kick-all", methods=["POST"])
    def kick_all(account_id: str, app_id: str, meeting_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        peers = live_control.kick_all(deps(), app.id, meeting_id)
        return success({"action": "kick-all", "kicked_participants_count": len(peers)})

    @blueprint.route(_LIVE + "/move", methods=["POST"], body=MoveBody)
    def move(account_id: str, app_id: str, meeting_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        body = read_body(blueprint.current_request, MoveBody)
        peers = live_control.move(deps(), app.id, meeting_id, body.who, body.meeting_id, preset_name=body.preset_name)
        return success(acted_on("move", peers, deps().now_ms()))


def _muting(blueprint: Routes, deps: Callable[[], Dependencies]) -> None:
    def muted(account_id: str, app_id: str, meeting_id: str, action: str, source: Source) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        body = read_body(blueprint.current_request, Selection)
        tracks = TrackSelector(sources=(source,))
        peers = live_control.mute(deps(), app.id, meeting_id, body.who, tracks)
        return success(acted_on(action, peers, deps().now_ms()))

    @blueprint.route(_LIVE + "/mute", methods=["POST"], body=Selection)
    def mute(account_id: str, app_id: str, meeting_id: str) -> Response:
        return muted(account_id, app_id, meeting_id, "mute", Source.MICROPHONE)

    @blueprint.route(_LIVE + "/stop-video", methods=["POST"], body=Selection)
    def stop_video(account_id: str, app_id: str, meeting_id: str) -> Response:
        return muted(account_id, app_id, meeting_id, "stop-video", Source.CAMERA)

    @blueprint.route(_LIVE + "/mute-all", methods=["POST"], body=MuteAllBody)
    def mute_all(account_id: str, app_id: str, meeting_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        body = read_body(blueprint.current_request, MuteAllBody)
        peers = live_control.mute_all(deps(), app.id, meeting_id, allow_unmute=body.allow_unmute)
        return success({"action": "mute-all", "muted_participants_count": len(peers)})


def _of_one(blueprint: Routes, deps: Callable[[], Dependencies]) -> None:
    @blueprint.route(_ONE, methods=["PATCH"], body=LiveParticipantPatch)
    def change(account_id: str, app_id: str, meeting_id: str, participant_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        body = read_body(blueprint.current_request, LiveParticipantPatch)
        who = PeerSelector(participant_ids=(participant_id,))
        update = UpdatePeers(who, None, body.name, body.metadata, body.attributes)
        peers = live_control.update_participant(deps(), app.id, meeting_id, update)
        return success(live_view(peers[0]))

    @blueprint.route(_ONE + "/permissions", methods=["PATCH"], body=PermissionsPatch)
    def permit(account_id: str, app_id: str, meeting_id: str, participant_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        body = read_body(blueprint.current_request, PermissionsPatch)
        who = PeerSelector(participant_ids=(participant_id,))
        peers = live_control.patch_permissions(deps(), app.id, meeting_id, who, body.patch)
        return success(live_view(peers[0]))


def _of_all(blueprint: Routes, deps: Callable[[], Dependencies]) -> None:
    @blueprint.route(_LIVE + "/participants", methods=["GET"])
    def participants(account_id: str, app_id: str, meeting_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        call = live_control.live_peers(deps(), app.id, meeting_id)
        return success({"participants": [live_view(peer) for peer in call.peers], "metadata": call.metadata})

    @blueprint.route(_LIVE, methods=["PATCH"], body=ActiveSessionPatch)
    def describe(account_id: str, app_id: str, meeting_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        body = read_body(blueprint.current_request, ActiveSessionPatch)
        session = live_control.update_room_metadata(deps(), app.id, meeting_id, body.metadata)
        return success(session_view(session, deps().now_ms()) | {"metadata": session.room_metadata})

    @blueprint.route(_LIVE + "/data", methods=["POST"], body=DataBody)
    def send_data(account_id: str, app_id: str, meeting_id: str) -> Response:
        app = app_of(blueprint.current_request, deps(), account_id, app_id)
        body = read_body(blueprint.current_request, DataBody)
        message = SendData(body.who_or_everybody, body.payload, body.reliable, body.topic)
        sent = live_control.send_data(deps(), app.id, meeting_id, message)
        return success({"action": "data", "sent_to_participants_count": sent})
