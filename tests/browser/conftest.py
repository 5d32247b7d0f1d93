"""Chromium for tests: with a camera and a microphone that are made up, and a profile of its own each time."""

import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright

from tests.browser.meet_page import MeetPage
from tests.integration.callers import Backend, backend_of
from tests.running_parley import ROOT, RunningParley

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
BARE = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
FAKE_DEVICES = ("--use-fake-device-for-media-stream",)
ALLOW_DEVICES = ("--use-fake-ui-for-media-stream",)
ALLOW_SOUND = ("--autoplay-policy=no-user-gesture-required",)
EVERYTHING = (*FAKE_DEVICES, *ALLOW_DEVICES, *ALLOW_SOUND)
DESK, PHONE, SMALLEST = (1280, 720), (390, 844), (360, 640)

OpenPage = Callable[..., AbstractAsyncContextManager[MeetPage]]
Photograph = Callable[[MeetPage, str], Awaitable[None]]


@pytest.fixture
def rooms(parley: RunningParley) -> Backend:
    """The backend developer's side of the installation."""
    return backend_of(parley.env)


@pytest.fixture
def open_page(parley: RunningParley) -> OpenPage:
    """Opens the meet page in a Chromium of its own: `async with open_page(meeting, token) as page`."""
    assert Path(CHROMIUM).exists(), f"no Chromium at {CHROMIUM}: install it, or say where it is with CHROMIUM"
    assert (ROOT / "web/dist/index.html").exists(), "the page is not built: npm ci && npm run build, in web/"

    @contextlib.asynccontextmanager
    async def opened(
        meeting: str,
        token: str,
        *,
        query: str = "",
        size: tuple[int, int] = DESK,
        flags: tuple[str, ...] = EVERYTHING,
        before: Callable[[Page], Awaitable[None]] | None = None,
    ) -> AsyncIterator[MeetPage]:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*BARE, *flags])
            page = await browser.new_page(viewport={"width": size[0], "height": size[1]})
            meet = MeetPage(page)
            if before is not None:
                await before(page)
            await page.goto(f"{parley.url}/meet/{meeting}?token={token}{query}")
            try:
                yield meet
            finally:
                await browser.close()
            assert not meet.crashes, meet.crashes

    return opened


@pytest.fixture
def photograph(tmp_path: Path) -> Photograph:
    """Writes a screenshot into PARLEY_SCREENSHOTS, or into the test's own folder: `await photograph(page, name)`."""
    folder = Path(os.environ.get("PARLEY_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)

    async def take(meet: MeetPage, name: str) -> None:
        await meet.page.screenshot(path=folder / f"{name}.png")

    return take
