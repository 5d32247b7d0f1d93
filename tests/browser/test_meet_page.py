"""A person in Chromium, on the meet page, in a call with an unmodified `livekit` client."""

import asyncio
import re

from livekit import rtc
from playwright.async_api import Page, WebSocketRoute, expect

from tests.browser.conftest import DESK, PHONE, SMALLEST, OpenPage, Photograph
from tests.browser.meet_page import PATIENCE_MS, MeetPage
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

RED, BLUE = (200, 40, 90), (40, 70, 190)
# A connection may be back before anybody looks.
_WATCH_STATES = """call => {
    window.seen = [];
    new MutationObserver(() => seen.push(call.dataset.state)).observe(call, { attributeFilter: ['data-state'] });
}"""


def publication(room: rtc.Room, identity: str, source: "rtc.TrackSource.ValueType") -> rtc.RemoteTrackPublication:
    """Return what a remote participant publishes from this source; it must be there."""
    publications = room.remote_participants[identity].track_publications.values()
    return next(each for each in publications if each.source == source)


def publishes(room: rtc.Room, identity: str, kind: "rtc.TrackKind.ValueType") -> bool:
    return remote_track(room, identity, kind) is not None


async def assert_gets_camera(room: rtc.Room, identity: str) -> None:
    """The camera that Chromium makes up is green, with a disc that eats itself."""
    await until(lambda: publishes(room, identity, rtc.TrackKind.KIND_VIDEO), f"video of {identity}")
    track = remote_track(room, identity, rtc.TrackKind.KIND_VIDEO)
    assert track is not None
    (red, green, blue), width = await within(20, f"picture of {identity}", seen_picture(track))
    assert green > red + 40, (red, green, blue)
    assert green > blue + 40, (red, green, blue)
    assert width >= 160


async def assert_shows(page: MeetPage, identity: str, colour: tuple[int, int, int]) -> None:
    width, played, seen = await page.tile_plays(identity)
    assert width >= 160
    assert played > 0.5
    assert is_near(seen, colour, 30), seen


async def test_a_person_joins_and_both_sides_see_and_hear_each_other(
    rooms: Backend, open_page: OpenPage, photograph: Photograph
) -> None:
    meeting = rooms.meeting("Weekly planning")
    tone, picture = Tone(440), Picture(RED)
    async with joined(rooms, meeting, "bob") as bob, playing(tone, picture):
        await publish(bob, tone, picture)
        async with open_page(meeting, rooms.token(meeting, "ada")) as page:
            await page.sees("prejoin")
            await expect(page.by("prejoin-camera")).to_have_attribute("data-state", "on", timeout=PATIENCE_MS)
            await photograph(page, "prejoin-desk")
            await page.press("join")
            await page.is_in_call(2)
            await page.sees("meeting-title", "Weekly planning")
            await asyncio.gather(assert_gets_camera(bob, "ada"), assert_shows(page, "bob", RED))
            heard = remote_track(bob, "ada", rtc.TrackKind.KIND_AUDIO)
            assert heard is not None
            await within(15, "sound of ada", heard_frequency(heard))  # Chromium beeps once a second
            await page.tile_is("bob", "speaking", "true")
            await photograph(page, "call-desk")


async def test_mute_and_camera_off_show_on_the_other_side(rooms: Backend, open_page: OpenPage) -> None:
    meeting = rooms.meeting("mute")
    tone, picture = Tone(440), Picture(BLUE)
    async with joined(rooms, meeting, "bob") as bob, playing(tone, picture):
        await publish(bob, tone, picture)
        async with open_page(meeting, rooms.token(meeting, "ada"), query="&autojoin=1") as page:
            await page.is_in_call(2)
            await assert_gets_camera(bob, "ada")
            microphone = publication(bob, "ada", rtc.TrackSource.SOURCE_MICROPHONE)
            await page.press("microphone")
            await until(lambda: microphone.muted, "the page's mute at bob")
            await page.page.keyboard.press("m")
            await until(lambda: not microphone.muted, "the page's unmute at bob")
            await page.page.keyboard.press("v")
            camera = publication(bob, "ada", rtc.TrackSource.SOURCE_CAMERA)
            await until(lambda: camera.muted, "the page's camera off at bob")
            await page.tile_is("ada", "state", "avatar")
            await page.press("camera")
            await until(lambda: not camera.muted, "the page's camera on at bob")
            await assert_gets_camera(bob, "ada")
            tone.track.mute()
            await page.tile_is("bob", "muted", "true")
            tone.track.unmute()
            await page.tile_is("bob", "muted", "false")
            picture.track.mute()
            await page.tile_is("bob", "state", "avatar")


async def test_leaving_and_coming_back(rooms: Backend, open_page: OpenPage, photograph: Photograph) -> None:
    meeting = rooms.meeting("leave")
    async with (
        joined(rooms, meeting, "bob") as bob,
        open_page(meeting, rooms.token(meeting, "ada"), query="&autojoin=1") as page,
    ):
        await page.is_in_call(2)
        await page.press("leave")
        await page.sees_problem("left")
        await photograph(page, "left")
        await until(lambda: "ada" not in bob.remote_participants, "ada to be gone")
        await page.press("rejoin")
        await page.is_in_call(2)
        await assert_gets_camera(bob, "ada")


async def test_a_lost_connection_says_so_and_comes_back(rooms: Backend, open_page: OpenPage) -> None:
    meeting = rooms.meeting("lost")
    picture = Picture(RED)
    sockets: list[WebSocketRoute] = []

    def keep(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    async def route(page: Page) -> None:
        await page.route_web_socket(re.compile("/rtc/v1"), keep)

    async with joined(rooms, meeting, "bob") as bob, playing(picture):
        await publish(bob, picture)
        token = rooms.token(meeting, "ada")
        async with open_page(meeting, token, query="&autojoin=1", before=route) as page:
            await page.is_in_call(2)
            await assert_shows(page, "bob", RED)
            await page.by("call").evaluate(_WATCH_STATES)
            await sockets[-1].close(code=1011, reason="lost")
            await page.page.wait_for_function("() => seen.includes('reconnecting')", timeout=PATIENCE_MS)
            await page.is_in_call(2)
            await expect(page.by("reconnecting")).to_be_hidden()
            await assert_shows(page, "bob", RED)
            await assert_gets_camera(bob, "ada")


async def test_people_come_and_go(rooms: Backend, open_page: OpenPage, photograph: Photograph) -> None:
    meeting = rooms.meeting("A meeting with a rather long name, as people give them when they are in a hurry")
    picture, other = Picture(RED), Picture(BLUE)
    async with open_page(meeting, rooms.token(meeting, "ada"), query="&autojoin=1", size=PHONE) as page:
        await page.is_in_call(1)
        await page.sees("alone")
        await page.tile_is("ada", "playing", "true")
        await photograph(page, "alone-phone")
        async with joined(rooms, meeting, "bob") as bob, playing(picture, other):
            await publish(bob, picture)
            async with joined(rooms, meeting, "cyd lovelace"), joined(rooms, meeting, "dan") as dan:
                await publish(dan, other)
                await page.is_in_call(4)
                await assert_shows(page, "bob", RED)
                await assert_shows(page, "dan", BLUE)
                await page.tile_is("cyd lovelace", "state", "avatar")
                await photograph(page, "call-phone")
                await page.page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
                await photograph(page, "call-desk-four")
                for width, height in (SMALLEST, (1920, 1080)):
                    await page.page.set_viewport_size({"width": width, "height": height})
                    assert await page.overflow() <= 0
            await page.is_in_call(2)
        await page.is_in_call(1)


async def test_a_shared_screen_takes_the_stage(rooms: Backend, open_page: OpenPage, photograph: Photograph) -> None:
    meeting = rooms.meeting("screen")
    picture, screen = Picture(RED), Picture(BLUE)
    screen.options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_SCREENSHARE)
    async with joined(rooms, meeting, "bob") as bob, playing(picture, screen):
        await publish(bob, picture, screen)
        async with open_page(meeting, rooms.token(meeting, "ada"), query="&autojoin=1") as page:
            await page.is_in_call(2)
            await expect(page.by("screen-tile")).to_have_attribute("data-playing", "true", timeout=PATIENCE_MS)
            await assert_shows(page, "bob", RED)
            await photograph(page, "screen-desk")
            await page.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
            await photograph(page, "screen-phone")
            assert await page.overflow() <= 0


async def test_a_viewer_sees_and_hears_but_has_no_buttons_to_publish(
    rooms: Backend, open_page: OpenPage, photograph: Photograph
) -> None:
    meeting = rooms.meeting("webinar")
    picture = Picture(RED)
    async with joined(rooms, meeting, "bob", "webinar_presenter") as bob, playing(picture):
        await publish(bob, picture)
        async with open_page(meeting, rooms.token(meeting, "eve", "webinar_viewer")) as page:
            await page.press("join")
            await page.is_in_call(2)
            await assert_shows(page, "bob", RED)
            for button in ("microphone", "camera", "screen"):
                await expect(page.by(button)).to_be_hidden()
            await page.sees("leave")
            await page.page.keyboard.press("m")
            assert not bob.remote_participants["eve"].track_publications
            await photograph(page, "viewer-desk")


async def test_the_same_person_elsewhere_ends_the_call_here(rooms: Backend, open_page: OpenPage) -> None:
    meeting = rooms.meeting("twice")
    token = rooms.token(meeting, "ada")
    async with open_page(meeting, token, query="&autojoin=1") as first:
        await first.is_in_call(1)
        async with open_page(meeting, token, query="&autojoin=1") as second:
            await second.is_in_call(1)
            await first.sees_problem("duplicate_identity")
            await second.is_in_call(1)
