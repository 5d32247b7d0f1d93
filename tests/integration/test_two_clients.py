"""Two unmodified `livekit` clients (native libwebrtc) in one meeting made through the `cloudflare` SDK."""

import asyncio

import pytest
from livekit import rtc
from livekit.rtc.participant import PublishTrackError

from tests.integration.callers import Backend, joined, remote_track
from tests.integration.live_media import (
    Picture,
    Tone,
    heard_frequency,
    is_near,
    playing,
    publish,
    seen_picture,
    until,
    within,
)

RED, GREEN = (200, 40, 90), (40, 170, 70)


async def assert_receives(room: rtc.Room, sender: str, tone: Tone, picture: Picture) -> None:
    await until(lambda: remote_track(room, sender, rtc.TrackKind.KIND_AUDIO), f"audio of {sender}")
    await until(lambda: remote_track(room, sender, rtc.TrackKind.KIND_VIDEO), f"video of {sender}")
    audio = remote_track(room, sender, rtc.TrackKind.KIND_AUDIO)
    video = remote_track(room, sender, rtc.TrackKind.KIND_VIDEO)
    assert audio is not None
    assert video is not None
    frequency = await within(15, f"sound of {sender}", heard_frequency(audio))
    assert abs(frequency - tone.frequency) <= 4
    colour, width = await within(15, f"picture of {sender}", seen_picture(video))
    assert is_near(colour, picture.colour), colour
    assert width >= 160


async def test_tone_and_picture_go_both_ways(backend: Backend) -> None:
    meeting = backend.meeting("two clients")
    async with joined(backend, meeting, "ada") as ada, joined(backend, meeting, "bob") as bob:
        tone, picture = Tone(440), Picture(RED)
        async with playing(tone, picture):
            await publish(ada, tone, picture)
            await assert_receives(bob, "ada", tone, picture)
            answer, view = Tone(880), Picture(GREEN)
            async with playing(answer, view):
                await publish(bob, answer, view)
                await assert_receives(ada, "bob", answer, view)


async def test_a_late_joiner_gets_what_is_already_there(backend: Backend) -> None:
    meeting = backend.meeting("late joiner")
    tone, picture = Tone(440), Picture(RED)
    async with joined(backend, meeting, "ada") as ada, playing(tone, picture):
        await publish(ada, tone, picture)
        async with joined(backend, meeting, "bob") as bob:
            assert bob.remote_participants["ada"].name == "Ada"
            await assert_receives(bob, "ada", tone, picture)


async def test_a_picture_that_is_published_before_any_sound_arrives(backend: Backend) -> None:
    meeting = backend.meeting("picture first")
    tone, picture = Tone(440), Picture(RED)
    async with joined(backend, meeting, "ada") as ada, joined(backend, meeting, "bob") as bob, playing(tone, picture):
        await publish(ada, picture, tone)
        await assert_receives(bob, "ada", tone, picture)


async def test_data_goes_both_ways_with_the_senders_true_identity(backend: Backend) -> None:
    meeting = backend.meeting("data")
    got: dict[str, list[rtc.DataPacket]] = {"ada": [], "bob": []}
    async with joined(backend, meeting, "ada") as ada, joined(backend, meeting, "bob") as bob:
        await until(lambda: "bob" in ada.remote_participants, "bob to be seen by ada")
        ada.on("data_received", got["ada"].append)
        bob.on("data_received", got["bob"].append)
        await ada.local_participant.publish_data(b"hello", reliable=True, topic="greeting")
        await bob.local_participant.publish_data(b"x" * 40_000, reliable=True)
        await until(lambda: got["bob"] and got["ada"], "data on both sides")
        assert (got["bob"][0].data, got["bob"][0].topic) == (b"hello", "greeting")
        assert got["bob"][0].participant is not None
        assert got["bob"][0].participant.identity == "ada"
        assert got["ada"][0].data == b"x" * 40_000
        await ada.local_participant.publish_data(b"only once", reliable=True, destination_identities=["bob"])
        await until(lambda: len(got["bob"]) == 2, "addressed data")
        assert len(got["ada"]) == 1


async def test_remote_procedure_calls_and_text_streams_pass(backend: Backend) -> None:
    meeting = backend.meeting("rpc")
    async with joined(backend, meeting, "ada") as ada, joined(backend, meeting, "bob") as bob:
        await until(lambda: "bob" in ada.remote_participants and "ada" in bob.remote_participants, "both to be seen")

        @bob.local_participant.register_rpc_method("double")
        async def double(call: rtc.RpcInvocationData) -> str:
            return call.payload * 2

        reply = await within(
            10,
            "an answer",
            ada.local_participant.perform_rpc(destination_identity="bob", method="double", payload="ab"),
        )
        assert reply == "abab"


async def test_mute_is_seen_by_the_other_side_and_stops_the_sound(backend: Backend) -> None:
    meeting = backend.meeting("mute")
    muted: list[str] = []
    unmuted: list[str] = []
    tone = Tone(440)
    async with joined(backend, meeting, "ada") as ada, joined(backend, meeting, "bob") as bob, playing(tone):
        bob.on("track_muted", lambda participant, publication: muted.append(participant.identity))
        bob.on("track_unmuted", lambda participant, publication: unmuted.append(participant.identity))
        await publish(ada, tone)
        await until(lambda: remote_track(bob, "ada", rtc.TrackKind.KIND_AUDIO), "audio of ada")
        tone.track.mute()
        await until(lambda: muted == ["ada"], "the mute")
        tone.track.unmute()
        await until(lambda: unmuted == ["ada"], "the unmute")
        track = remote_track(bob, "ada", rtc.TrackKind.KIND_AUDIO)
        assert track is not None
        assert abs(await within(15, "sound", heard_frequency(track)) - 440) <= 4


async def test_unpublish_and_publish_again(backend: Backend) -> None:
    meeting = backend.meeting("republish")
    async with joined(backend, meeting, "ada") as ada, joined(backend, meeting, "bob") as bob:
        for frequency in (440, 660, 880):
            tone = Tone(frequency)
            async with playing(tone):
                (publication,) = await publish(ada, tone)
                await until(lambda: remote_track(bob, "ada", rtc.TrackKind.KIND_AUDIO), "audio of ada")
                track = remote_track(bob, "ada", rtc.TrackKind.KIND_AUDIO)
                assert track is not None
                assert abs(await within(15, "sound", heard_frequency(track)) - frequency) <= 4
                await ada.local_participant.unpublish_track(publication.sid)
                await until(lambda: remote_track(bob, "ada", rtc.TrackKind.KIND_AUDIO) is None, "the track to go")


async def test_a_leave_is_seen_at_once(backend: Backend) -> None:
    meeting = backend.meeting("leave")
    async with joined(backend, meeting, "ada") as ada:
        async with joined(backend, meeting, "bob"):
            await until(lambda: "bob" in ada.remote_participants, "bob to come")
        await until(lambda: "bob" not in ada.remote_participants, "bob to go", 3)


async def test_the_same_participant_again_replaces_the_first_connection(backend: Backend) -> None:
    meeting = backend.meeting("twice")
    gone: list[object] = []
    async with joined(backend, meeting, "ada") as first:
        first.on("disconnected", gone.append)
        async with joined(backend, meeting, "ada") as second:
            await until(lambda: gone, "the first connection to be dropped")
            assert gone == [rtc.DisconnectReason.DUPLICATE_IDENTITY]
            assert second.isconnected()


async def test_a_preset_that_forbids_video_gets_no_video_published(backend: Backend) -> None:
    meeting = backend.meeting("no video")
    tone, picture = Tone(440), Picture(RED)
    async with (
        joined(backend, meeting, "ada", "audio_room_host") as ada,
        joined(backend, meeting, "bob") as bob,
        playing(tone, picture),
    ):
        with pytest.raises((PublishTrackError, TimeoutError)):
            await asyncio.wait_for(ada.local_participant.publish_track(picture.track, picture.options), 5)
        await publish(ada, tone)
        await until(lambda: remote_track(bob, "ada", rtc.TrackKind.KIND_AUDIO), "audio of ada")
        publications = bob.remote_participants["ada"].track_publications.values()
        assert [publication.kind for publication in publications] == [rtc.TrackKind.KIND_AUDIO]


async def test_four_people_hear_each_other(backend: Backend) -> None:
    meeting = backend.meeting("four")
    names = ["ada", "bob", "cyd", "dan"]
    tones = {name: Tone(400 + 150 * at) for at, name in enumerate(names)}
    async with asyncio.timeout(60):
        async with (
            joined(backend, meeting, "ada") as ada,
            joined(backend, meeting, "bob") as bob,
            joined(backend, meeting, "cyd") as cyd,
            joined(backend, meeting, "dan") as dan,
            playing(*tones.values()),
        ):
            rooms = dict(zip(names, (ada, bob, cyd, dan), strict=True))
            await asyncio.gather(*(publish(rooms[name], tones[name]) for name in names))
            for listener in names:
                for speaker in names:
                    if speaker == listener:
                        continue
                    room = rooms[listener]
                    await until(
                        lambda room=room, speaker=speaker: remote_track(room, speaker, rtc.TrackKind.KIND_AUDIO),
                        f"{speaker} at {listener}",
                    )
                    track = remote_track(room, speaker, rtc.TrackKind.KIND_AUDIO)
                    assert track is not None
                    assert abs(await heard_frequency(track) - tones[speaker].frequency) <= 6
