"""A client's exchange with the node, message by message: requests and time in, effects out."""

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from livekit.protocol import models, rtc

from chalicelib.contract.grants import Grants, Source
from chalicelib.contract.ids import PeerId, TrackSid
from chalicelib.contract.node_messages import EventType, LeaveReason
from media_node.room.effects import ClosePeer, ForwardingChanged, Report, SubscriptionsChanged, TrackEnded
from media_node.room.room import Room
from media_node.signalling.negotiation import StartReceiving, StartSending, StopSending, WriteAnswer
from media_node.signalling.session import (
    JOIN_DEADLINE_S,
    MESSAGE_BURST,
    REQUIREMENT_RETRY_S,
    ClientSession,
    Effects,
    SignalCounters,
)
from tests.fakes.calls import EVERYTHING, camera, kinds, microphone, new_peer, new_room, of_type, sent_to
from tests.fakes.offers import Section, offer_of, placeholders, sends, switched_off

ADA, BOB = PeerId("ada-1"), PeerId("bob-1")
sids = itertools.count()


class Client:
    """A client at one end of a session, in a room that it may share."""

    def __init__(self, room: Room, identity: str, grants: Grants = EVERYTHING) -> None:
        self.room = room
        self.peer = new_peer(identity, grants)
        self.counters = SignalCounters()
        self.now = 100.0
        self.session = ClientSession(room, self.peer.id, "nd_x", 7, lambda: TrackSid(f"TR_{next(sids)}"), self.counters)

    def join(self, **fields: object) -> Effects:
        settings = rtc.ConnectionSettings(auto_subscribe=True)
        request = rtc.JoinRequest(connection_settings=settings, **fields)  # type: ignore[arg-type]
        return self.session.start(self.peer, request, self.now)

    def says(self, **message: object) -> Effects:
        return self.session.on_frame(rtc.SignalRequest(**message).SerializeToString(), self.now)  # type: ignore[arg-type]

    def offers(self, *sections: Section, offer_id: int = 1) -> Effects:
        return self.says(offer=rtc.SessionDescription(type="offer", sdp=offer_of(*sections), id=offer_id))

    def hears(self, effects: Sequence[object]) -> list[rtc.SignalResponse]:
        return sent_to(effects, self.peer.id)


def answer_in(effects: Effects) -> WriteAnswer:
    (answer,) = of_type(effects, WriteAnswer)
    return answer


def joined(room: Room, identity: str, grants: Grants = EVERYTHING) -> Client:
    client = Client(room, identity, grants)
    client.join()
    client.offers(*placeholders())
    client.session.on_media_connected()
    return client


def publish(client: Client, *sections: Section) -> list[TrackSid]:
    """Announce and offer these sections beside the placeholders; return the sids."""
    for section in sections:
        make = camera if section.kind == "video" else microphone
        client.says(add_track=make(section.track_id))
    effects = client.offers(*placeholders(), *sections)
    return [effect.track_sid for effect in of_type(effects, StartReceiving)]


class TestJoining:
    def test_the_first_message_is_join_with_all_that_the_sdks_need(self) -> None:
        room = new_room()
        joined(room, "bob")
        ada = Client(room, "ada")
        first = ada.hears(ada.join())[0].join
        assert first.participant.sid == "PA_ada1"
        assert first.participant.permission.can_publish
        assert [p.identity for p in first.other_participants] == ["bob"]
        assert (first.ping_interval, first.ping_timeout) == (5, 15)
        assert first.server_info.version == "1.9.0"
        assert not first.subscriber_primary
        assert first.room.sid.startswith("RM_")
        assert first.room.name == room.facts.meeting_id

    def test_an_embedded_offer_and_tracks_are_answered_after_join(self) -> None:
        ada = Client(new_room(), "ada")
        offer = rtc.SessionDescription(type="offer", sdp=offer_of(*placeholders(), sends("7", "audio", "mic")), id=3)
        effects = ada.join(publisher_offer=offer, add_track_requests=[microphone()])
        assert kinds(ada.hears(effects)) == ["join", "track_published"]
        assert answer_in(effects).offer_id == 3
        assert answer_in(effects).receiving == {"7"}

    def test_an_existing_track_is_sent_with_the_first_answer(self) -> None:
        room = new_room()
        ada = joined(room, "ada")
        (cam,) = publish(ada, sends("7", "video", "cam"))
        bob = Client(room, "bob")
        offer = rtc.SessionDescription(type="offer", sdp=offer_of(*placeholders()), id=1)
        effects = bob.join(publisher_offer=offer)
        (started,) = of_type(effects, StartSending)
        assert (started.track_sid, started.section.mid) == (cam, "4")
        sending = answer_in(effects).sending["4"]
        assert (sending.stream_id, sending.cname, sending.ssrc) == ("PA_ada1|camera", "PA_ada1", started.ssrc)

    def test_metadata_in_the_join_request_needs_the_grant(self) -> None:
        room = new_room()
        ada, bob = Client(room, "ada"), Client(room, "bob", Grants(subscribe=True))
        for client in (ada, bob):
            client.join(metadata="m", participant_attributes={"k": "v"})
        assert (ada.peer.metadata, ada.peer.attributes) == ("m", {"k": "v"})
        assert (bob.peer.metadata, bob.peer.attributes) == ("", {})

    def test_without_media_in_time_the_join_is_aborted(self) -> None:
        ada = Client(new_room(), "ada")
        ada.join()
        assert ada.session.on_tick(ada.now + JOIN_DEADLINE_S - 0.1) == []
        effects = ada.session.on_tick(ada.now + JOIN_DEADLINE_S)
        assert kinds(ada.hears(effects)) == ["leave"]
        assert [report.reason for report in of_type(effects, Report)] == [LeaveReason.JOIN_ABORTED]
        assert of_type(effects, ClosePeer)
        assert ada.session.on_tick(ada.now + 60) == []

    def test_with_media_there_is_no_deadline(self) -> None:
        ada = joined(new_room(), "ada")
        assert ada.session.on_tick(ada.now + 60) == []


class TestPublishing:
    def test_an_announced_track_is_received_in_its_section(self) -> None:
        ada = joined(new_room(), "ada")
        (message,) = ada.hears(ada.says(add_track=camera("cam")))
        effects = ada.offers(*placeholders(), sends("7", "video", "cam", "98 VP9/90000"), offer_id=2)
        (receiving,) = of_type(effects, StartReceiving)
        assert receiving.track_sid == message.track_published.track.sid
        assert receiving.section.mid == "7"
        assert answer_in(effects).offer_id == 2
        (report,) = of_type(effects, Report)
        assert (report.type, report.mime_type) == (EventType.TRACK_PUBLISHED, "video/VP9")
        order = [type(effect) for effect in effects]
        assert order.index(StartReceiving) < order.index(WriteAnswer) < order.index(Report)

    def test_a_section_that_nothing_was_announced_for_is_not_received(self) -> None:
        ada = joined(new_room(), "ada")
        effects = ada.offers(*placeholders(), sends("7", "video", "cam"))
        assert answer_in(effects).receiving == frozenset()
        assert not of_type(effects, StartReceiving)

    def test_a_track_that_was_refused_is_not_received_whatever_the_offer_says(self) -> None:
        ada = joined(new_room(), "ada", Grants((Source.MICROPHONE,), subscribe=True))
        (message,) = ada.hears(ada.says(add_track=camera("cam")))
        assert message.request_response.reason == rtc.RequestResponse.NOT_ALLOWED
        assert message.request_response.add_track.cid == "cam"
        assert answer_in(ada.offers(*placeholders(), sends("7", "video", "cam"))).receiving == frozenset()

    def test_video_under_the_name_of_a_microphone_is_refused(self) -> None:
        ada = joined(new_room(), "ada", Grants((Source.MICROPHONE,)))
        ada.says(add_track=microphone("x"))
        effects = ada.offers(*placeholders(), sends("7", "video", "x"))
        assert answer_in(effects).receiving == frozenset()
        (message,) = ada.hears(effects)
        assert message.request_response.reason == rtc.RequestResponse.UNSUPPORTED_TYPE
        assert ada.room.announced(ADA) == []

    def test_a_track_without_a_supported_codec_is_refused(self) -> None:
        ada = joined(new_room(), "ada")
        ada.says(add_track=microphone("x"))
        effects = ada.offers(*placeholders(), sends("7", "audio", "x", "0 PCMU/8000"))
        assert kinds(ada.hears(effects)) == ["request_response"]

    def test_a_section_whose_msid_is_not_the_cid_is_matched_by_kind_in_order(self) -> None:
        ada = joined(new_room(), "ada")
        ada.says(add_track=microphone("first"))
        ada.says(add_track=camera("second"))
        sections = [sends("7", "video", "other"), sends("8", "audio", "another")]
        effects = ada.offers(*placeholders(), *sections)
        assert {e.section.mid for e in of_type(effects, StartReceiving)} == {"7", "8"}

    def test_an_offer_that_overtook_its_announcement_is_asked_for_again(self) -> None:
        ada = joined(new_room(), "ada")
        ada.offers(*placeholders(), sends("7", "audio", "mic"))
        messages = ada.hears(ada.says(add_track=microphone("mic")))
        assert kinds(messages) == ["track_published", "media_sections_requirement"]

    def test_a_section_that_stops_sending_unpublishes_its_track(self) -> None:
        ada = joined(new_room(), "ada")
        section = sends("7", "audio", "mic")
        (mic,) = publish(ada, section)
        effects = ada.offers(*placeholders(), switched_off(section))
        assert of_type(effects, TrackEnded) == [TrackEnded(ADA, mic)]
        assert answer_in(effects).receiving == frozenset()

    def test_a_section_that_carries_another_track_now_is_a_new_track(self) -> None:
        ada = joined(new_room(), "ada")
        (old,) = publish(ada, sends("7", "audio", "mic"))
        ada.says(add_track=microphone("other"))
        effects = ada.offers(*placeholders(), sends("7", "audio", "other"))
        assert [e.track_sid for e in of_type(effects, TrackEnded)] == [old]
        assert [e.section.track_id for e in of_type(effects, StartReceiving)] == ["other"]

    def test_an_offer_that_changes_nothing_changes_nothing(self) -> None:
        ada = joined(new_room(), "ada")
        publish(ada, sends("7", "audio", "mic"))
        effects = ada.offers(*placeholders(), sends("7", "audio", "mic"))
        assert [type(effect) for effect in effects] == [WriteAnswer]
        assert answer_in(effects).receiving == {"7"}


class TestSubscribing:
    def test_a_new_track_asks_the_subscriber_for_an_offer_and_rides_on_its_free_section(self) -> None:
        room = new_room()
        ada, bob = joined(room, "ada"), joined(room, "bob")
        (cam,) = publish(ada, sends("7", "video", "cam"))
        (message,) = bob.hears(bob.session.on_subscriptions_changed(bob.now))
        requirement = message.media_sections_requirement
        assert (requirement.num_audios, requirement.num_videos) == (0, 0)
        effects = bob.offers(*placeholders())
        assert [e.track_sid for e in of_type(effects, StartSending)] == [cam]
        assert of_type(effects, ForwardingChanged) == [ForwardingChanged(BOB, cam, False, 2)]
        assert {s.track_sid for s in answer_in(effects).sending.values()} == {cam}

    def test_when_sections_are_short_the_missing_ones_are_named(self) -> None:
        room = new_room()
        ada, bob = joined(room, "ada"), Client(room, "bob")
        bob.join()
        publish(ada, *(sends(f"a{n}", "audio", f"mic{n}") for n in range(5)), sends("v", "video", "cam"))
        effects = bob.offers(*placeholders(1, 0))
        assert len(of_type(effects, StartSending)) == 1
        (message,) = bob.hears(effects)
        requirement = message.media_sections_requirement
        assert (requirement.num_audios, requirement.num_videos) == (4, 1)

    def test_only_one_requirement_is_open_at_a_time_and_it_is_repeated(self) -> None:
        room = new_room()
        ada, bob = joined(room, "ada"), joined(room, "bob")
        publish(ada, sends("7", "video", "cam"))
        assert bob.session.on_subscriptions_changed(bob.now)
        assert bob.session.on_subscriptions_changed(bob.now + 1) == []
        assert bob.session.on_tick(bob.now + REQUIREMENT_RETRY_S - 0.1) == []
        assert kinds(bob.hears(bob.session.on_tick(bob.now + REQUIREMENT_RETRY_S))) == ["media_sections_requirement"]

    def test_nothing_is_asked_of_a_client_that_has_not_offered_yet(self) -> None:
        room = new_room()
        ada, bob = joined(room, "ada"), Client(room, "bob")
        bob.join()
        publish(ada, sends("7", "video", "cam"))
        assert bob.session.on_subscriptions_changed(bob.now) == []

    def test_a_track_that_went_away_leaves_its_section_inactive_once_before_another_uses_it(self) -> None:
        room = new_room()
        ada, bob = joined(room, "ada"), joined(room, "bob")
        section = sends("7", "video", "cam")
        publish(ada, section)
        one_video = placeholders(0, 1)
        bob.offers(*one_video)
        ada.offers(*placeholders(), switched_off(section))
        (stopped,) = of_type(bob.session.on_subscriptions_changed(bob.now), StopSending)
        assert stopped.peer_id == BOB
        publish(ada, sends("8", "video", "screen"))
        assert kinds(bob.hears(bob.session.on_subscriptions_changed(bob.now))) == ["media_sections_requirement"]
        assert answer_in(bob.offers(*one_video)).sending == {}
        assert list(answer_in(bob.offers(*one_video)).sending) == ["1"]

    def test_unsubscribing_stops_at_once(self) -> None:
        room = new_room()
        ada, bob = joined(room, "ada"), joined(room, "bob")
        (cam,) = publish(ada, sends("7", "video", "cam"))
        bob.offers(*placeholders())
        off = rtc.UpdateSubscription(track_sids=[cam], subscribe=False)
        assert of_type(bob.says(subscription=off), SubscriptionsChanged)
        assert bob.session.on_subscriptions_changed(bob.now) == [StopSending(BOB, cam)]

    def test_a_track_without_a_common_codec_is_given_up(self) -> None:
        room = new_room()
        ada, bob = joined(room, "ada"), joined(room, "bob")
        (cam,) = publish(ada, sends("7", "video", "cam"))
        bob.offers(*placeholders())
        (message,) = bob.hears(bob.session.on_codec_missing(cam))
        assert message.subscription_response.err == models.SubscriptionError.SE_CODEC_UNSUPPORTED
        effects = bob.offers(*placeholders())
        assert [type(effect) for effect in effects] == [WriteAnswer]
        assert answer_in(effects).sending == {}

    def test_ssrcs_are_never_zero_and_never_repeat_at_the_wrap(self) -> None:
        room = new_room()
        ada = joined(room, "ada")
        publish(ada, *(sends(f"a{n}", "audio", f"mic{n}") for n in range(3)))
        bob = Client(room, "bob")
        bob.session = ClientSession(room, BOB, "nd_x", 0xFFFF_FFFE, lambda: TrackSid("TR"), bob.counters)
        bob.join()
        ssrcs = [effect.ssrc for effect in of_type(bob.offers(*placeholders()), StartSending)]
        assert ssrcs == [0xFFFF_FFFE, 1, 2]


class TestSmallMessages:
    def test_both_kinds_of_ping_are_answered(self) -> None:
        ada = joined(new_room(), "ada")
        (pong,) = ada.hears(ada.says(ping_req=rtc.Ping(timestamp=1234, rtt=5)))
        assert pong.pong_resp.last_ping_timestamp == 1234
        assert kinds(ada.hears(ada.says(ping=99))) == ["pong"]

    def test_a_leave_ends_the_peer(self) -> None:
        ada = joined(new_room(), "ada")
        effects = ada.says(leave=rtc.LeaveRequest())
        assert [report.reason for report in of_type(effects, Report)] == [LeaveReason.CLIENT_LEFT]
        assert ada.says(ping=1) == []
        assert ada.session.on_socket_closed() == []

    @pytest.mark.parametrize(
        "message",
        [
            {"trickle": rtc.TrickleRequest(candidateInit="{}")},
            {"sync_state": rtc.SyncState()},
            {"answer": rtc.SessionDescription(sdp="x")},
            {"simulate": rtc.SimulateScenario()},
            {"publish_data_track_request": rtc.PublishDataTrackRequest()},
        ],
    )
    def test_what_is_not_needed_is_ignored(self, message: dict[str, object]) -> None:
        assert joined(new_room(), "ada").says(**message) == []

    def test_a_lost_transport_sends_the_client_to_join_anew(self) -> None:
        ada = joined(new_room(), "ada")
        effects = ada.session.on_media_closed(by_client=False)
        assert ada.hears(effects)[0].leave.action == rtc.LeaveRequest.RECONNECT
        assert [report.reason for report in of_type(effects, Report)] == [LeaveReason.CONNECTION_LOST]

    def test_a_client_that_closes_its_transport_has_left(self) -> None:
        effects = joined(new_room(), "ada").session.on_media_closed(by_client=True)
        assert [report.reason for report in of_type(effects, Report)] == [LeaveReason.CLIENT_LEFT]

    def test_a_lost_socket_is_the_end(self) -> None:
        effects = joined(new_room(), "ada").session.on_socket_closed()
        assert [report.reason for report in of_type(effects, Report)] == [LeaveReason.CONNECTION_LOST]


class TestHostileClients:
    def test_bytes_that_are_no_message_close_the_connection_and_are_counted(self) -> None:
        ada = joined(new_room(), "ada")
        effects = ada.session.on_frame(b"\xff\xff\xff\xff", ada.now)
        assert of_type(effects, ClosePeer)[0] == ClosePeer(ADA, "bad_message")
        assert ada.counters.malformed == 1

    def test_a_text_frame_closes_the_connection(self) -> None:
        effects = joined(new_room(), "ada").session.on_text()
        assert of_type(effects, ClosePeer)[0] == ClosePeer(ADA, "text_not_supported")

    def test_an_offer_that_cannot_be_read_closes_the_connection(self) -> None:
        ada = joined(new_room(), "ada")
        effects = ada.says(offer=rtc.SessionDescription(sdp="v=0\r\nm=nonsense"))
        assert of_type(effects, ClosePeer)[0] == ClosePeer(ADA, "bad_offer")
        assert ada.counters.refused_offers == 1

    def test_a_flood_closes_the_connection(self) -> None:
        ada = Client(new_room(), "ada")
        ada.join()
        for _ in range(MESSAGE_BURST):
            assert not of_type(ada.says(ping=1), ClosePeer)
        assert of_type(ada.says(ping=1), ClosePeer)[0] == ClosePeer(ADA, "too_many_messages")

    def test_an_unknown_message_is_ignored_and_counted(self) -> None:
        ada = joined(new_room(), "ada")
        unknown_field_1000 = b"\xc2\x3e\x00"
        assert ada.session.on_frame(unknown_field_1000, ada.now) == []
        assert ada.counters.ignored == 1

    @given(st.binary(max_size=300))
    def test_no_bytes_make_it_raise(self, frame: bytes) -> None:
        joined(new_room(), "ada").session.on_frame(frame, 101.0)

    @given(st.lists(st.sampled_from(["recvonly", "sendonly", "sendrecv", "inactive", "gone"]), min_size=4, max_size=4))
    def test_no_change_of_directions_makes_it_raise_or_send_a_track_twice(self, directions: list[str]) -> None:
        room = new_room()
        ada, bob = joined(room, "ada"), joined(room, "bob")
        publish(ada, sends("7", "video", "cam"), sends("8", "audio", "mic"))
        bob.offers(*placeholders())
        kinds_of = ["audio", "video", "audio", "video"]
        sections = [
            Section(str(n), kind, direction, f"t{n}" if "send" in direction else "")
            for n, (kind, direction) in enumerate(zip(kinds_of, directions, strict=True), start=1)
            if direction != "gone"
        ]
        bob.says(add_track=camera("t2"))
        for _ in range(3):
            sending = answer_in(bob.offers(Section("0", "application"), *sections)).sending
            sent = [each.track_sid for each in sending.values()]
            assert len(sent) == len(set(sent))
            assert all(s.direction == "recvonly" for s in sections if s.mid in sending)
