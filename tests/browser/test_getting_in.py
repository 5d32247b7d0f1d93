"""What a person meets at the door of the meet page: devices that do not open, invitations that do not hold."""

import datetime
from typing import Literal

import httpx
from livekit import api, rtc
from playwright.async_api import Page, expect

from chalicelib.contract.ids import uuid7
from tests.browser.conftest import ALLOW_DEVICES, ALLOW_SOUND, FAKE_DEVICES, PHONE, OpenPage, Photograph
from tests.browser.meet_page import PATIENCE_MS
from tests.integration.callers import Backend, joined, remote_track
from tests.integration.live_media import Tone, playing, publish, until

# Playwright looks at a page as if a person had touched it, which ends Chromium's own refusal. A click ends this one.
_NEEDS_A_GESTURE = """
let touched = false;
addEventListener('pointerdown', () => { touched = true; }, { capture: true });
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () {
    if (this.muted || touched) return play.call(this);
    return Promise.reject(new DOMException('a gesture is needed', 'NotAllowedError'));
};
Object.defineProperty(BaseAudioContext.prototype, 'state', { get: () => (touched ? 'running' : 'suspended') });
"""


async def refuse_sound(page: Page) -> None:
    """Let the page play sound only after a click."""
    await page.add_init_script(_NEEDS_A_GESTURE)


def expired_token(rooms: Backend, meeting: str) -> str:
    """A token that was good until a minute ago, signed as LiveKit's SDKs sign."""
    token = api.AccessToken(rooms.env["LIVEKIT_API_KEY"], rooms.env["LIVEKIT_API_SECRET"]).with_identity("ada")
    grants = api.VideoGrants(room_join=True, room=meeting)
    return token.with_grants(grants).with_ttl(datetime.timedelta(seconds=-60)).to_jwt()


def set_status(rooms: Backend, meeting: str, status: Literal["ACTIVE", "INACTIVE"]) -> None:
    """Open or close a meeting."""
    rooms.client.realtime_kit.meetings.update_meeting_by_id(
        meeting, account_id=rooms.env["PARLEY_ACCOUNT_ID"], app_id=rooms.app_id, status=status
    )


async def test_without_a_token_the_page_says_what_is_missing(
    rooms: Backend, open_page: OpenPage, photograph: Photograph
) -> None:
    async with open_page(rooms.meeting(), "", size=PHONE) as page:
        await page.sees_problem("token_missing")
        await expect(page.by("rejoin")).to_have_count(0)
        await photograph(page, "token-missing-phone")


async def test_a_token_that_is_no_token(rooms: Backend, open_page: OpenPage) -> None:
    async with open_page(rooms.meeting(), "garbage", query="&autojoin=1") as page:
        await page.sees_problem("token_invalid")


async def test_an_expired_token(rooms: Backend, open_page: OpenPage, photograph: Photograph) -> None:
    meeting = rooms.meeting()
    async with open_page(meeting, expired_token(rooms, meeting)) as page:
        await page.sees_problem("token_expired")
        await photograph(page, "token-expired-desk")


async def test_a_closed_meeting_may_be_tried_again(rooms: Backend, open_page: OpenPage) -> None:
    meeting = rooms.meeting()
    token = rooms.token(meeting, "ada")
    set_status(rooms, meeting, "INACTIVE")
    async with open_page(meeting, token) as page:
        await page.sees_problem("meeting_inactive")
        set_status(rooms, meeting, "ACTIVE")
        await page.press("rejoin")
        await page.press("join")
        await page.is_in_call(1)


async def test_a_meeting_that_closes_while_somebody_stands_at_the_door(rooms: Backend, open_page: OpenPage) -> None:
    meeting = rooms.meeting()
    async with open_page(meeting, rooms.token(meeting, "ada")) as page:
        await page.sees("prejoin")
        set_status(rooms, meeting, "INACTIVE")
        await page.press("join")
        await page.sees_problem("meeting_inactive")


async def test_a_meeting_that_does_not_exist(rooms: Backend, open_page: OpenPage) -> None:
    token = api.AccessToken(rooms.env["LIVEKIT_API_KEY"], rooms.env["LIVEKIT_API_SECRET"]).with_identity("ada")
    absent = uuid7(1, bytes(10))
    jwt = token.with_grants(api.VideoGrants(room_join=True, room=absent)).to_jwt()
    async with open_page(absent, jwt, query="&autojoin=1") as page:
        await page.sees_problem("meeting_not_found")


async def test_a_server_that_does_not_answer(rooms: Backend, open_page: OpenPage, photograph: Photograph) -> None:
    meeting = rooms.meeting()
    async with open_page(meeting, rooms.token(meeting, "ada")) as page:
        await page.sees("prejoin")
        await page.page.context.set_offline(True)
        await page.press("join")
        await page.sees_problem("server_unreachable")
        await photograph(page, "unreachable-desk")
        await page.page.context.set_offline(False)
        await page.press("rejoin")
        await page.press("join")
        await page.is_in_call(1)


async def test_refused_devices_do_not_keep_anybody_out(
    rooms: Backend, open_page: OpenPage, photograph: Photograph
) -> None:
    meeting = rooms.meeting()
    flags = (*FAKE_DEVICES, *ALLOW_SOUND)  # nobody is there to allow the camera
    async with (
        joined(rooms, meeting, "bob") as bob,
        open_page(meeting, rooms.token(meeting, "ada"), flags=flags) as page,
    ):
        await page.sees("device-trouble", "microphone and camera are blocked")
        await photograph(page, "refused-desk")
        await page.press("join")
        await page.is_in_call(2)
        await page.tile_is("ada", "state", "avatar")
        await page.press("camera")
        await page.sees("notice", "camera is blocked")
        assert not bob.remote_participants["ada"].track_publications


async def test_a_machine_without_devices_joins_without_them(rooms: Backend, open_page: OpenPage) -> None:
    meeting = rooms.meeting()
    async with open_page(meeting, rooms.token(meeting, "ada"), flags=(*ALLOW_DEVICES, *ALLOW_SOUND)) as page:
        await page.sees("device-trouble", "No microphone or camera was found")
        await page.press("join")
        await page.is_in_call(1)


async def test_joining_with_the_camera_switched_off_publishes_the_microphone_only(
    rooms: Backend, open_page: OpenPage
) -> None:
    meeting = rooms.meeting()
    async with (
        joined(rooms, meeting, "bob") as bob,
        open_page(meeting, rooms.token(meeting, "ada"), size=PHONE) as page,
    ):
        await expect(page.by("prejoin-camera")).to_have_attribute("data-state", "on", timeout=PATIENCE_MS)
        await page.press("prejoin-camera")
        await expect(page.by("prejoin-camera")).to_have_attribute("data-state", "off")
        await page.press("join")
        await until(lambda: remote_track(bob, "ada", rtc.TrackKind.KIND_AUDIO), "sound of ada")
        kinds = [each.kind for each in bob.remote_participants["ada"].track_publications.values()]
        assert kinds == [rtc.TrackKind.KIND_AUDIO]


async def test_sound_that_the_browser_holds_back_starts_with_a_click(
    rooms: Backend, open_page: OpenPage, photograph: Photograph
) -> None:
    meeting = rooms.meeting("webinar")
    tone = Tone(440)
    async with joined(rooms, meeting, "bob", "webinar_presenter") as bob, playing(tone):
        await publish(bob, tone)
        token = rooms.token(meeting, "eve", "webinar_viewer")
        async with open_page(meeting, token, query="&autojoin=1", size=PHONE, before=refuse_sound) as page:
            await page.is_in_call(2)
            await page.sees("sound")
            await photograph(page, "sound-phone")
            await page.press("sound")
            await expect(page.by("sound")).to_be_hidden(timeout=PATIENCE_MS)
            audio = page.page.locator('[data-testid="remote-audio"][data-identity="bob"]')
            assert await audio.evaluate("a => !a.paused && !a.muted")


async def test_the_token_leaves_the_address_bar_and_survives_a_reload(rooms: Backend, open_page: OpenPage) -> None:
    meeting = rooms.meeting()
    token = rooms.token(meeting, "ada")
    async with open_page(meeting, token, query="&autojoin=1") as page:
        await page.is_in_call(1)
        assert token not in page.page.url
        await page.page.reload()
        await page.is_in_call(1)
        assert not [line for line in page.said if token in line]


async def test_everything_can_be_done_with_the_keyboard_and_has_a_name(rooms: Backend, open_page: OpenPage) -> None:
    meeting = rooms.meeting()
    async with open_page(meeting, rooms.token(meeting, "ada")) as page:
        await expect(page.by("prejoin-camera")).to_have_attribute("data-state", "on", timeout=PATIENCE_MS)
        await page.by("join").focus()
        await page.page.keyboard.press("Enter")
        await page.is_in_call(1)
        for label in ("Mute microphone", "Turn camera off", "Share your screen", "Leave the meeting"):
            await expect(page.page.get_by_role("button", name=label)).to_be_visible(timeout=PATIENCE_MS)
        await page.page.get_by_role("button", name="Leave the meeting").focus()
        await page.page.keyboard.press("Enter")
        await page.sees_problem("left")


async def test_the_page_keeps_to_its_own_origin(rooms: Backend, open_page: OpenPage) -> None:
    meeting = rooms.meeting()
    asked: list[str] = []

    async def watch(page: Page) -> None:
        page.on("request", lambda request: asked.append(request.url))

    async with open_page(meeting, rooms.token(meeting, "ada"), query="&autojoin=1", before=watch) as page:
        await page.is_in_call(1)
        await page.tile_is("ada", "playing", "true")
        assert not [url for url in asked if not url.startswith((rooms.env["PARLEY_URL"], "blob:"))]
        assert not [line for line in page.said if "Content Security Policy" in line]
        policy = httpx.get(f"{rooms.env['PARLEY_URL']}/meet/{meeting}").headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
