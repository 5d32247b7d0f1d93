"""A command changes a room as a whole or not at all, and clients are told in the messages that they obey."""

import base64
from dataclasses import replace

import pytest
from livekit.protocol import models, rtc

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.grants import Grants, Source
from chalicelib.contract.ids import PeerId, TrackSid
from chalicelib.contract.node_commands import (
    MAX_DATA_BYTES,
    ChangeSubscriptions,
    Command,
    CommandAnswer,
    EndSession,
    GrantsPatch,
    ListPeers,
    MovePeers,
    MuteTracks,
    PeerMove,
    PeerSelector,
    PeerState,
    RemovePeers,
    SendData,
    TrackSelector,
    UpdatePeers,
    UpdateRoom,
)
from chalicelib.contract.node_messages import EventType, LeaveReason
from media_node.room.control import carry_out
from media_node.room.effects import (
    ClosePeer,
    ForwardingChanged,
    Report,
    SendDataTo,
    SubscriptionsChanged,
    TrackEnded,
)
from media_node.room.room import Effects, Room
from tests.fakes.calls import EVERYTHING, camera, kinds, microphone, new_peer, new_room, of_type, sent_to

ADA, BOB = PeerId("ada-1"), PeerId("bob-1")
CAM, MIC = TrackSid("TR_cam"), TrackSid("TR_mic")
TO_ADA, TO_BOB = PeerSelector(identities=("ada",)), PeerSelector(identities=("bob",))
EVERYBODY, NOBODY = PeerSelector(everybody=True), PeerSelector(identities=("nobody",))
MICROPHONES = TrackSelector(sources=(Source.MICROPHONE,))


@pytest.fixture
def room() -> Room:
    """ada with camera and microphone, bob with nothing."""
    room = new_room()
    for name in ("ada", "bob"):
        room.join(new_peer(name))
        room.connected(PeerId(f"{name}-1"))
    room.announce(ADA, camera(), CAM)
    room.publish(ADA, CAM, "3", "video/VP8")
    room.announce(ADA, microphone(), MIC)
    room.publish(ADA, MIC, "4", "audio/opus")
    return room


def done(room: Room, **command: object) -> tuple[Effects, CommandAnswer]:
    outcome = carry_out(room, Command(**command))  # type: ignore[arg-type]
    return outcome.effects, outcome.answer


def refused(room: Room, **command: object) -> ErrorId:
    before = carry_out(room, Command(list_peers=ListPeers(EVERYBODY))).answer
    with pytest.raises(ParleyError) as error:
        done(room, **command)
    assert carry_out(room, Command(list_peers=ListPeers(EVERYBODY))).answer == before
    return error.value.error


class TestWhoIsMeant:
    @pytest.mark.parametrize(
        "who",
        [
            PeerSelector(identities=("ada", "nobody")),
            PeerSelector(participant_ids=("ada",)),
            PeerSelector(peer_ids=("ada-1",)),
            PeerSelector(peer_ids=("PA_ada1",)),
        ],
    )
    def test_a_peer_is_named_by_any_of_its_ids(self, room: Room, who: PeerSelector) -> None:
        _, answer = done(room, list_peers=ListPeers(who))
        assert [peer.identity for peer in answer.peers] == ["ada"]

    def test_everybody_may_be_nobody_but_a_name_may_not(self) -> None:
        assert done(new_room(), list_peers=ListPeers(EVERYBODY))[1].peers == ()
        assert refused(new_room(), list_peers=ListPeers(TO_ADA)) is ErrorId.PARTICIPANT_NOT_FOUND

    @pytest.mark.parametrize(
        "command",
        [
            {"remove_peers": RemovePeers(NOBODY)},
            {"mute_tracks": MuteTracks(NOBODY, MICROPHONES)},
            {"update_peers": UpdatePeers(NOBODY, GrantsPatch(hidden=True))},
            {"change_subscriptions": ChangeSubscriptions(NOBODY, (CAM,), True)},
            {"move_peers": MovePeers((PeerMove(PeerId("nobody"), "t"),))},
        ],
    )
    def test_a_command_for_nobody_is_refused(self, room: Room, command: dict[str, object]) -> None:
        assert refused(room, **command) is ErrorId.PARTICIPANT_NOT_FOUND

    def test_a_peer_is_told_with_its_tracks_and_permissions(self, room: Room) -> None:
        peer, _ = done(room, list_peers=ListPeers(EVERYBODY))[1].peers
        assert (peer.state, peer.grants) == (PeerState.ACTIVE, EVERYTHING)
        assert [(t.sid, t.kind, t.source, t.muted, t.mime_type) for t in peer.tracks] == [
            (CAM, "video", Source.CAMERA, False, "video/VP8"),
            (MIC, "audio", Source.MICROPHONE, False, "audio/opus"),
        ]


class TestSendingAway:
    def test_a_removed_peer_is_told_so_and_reported(self, room: Room) -> None:
        effects, answer = done(room, remove_peers=RemovePeers(TO_ADA))
        (message,) = sent_to(effects, ADA)
        assert (message.leave.reason, message.leave.action, message.leave.can_reconnect) == (
            models.DisconnectReason.PARTICIPANT_REMOVED,
            rtc.LeaveRequest.DISCONNECT,
            False,
        )
        assert of_type(effects, Report) == [Report(EventType.PEER_LEFT, ADA, reason=LeaveReason.KICKED)]
        assert of_type(effects, ClosePeer) == [ClosePeer(ADA, "kicked")]
        assert [(peer.identity, len(peer.tracks)) for peer in answer.peers] == [("ada", 2)]
        assert list(room.peers) == [BOB]

    def test_the_end_sends_everybody_away_without_telling_each_of_all_the_others(self, room: Room) -> None:
        effects, answer = done(room, end_session=EndSession())
        for peer in (ADA, BOB):
            (message,) = sent_to(effects, peer)
            assert message.leave.reason == models.DisconnectReason.ROOM_DELETED
        assert {report.peer_id for report in of_type(effects, Report)} == {ADA, BOB}
        assert {ended.track_sid for ended in of_type(effects, TrackEnded)} == {CAM, MIC}
        assert len(answer.peers) == 2
        assert not room.peers

    def test_a_moved_peer_gets_its_token_and_is_made_to_reconnect(self, room: Room) -> None:
        effects, _ = done(room, move_peers=MovePeers((PeerMove(BOB, "token"), PeerMove(PeerId("gone"), "x"))))
        token, leave = sent_to(effects, BOB)
        assert token.refresh_token == "token"
        assert (leave.leave.action, leave.leave.can_reconnect) == (rtc.LeaveRequest.RECONNECT, True)
        assert of_type(effects, Report) == [Report(EventType.PEER_LEFT, BOB, reason=LeaveReason.MOVED)]


class TestMuting:
    def test_the_publisher_is_told_the_others_see_it_and_forwarding_stops(self, room: Room) -> None:
        effects, answer = done(room, mute_tracks=MuteTracks(TO_ADA, MICROPHONES))
        told = next(message for message in sent_to(effects, ADA) if message.HasField("mute"))
        assert (told.mute.sid, told.mute.muted) == (MIC, True)
        assert of_type(effects, ForwardingChanged) == [ForwardingChanged(BOB, MIC, True, 2)]
        (news,) = sent_to(effects, BOB)
        assert [track.muted for track in news.update.participants[0].tracks] == [False, True]
        assert [track.muted for track in answer.peers[0].tracks] == [False, True]

    def test_what_is_muted_stays_so_without_another_word(self, room: Room) -> None:
        done(room, mute_tracks=MuteTracks(TO_ADA, MICROPHONES))
        assert done(room, mute_tracks=MuteTracks(EVERYBODY, MICROPHONES))[0] == []

    def test_a_track_is_named_by_its_sid(self, room: Room) -> None:
        effects, _ = done(room, mute_tracks=MuteTracks(TO_ADA, TrackSelector(sids=(CAM,))))
        assert [change.track_sid for change in of_type(effects, ForwardingChanged)] == [CAM]
        strange = MuteTracks(TO_BOB, TrackSelector(sids=(CAM,)))
        assert refused(room, mute_tracks=strange) is ErrorId.TRACK_NOT_FOUND

    def test_its_publisher_may_unmute_unless_the_right_is_withdrawn(self, room: Room) -> None:
        done(room, mute_tracks=MuteTracks(TO_ADA, MICROPHONES))
        assert of_type(room.mute(ADA, MIC, False), ForwardingChanged) == [ForwardingChanged(BOB, MIC, False, 2)]
        effects, answer = done(room, mute_tracks=MuteTracks(EVERYBODY, MICROPHONES, (Source.MICROPHONE,)))
        assert of_type(effects, TrackEnded) == [TrackEnded(ADA, MIC)]
        assert "track_unpublished" in kinds(sent_to(effects, ADA))
        for peer in answer.peers:
            assert Source.MICROPHONE not in peer.grants.publish_sources
            assert Source.CAMERA in peer.grants.publish_sources
        (answered,) = sent_to(room.announce(ADA, microphone("again"), TrackSid("TR_2")), ADA)
        assert answered.request_response.reason == rtc.RequestResponse.NOT_ALLOWED


class TestPermissions:
    def test_what_is_not_allowed_any_more_ends_and_the_peer_is_told(self, room: Room) -> None:
        patch = GrantsPatch(publish_sources=(Source.MICROPHONE,), publish_data=False)
        effects, answer = done(room, update_peers=UpdatePeers(TO_ADA, patch))
        assert answer.peers[0].grants == replace(EVERYTHING, publish_sources=(Source.MICROPHONE,), publish_data=False)
        assert of_type(effects, TrackEnded) == [TrackEnded(ADA, CAM)]
        (own, *_) = (message.update.participants[0] for message in sent_to(effects, ADA) if message.HasField("update"))
        assert (own.permission.can_publish, own.permission.can_publish_data) == (True, False)
        assert list(own.permission.can_publish_sources) == [models.TrackSource.MICROPHONE]

    def test_somebody_who_is_hidden_vanishes_and_comes_back(self, room: Room) -> None:
        effects, _ = done(room, update_peers=UpdatePeers(TO_ADA, GrantsPatch(hidden=True)))
        (news,) = sent_to(effects, BOB)
        assert news.update.participants[0].state == models.ParticipantInfo.DISCONNECTED
        assert SubscriptionsChanged(BOB) in effects
        assert room.wanted(BOB) == []
        effects, _ = done(room, update_peers=UpdatePeers(TO_ADA, GrantsPatch(hidden=False)))
        assert sent_to(effects, BOB)[0].update.participants[0].state == models.ParticipantInfo.ACTIVE
        assert len(room.wanted(BOB)) == 2

    def test_who_may_not_subscribe_gets_nothing(self, room: Room) -> None:
        effects, _ = done(room, update_peers=UpdatePeers(TO_BOB, GrantsPatch(subscribe=False)))
        assert SubscriptionsChanged(BOB) in effects
        assert room.wanted(BOB) == []

    def test_they_hold_for_who_comes_again_and_add_up(self, room: Room) -> None:
        done(room, update_peers=UpdatePeers(TO_ADA, GrantsPatch(publish_sources=(), publish_data=False)))
        done(room, update_peers=UpdatePeers(TO_ADA, GrantsPatch(publish_data=True, hidden=True)))
        again = new_peer("ada", connection=2)
        room.join(again)
        assert again.grants == replace(EVERYTHING, publish_sources=(), hidden=True)
        assert room.peers[BOB].grants == EVERYTHING

    def test_nothing_is_said_when_nothing_changes(self, room: Room) -> None:
        assert done(room, update_peers=UpdatePeers(EVERYBODY, GrantsPatch(subscribe=True)))[0] == []

    def test_a_hidden_peer_is_told_of_itself_alone(self, room: Room) -> None:
        room.join(new_peer("ghost", Grants(subscribe=True, hidden=True)))
        ghost = PeerSelector(identities=("ghost",))
        effects, _ = done(room, update_peers=UpdatePeers(ghost, GrantsPatch(subscribe=False)))
        assert kinds(sent_to(effects, "ghost-1")) == ["update"]
        assert sent_to(effects, BOB) == []


class TestWhatIsSaid:
    def test_of_a_peer(self, room: Room) -> None:
        room.peers[ADA].attributes = {"old": "1", "kept": "1"}
        update = UpdatePeers(TO_ADA, name="Countess", metadata="", attributes={"old": "", "new": "2"})
        effects, answer = done(room, update_peers=update)
        peer = answer.peers[0]
        assert (peer.name, peer.metadata, peer.attributes) == ("Countess", "", {"kept": "1", "new": "2"})
        assert sent_to(effects, BOB)[0].update.participants[0].name == "Countess"
        assert room.patches == {}

    @pytest.mark.parametrize(
        "update",
        [
            UpdatePeers(EVERYBODY, name="x" * 257),
            UpdatePeers(EVERYBODY, metadata="x" * (128 * 1024 + 1)),
            UpdatePeers(EVERYBODY, attributes={"a": "x" * 64 * 1024}),
        ],
    )
    def test_but_not_without_end(self, room: Room, update: UpdatePeers) -> None:
        assert refused(room, update_peers=update) is ErrorId.INVALID_FIELD

    def test_of_the_room(self, room: Room) -> None:
        effects, answer = done(room, update_room=UpdateRoom("release"))
        assert answer.room_metadata == "release"
        for peer in (ADA, BOB):
            assert sent_to(effects, peer)[0].room_update.room.metadata == "release"


class TestData:
    def test_it_comes_from_nobody_on_the_channel_that_was_asked_for(self, room: Room) -> None:
        message = SendData(TO_BOB, base64.b64encode(b"hello").decode(), reliable=False, topic="news")
        (sent,), answer = done(room, send_data=message)
        assert isinstance(sent, SendDataTo)
        assert (sent.peer_id, sent.label) == (BOB, "_lossy")
        packet = models.DataPacket.FromString(sent.payload)
        assert (packet.participant_identity, packet.user.payload, packet.user.topic) == ("", b"hello", "news")
        assert [peer.identity for peer in answer.peers] == ["bob"]

    def test_for_nobody_it_is_no_error(self, room: Room) -> None:
        assert done(room, send_data=SendData(NOBODY, ""))[0] == []

    @pytest.mark.parametrize("payload", ["*", "é", base64.b64encode(b"x" * (MAX_DATA_BYTES + 1)).decode()])
    def test_what_is_no_message_is_refused(self, room: Room, payload: str) -> None:
        assert refused(room, send_data=SendData(EVERYBODY, payload)) is ErrorId.INVALID_FIELD


def test_subscriptions_are_changed_as_if_the_client_had_asked(room: Room) -> None:
    effects, _ = done(room, change_subscriptions=ChangeSubscriptions(TO_BOB, (CAM,), False))
    assert SubscriptionsChanged(BOB) in effects
    assert [track.sid for track in room.wanted(BOB)] == [MIC]


def test_a_client_that_unpublishes_what_was_ended_for_it_does_no_harm(room: Room) -> None:
    done(room, update_peers=UpdatePeers(TO_ADA, GrantsPatch(publish_sources=())))
    assert room.unpublish(ADA, CAM) == []
