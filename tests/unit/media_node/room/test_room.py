"""A room decides who is there, who publishes and who gets it: calls in, effects out."""

import pytest
from livekit.protocol import models, rtc

from chalicelib.contract.grants import Grants, Source
from chalicelib.contract.ids import PeerId, TrackSid
from chalicelib.contract.node_messages import EventType, LeaveReason
from media_node.room import rendering
from media_node.room.effects import (
    ClosePeer,
    ForwardingChanged,
    Report,
    SubscriptionsChanged,
    TrackEnded,
)
from media_node.room.room import Effects, Room
from tests.fakes.calls import EVERYTHING, camera, kinds, microphone, new_peer, new_room, of_type, sent_to

ADA, BOB, CYD = PeerId("ada-1"), PeerId("bob-1"), PeerId("cyd-1")
CAM, MIC = TrackSid("TR_cam"), TrackSid("TR_mic")


def room_of(*names: str) -> Room:
    room = new_room()
    for name in names:
        room.join(new_peer(name))
        room.connected(PeerId(f"{name}-1"))
    return room


def publish_camera(room: Room, peer_id: PeerId = ADA) -> Effects:
    room.announce(peer_id, camera(), CAM)
    return room.publish(peer_id, CAM, "3", "video/VP8")


def refusal_in(effects: Effects, peer_id: str = ADA) -> "rtc.RequestResponse.Reason | None":
    (message,) = sent_to(effects, peer_id)
    return message.request_response.reason if message.HasField("request_response") else None


class TestComingAndGoing:
    def test_a_newcomer_is_shown_to_the_others(self) -> None:
        room = room_of("ada")
        (message,) = sent_to(room.join(new_peer("bob")), ADA)
        (told,) = message.update.participants
        assert (told.identity, told.state, told.sid) == ("bob", models.ParticipantInfo.JOINED, "PA_bob1")

    def test_being_connected_is_reported_once_and_shown_to_all(self) -> None:
        room = room_of("ada")
        room.join(new_peer("bob"))
        effects = room.connected(BOB)
        assert of_type(effects, Report) == [Report(EventType.PEER_CONNECTED, BOB)]
        for peer in (ADA, BOB):
            assert sent_to(effects, peer)[0].update.participants[0].state == models.ParticipantInfo.ACTIVE
        assert room.connected(BOB) == []

    def test_the_version_of_a_participant_grows_with_every_update(self) -> None:
        room = room_of("ada")
        versions = [
            message.update.participants[0].version
            for effects in (room.join(new_peer("bob")), room.connected(BOB), publish_camera(room, BOB))
            for message in sent_to(effects, ADA)
        ]
        assert versions == sorted(set(versions))

    def test_a_leave_tells_the_others_why_and_ends_the_tracks(self) -> None:
        room = room_of("ada", "bob")
        publish_camera(room)
        effects = room.leave(ADA, LeaveReason.CLIENT_LEFT)
        assert of_type(effects, TrackEnded) == [TrackEnded(ADA, CAM)]
        assert of_type(effects, ClosePeer) == [ClosePeer(ADA, "client_left")]
        assert of_type(effects, Report) == [Report(EventType.PEER_LEFT, ADA, reason=LeaveReason.CLIENT_LEFT)]
        (told,) = sent_to(effects, BOB)[0].update.participants
        assert told.state == models.ParticipantInfo.DISCONNECTED
        assert told.disconnect_reason == models.DisconnectReason.CLIENT_INITIATED
        assert not told.tracks
        assert of_type(effects, SubscriptionsChanged) == [SubscriptionsChanged(BOB)]
        assert room.leave(ADA, LeaveReason.CLIENT_LEFT) == []

    def test_who_leaves_before_being_connected_never_was_in_the_call(self) -> None:
        room = room_of()
        room.join(new_peer("ada"))
        reports = of_type(room.leave(ADA, LeaveReason.CONNECTION_LOST), Report)
        assert [report.reason for report in reports] == [LeaveReason.JOIN_ABORTED]

    def test_the_same_identity_again_sends_the_first_away(self) -> None:
        room = room_of("ada", "bob")
        effects = room.join(new_peer("ada", connection=2))
        (away,) = [m for m in sent_to(effects, ADA) if m.HasField("leave")]
        assert away.leave.reason == models.DisconnectReason.DUPLICATE_IDENTITY
        assert away.leave.action == rtc.LeaveRequest.DISCONNECT
        reports = of_type(effects, Report)
        assert [report.reason for report in reports] == [LeaveReason.DUPLICATE_IDENTITY]
        states = [m.update.participants[0].state for m in sent_to(effects, BOB)]
        assert states == [models.ParticipantInfo.DISCONNECTED, models.ParticipantInfo.JOINED]
        assert set(room.peers) == {BOB, "ada-2"}

    def test_a_hidden_peer_is_shown_to_nobody(self) -> None:
        room = room_of("ada")
        ghost = new_peer("bob", Grants(subscribe=True, hidden=True))
        effects = room.join(ghost) + room.connected(BOB)
        assert sent_to(effects, ADA) == []
        assert [p.identity for p in room.others_of(BOB)] == ["ada"]
        assert room.others_of(ADA) == []
        assert room.info().num_participants == 1
        assert sent_to(room.leave(BOB, LeaveReason.CLIENT_LEFT), ADA) == []


class TestPublishing:
    def test_an_announced_track_is_confirmed_to_its_publisher_alone(self) -> None:
        room = room_of("ada", "bob")
        effects = room.announce(ADA, microphone(name="voice", stereo=True), MIC)
        (message,) = sent_to(effects, ADA)
        track = message.track_published.track
        assert (message.track_published.cid, track.sid, track.name, track.stereo) == ("mic", MIC, "voice", True)
        assert sent_to(effects, BOB) == []
        assert room.wanted(BOB) == []

    def test_a_published_track_is_reported_shown_and_wanted(self) -> None:
        room = room_of("ada", "bob")
        effects = publish_camera(room)
        assert of_type(effects, Report) == [
            Report(EventType.TRACK_PUBLISHED, ADA, track_sid=CAM, source="camera", mime_type="video/VP8")
        ]
        (told,) = sent_to(effects, BOB)[0].update.participants
        assert (told.tracks[0].sid, told.tracks[0].simulcast, told.is_publisher) == (CAM, True, True)
        assert of_type(effects, SubscriptionsChanged) == [SubscriptionsChanged(BOB)]
        assert [track.sid for track in room.wanted(BOB)] == [CAM]
        assert room.wanted(ADA) == []

    def test_the_same_announcement_twice_is_one_track(self) -> None:
        room = room_of("ada")
        room.announce(ADA, camera(), CAM)
        (message,) = sent_to(room.announce(ADA, camera(), TrackSid("TR_other")), ADA)
        assert message.track_published.track.sid == CAM
        assert len(room.announced(ADA)) == 1

    @pytest.mark.parametrize(
        ("allowed", "request_", "reason"),
        [
            ((Source.MICROPHONE,), camera(), rtc.RequestResponse.NOT_ALLOWED),
            ((Source.CAMERA,), microphone(), rtc.RequestResponse.NOT_ALLOWED),
            ((), microphone(), rtc.RequestResponse.NOT_ALLOWED),
            ((Source.MICROPHONE,), camera(source=models.TrackSource.UNKNOWN), rtc.RequestResponse.NOT_ALLOWED),
            ((Source.MICROPHONE,), camera(source=models.TrackSource.MICROPHONE), rtc.RequestResponse.INVALID_REQUEST),
            ((Source.CAMERA,), camera(source=models.TrackSource.SCREEN_SHARE), rtc.RequestResponse.NOT_ALLOWED),
            (tuple(Source), camera(cid=""), rtc.RequestResponse.INVALID_REQUEST),
            (tuple(Source), camera(name="x" * 257), rtc.RequestResponse.INVALID_REQUEST),
            (tuple(Source), camera(sid="TR_cam"), rtc.RequestResponse.UNSUPPORTED_TYPE),
            (tuple(Source), camera(type=models.TrackType.DATA), rtc.RequestResponse.INVALID_REQUEST),
            (tuple(Source), camera(), None),
            ((Source.CAMERA,), camera(source=models.TrackSource.UNKNOWN), None),
        ],
    )
    def test_only_what_the_grants_name_is_accepted(
        self, allowed: tuple[Source, ...], request_: rtc.AddTrackRequest, reason: int | None
    ) -> None:
        room = new_room()
        room.join(new_peer("ada", Grants(allowed, subscribe=True)))
        assert refusal_in(room.announce(ADA, request_, CAM)) == reason
        assert bool(room.announced(ADA)) == (reason is None)

    def test_a_peer_cannot_announce_without_end(self) -> None:
        room = room_of("ada")
        reasons = [refusal_in(room.announce(ADA, microphone(f"c{n}"), TrackSid(f"TR_{n}"))) for n in range(40)]
        assert reasons[31:33] == [None, rtc.RequestResponse.LIMIT_EXCEEDED]

    def test_a_stream_name_that_would_break_an_sdp_is_left_out(self) -> None:
        room = room_of("ada")
        room.announce(ADA, camera(stream="x\r\na=evil"), CAM)
        assert rendering.stream_id(room.peers[ADA], room.peers[ADA].tracks[CAM]) == "PA_ada1|camera"

    def test_unpublishing_tells_everybody(self) -> None:
        room = room_of("ada", "bob")
        publish_camera(room)
        effects = room.unpublish(ADA, CAM)
        assert of_type(effects, TrackEnded) == [TrackEnded(ADA, CAM)]
        assert of_type(effects, Report) == [Report(EventType.TRACK_UNPUBLISHED, ADA, track_sid=CAM, source="camera")]
        assert kinds(sent_to(effects, ADA)) == ["track_unpublished"]
        assert not sent_to(effects, BOB)[0].update.participants[0].tracks
        assert room.wanted(BOB) == []

    def test_mute_is_shown_and_pauses_the_track_for_its_subscribers(self) -> None:
        room = room_of("ada", "bob")
        publish_camera(room)
        effects = room.mute(ADA, CAM, True)
        assert sent_to(effects, BOB)[0].update.participants[0].tracks[0].muted
        assert of_type(effects, ForwardingChanged) == [ForwardingChanged(BOB, CAM, True, 2)]
        assert room.mute(ADA, CAM, True) == []
        assert of_type(room.mute(ADA, CAM, False), ForwardingChanged) == [ForwardingChanged(BOB, CAM, False, 2)]

    def test_nobody_mutes_the_track_of_another(self) -> None:
        room = room_of("ada", "bob")
        publish_camera(room)
        assert room.mute(BOB, CAM, True) == []

    def test_sizes_and_audio_features_are_passed_on(self) -> None:
        room = room_of("ada", "bob")
        publish_camera(room)
        effects = room.describe_track(ADA, rtc.UpdateLocalVideoTrack(track_sid=CAM, width=64, height=48))
        track = sent_to(effects, BOB)[0].update.participants[0].tracks[0]
        assert (track.width, track.height) == (64, 48)


class TestSubscribing:
    def test_a_peer_without_the_grant_gets_nothing(self) -> None:
        room = room_of("ada")
        room.join(new_peer("bob", Grants()))
        publish_camera(room)
        room.subscribe(BOB, rtc.UpdateSubscription(track_sids=[CAM], subscribe=True))
        assert room.wanted(BOB) == []

    def test_a_peer_chooses_for_itself(self) -> None:
        room = room_of("ada", "bob")
        publish_camera(room)
        off = rtc.UpdateSubscription(track_sids=[CAM], subscribe=False)
        assert of_type(room.subscribe(BOB, off), SubscriptionsChanged) == [SubscriptionsChanged(BOB)]
        assert room.wanted(BOB) == []
        by_participant = [models.ParticipantTracks(participant_sid="PA_ada1", track_sids=[CAM])]
        room.subscribe(BOB, rtc.UpdateSubscription(participant_tracks=by_participant, subscribe=True))
        assert [track.sid for track in room.wanted(BOB)] == [CAM]

    def test_without_auto_subscribe_nothing_comes_unasked(self) -> None:
        room = room_of("ada", "bob")
        room.peers[BOB].auto_subscribe = False
        publish_camera(room)
        assert room.wanted(BOB) == []
        room.subscribe(BOB, rtc.UpdateSubscription(track_sids=[CAM], subscribe=True))
        assert [track.sid for track in room.wanted(BOB)] == [CAM]

    def test_a_track_that_is_not_there_is_named_in_the_answer(self) -> None:
        room = room_of("ada")
        (message,) = sent_to(room.subscribe(ADA, rtc.UpdateSubscription(track_sids=["TR_x"], subscribe=True)), ADA)
        assert message.subscription_response.track_sid == "TR_x"
        assert message.subscription_response.err == models.SubscriptionError.SE_TRACK_NOTFOUND

    @pytest.mark.parametrize(
        ("settings", "paused", "quality"),
        [
            ({"disabled": True}, True, 0),
            ({"quality": models.VideoQuality.LOW}, False, 0),
            ({"quality": models.VideoQuality.OFF}, True, 0),
            ({"width": 300, "height": 160}, False, 0),
            ({"width": 640, "height": 360}, False, 1),
            ({"width": 360, "height": 641}, False, 2),
            ({"width": 4000, "height": 3000}, False, 2),
        ],
    )
    def test_track_settings_choose_pause_and_quality(
        self, settings: dict[str, int], paused: bool, quality: int
    ) -> None:
        room = room_of("ada", "bob")
        publish_camera(room)
        effects = room.configure(BOB, rtc.UpdateTrackSettings(track_sids=[CAM, "TR_x"], **settings))  # type: ignore[arg-type]
        assert effects == [ForwardingChanged(BOB, CAM, paused, quality)]

    def test_a_publisher_can_choose_who_gets_its_tracks(self) -> None:
        room = room_of("ada", "bob", "cyd")
        publish_camera(room)
        only_bob = rtc.SubscriptionPermission(
            track_permissions=[rtc.TrackPermission(participant_identity="bob", track_sids=[CAM])]
        )
        effects = room.allow_subscribers(ADA, only_bob)
        (told,) = sent_to(effects, CYD)
        assert not told.subscription_permission_update.allowed
        assert sent_to(effects, BOB) == []
        assert [len(room.wanted(peer)) for peer in (BOB, CYD)] == [1, 0]
        room.subscribe(CYD, rtc.UpdateSubscription(track_sids=[CAM], subscribe=True))
        assert room.wanted(CYD) == []
        room.allow_subscribers(ADA, rtc.SubscriptionPermission(all_participants=True))
        assert len(room.wanted(CYD)) == 1

    def test_what_peers_asked_of_a_track_goes_with_it(self) -> None:
        room = room_of("ada", "bob")
        publish_camera(room)
        room.subscribe(BOB, rtc.UpdateSubscription(track_sids=[CAM], subscribe=False))
        room.configure(BOB, rtc.UpdateTrackSettings(track_sids=[CAM], disabled=True))
        room.leave(ADA, LeaveReason.CLIENT_LEFT)
        assert not room.peers[BOB].choices
        assert not room.peers[BOB].settings


class TestMetadata:
    def test_a_peer_describes_itself(self) -> None:
        room = room_of("ada", "bob")
        room.describe_self(ADA, rtc.UpdateParticipantMetadata(attributes={"hand": "up", "mood": "good"}))
        change = rtc.UpdateParticipantMetadata(name="Ada L.", metadata="m", attributes={"hand": ""}, request_id=7)
        effects = room.describe_self(ADA, change)
        (told,) = sent_to(effects, BOB)[0].update.participants
        assert (told.name, told.metadata, dict(told.attributes)) == ("Ada L.", "m", {"mood": "good"})
        answer = sent_to(effects, ADA)[-1].request_response
        assert (answer.request_id, answer.reason) == (7, rtc.RequestResponse.OK)

    @pytest.mark.parametrize(
        ("grants", "change", "reason"),
        [
            (Grants(), rtc.UpdateParticipantMetadata(name="x"), rtc.RequestResponse.NOT_ALLOWED),
            (EVERYTHING, rtc.UpdateParticipantMetadata(name="x" * 257), rtc.RequestResponse.LIMIT_EXCEEDED),
            (EVERYTHING, rtc.UpdateParticipantMetadata(metadata="x" * 140_000), rtc.RequestResponse.LIMIT_EXCEEDED),
            (
                EVERYTHING,
                rtc.UpdateParticipantMetadata(attributes={"a": "x" * 70_000}),
                rtc.RequestResponse.LIMIT_EXCEEDED,
            ),
        ],
    )
    def test_what_is_not_allowed_changes_nothing(
        self, grants: Grants, change: rtc.UpdateParticipantMetadata, reason: int
    ) -> None:
        room = room_of("bob")
        room.join(new_peer("ada", grants))
        effects = room.describe_self(ADA, change)
        assert refusal_in(effects) == reason
        assert sent_to(effects, BOB) == []
        assert room.peers[ADA].name == ""


def test_every_source_allowed_is_written_as_no_limit() -> None:
    assert not rendering.permission(EVERYTHING).can_publish_sources
    only = rendering.permission(Grants((Source.MICROPHONE,)))
    assert list(only.can_publish_sources) == [models.TrackSource.MICROPHONE]
    assert only.can_publish
    assert not rendering.permission(Grants(subscribe=True)).can_publish
