"""Real media for real clients: a tone and a moving picture to publish, and measures of what arrives."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import numpy as np
from livekit import rtc

T = TypeVar("T")
SAMPLE_RATE = 48_000
WIDTH, HEIGHT = 640, 360


class Tone:
    """A microphone that hums: a sine of `frequency` Hz."""

    def __init__(self, frequency: float) -> None:
        self.frequency = frequency
        self.source = rtc.AudioSource(SAMPLE_RATE, 1, queue_size_ms=200)
        self.track = rtc.LocalAudioTrack.create_audio_track("tone", self.source)
        self.options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)

    async def play(self) -> None:
        """Feed the source until cancelled; `capture_frame` paces it."""
        samples = SAMPLE_RATE // 50
        at = 0
        while True:
            phase = 2 * np.pi * self.frequency * (np.arange(samples) + at) / SAMPLE_RATE
            pcm = (np.sin(phase) * 8000).astype(np.int16)
            await self.source.capture_frame(rtc.AudioFrame(pcm.tobytes(), SAMPLE_RATE, 1, samples))
            at += samples


class Picture:
    """A camera that shows one colour with a grey bar moving over it."""

    def __init__(self, colour: tuple[int, int, int], fps: int = 20) -> None:
        self.colour, self.fps = colour, fps
        self.source = rtc.VideoSource(WIDTH, HEIGHT)
        self.track = rtc.LocalVideoTrack.create_video_track("picture", self.source)
        self.options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_CAMERA)

    async def play(self) -> None:
        """Feed the source until cancelled."""
        base = np.empty((HEIGHT, WIDTH, 4), np.uint8)
        base[:, :] = (*self.colour, 255)
        at = 0
        while True:
            frame = base.copy()
            left = at * 8 % WIDTH
            frame[: HEIGHT // 6, left : left + 40] = (128, 128, 128, 255)
            self.source.capture_frame(rtc.VideoFrame(WIDTH, HEIGHT, rtc.VideoBufferType.RGBA, frame.tobytes()))
            at += 1
            await asyncio.sleep(1 / self.fps)


@contextlib.asynccontextmanager
async def playing(*sources: Tone | Picture) -> AsyncIterator[None]:
    """Feed these sources while the block runs."""
    tasks = [asyncio.ensure_future(source.play()) for source in sources]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def publish(room: rtc.Room, *sources: Tone | Picture) -> list[rtc.LocalTrackPublication]:
    """Publish these sources."""
    return [await room.local_participant.publish_track(source.track, source.options) for source in sources]


async def until(condition: Callable[[], object], what: str, seconds: float = 15.0) -> None:
    """Wait until `condition` is true; fail with `what` after `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"not within {seconds} s: {what}") from None


async def within(seconds: float, what: str, work: Awaitable[T]) -> T:
    """Await `work`; fail with `what` after `seconds`."""
    try:
        return await asyncio.wait_for(work, seconds)
    except TimeoutError:
        raise AssertionError(f"not within {seconds} s: {what}") from None


async def heard_frequency(track: rtc.Track) -> float:
    """Return the strongest frequency (Hz) in half a second of a remote audio track, once it is loud."""
    stream = rtc.AudioStream(track, sample_rate=SAMPLE_RATE, num_channels=1)
    collected = np.empty(0, np.float64)
    try:
        async for event in stream:
            pcm = np.frombuffer(event.frame.data, np.int16).astype(np.float64)
            if not len(collected) and np.sqrt(np.mean(pcm**2)) < 1000:
                continue
            collected = np.concatenate([collected, pcm])
            if len(collected) >= SAMPLE_RATE // 2:
                break
    finally:
        await stream.aclose()
    spectrum = np.abs(np.fft.rfft(collected * np.hanning(len(collected))))
    return float(np.argmax(spectrum) * SAMPLE_RATE / len(collected))


async def seen_picture(track: rtc.Track, frames: int = 10) -> tuple[tuple[int, int, int], int]:
    """Return the mean colour of the lower half of the last of `frames` frames, and its width in pixels."""
    stream = rtc.VideoStream(track, format=rtc.VideoBufferType.RGBA)
    seen = 0
    try:
        async for event in stream:
            seen += 1
            if seen < frames:
                continue
            frame = event.frame
            pixels = np.frombuffer(frame.data, np.uint8).reshape(frame.height, frame.width, 4)
            red, green, blue = pixels[frame.height // 2 :, :, :3].reshape(-1, 3).mean(axis=0)
            return (round(red), round(green), round(blue)), frame.width
    finally:
        await stream.aclose()
    raise AssertionError("the video track ended")


def is_near(colour: tuple[int, int, int], wanted: tuple[int, int, int], distance: int = 25) -> bool:
    """Tell whether two colours are alike: video coding moves them a little."""
    return all(abs(got - want) <= distance for got, want in zip(colour, wanted, strict=True))
