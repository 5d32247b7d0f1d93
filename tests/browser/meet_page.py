"""The meet page as a person uses it: what is on it, what can be pressed. Knows test ids, not how the page is made."""

from playwright.async_api import ConsoleMessage, Error, Locator, Page, expect

PATIENCE_MS = 20_000

# Advances by what was played between two looks: a picture that stands still does not.
_PLAYED = """async video => {
    const before = video.currentTime;
    await new Promise(done => setTimeout(done, 1000));
    return video.currentTime - before;
}"""
_COLOUR = """video => {
    const canvas = new OffscreenCanvas(1, 1);
    const context = canvas.getContext('2d');
    const [width, height] = [video.videoWidth, video.videoHeight];
    context.drawImage(video, 0, height / 2, width, height / 2, 0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
}"""
_OVERFLOW = "() => document.documentElement.scrollWidth - window.innerWidth"


class MeetPage:
    """One open page. `said` is everything its scripts and the browser wrote to the console."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.said: list[str] = []
        self.crashes: list[str] = []
        page.on("console", self._on_console)
        page.on("pageerror", self._on_crash)

    def _on_console(self, message: ConsoleMessage) -> None:
        self.said.append(message.text)

    def _on_crash(self, error: Error) -> None:
        self.crashes.append(str(error))

    def by(self, test_id: str) -> Locator:
        """Return what has this test id."""
        return self.page.get_by_test_id(test_id)

    async def press(self, test_id: str) -> None:
        """Click it, once it is there."""
        await self.by(test_id).click(timeout=PATIENCE_MS)

    async def sees(self, test_id: str, text: str | None = None) -> None:
        """Wait until it is visible, and holds `text`."""
        await expect(self.by(test_id)).to_be_visible(timeout=PATIENCE_MS)
        if text is not None:
            await expect(self.by(test_id)).to_contain_text(text, timeout=PATIENCE_MS)

    async def sees_problem(self, problem: str) -> None:
        """Wait for the card of this problem."""
        await expect(self.by("problem")).to_have_attribute("data-problem", problem, timeout=PATIENCE_MS)

    async def is_in_call(self, people: int) -> None:
        """Wait until the call runs and counts so many people."""
        await expect(self.by("call")).to_have_attribute("data-state", "connected", timeout=PATIENCE_MS)
        await expect(self.by("participant-count")).to_have_text(str(people), timeout=PATIENCE_MS)

    def tile(self, identity: str) -> Locator:
        """Return the tile of a person."""
        return self.page.locator(f'[data-testid="tile"][data-identity="{identity}"]')

    async def tile_is(self, identity: str, attribute: str, value: str) -> None:
        """Wait until the tile says so, e.g. `muted`, `true`."""
        await expect(self.tile(identity)).to_have_attribute(f"data-{attribute}", value, timeout=PATIENCE_MS)

    async def tile_plays(self, identity: str) -> tuple[int, float, tuple[int, int, int]]:
        """Wait for the picture of a person; return its width, how much of one second it played, and its colour."""
        await self.tile_is(identity, "state", "video")
        await self.tile_is(identity, "playing", "true")
        video = self.tile(identity).locator("video")
        red, green, blue = await video.evaluate(_COLOUR)
        return await video.evaluate("v => v.videoWidth"), await video.evaluate(_PLAYED), (red, green, blue)

    async def overflow(self) -> int:
        """Return by how many CSS pixels the page is wider than the window."""
        return int(await self.page.evaluate(_OVERFLOW))
