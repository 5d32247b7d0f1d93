"""How long a user waits: token -> connected -> first remote video frame, with the `livekit` Python SDK.

    make run                                   # in another terminal
    source .parley/dev.env && python -m bench.join [--joins 20]

One participant publishes 640x360 video; each join is a new participant with a fresh client. Times are from the call of
`connect` to its return, and to the first decoded frame. The client's own set-up (libwebrtc, decoder) is part of them.
"""

import argparse
import asyncio
import os
import statistics
import sys
import time

import numpy as np
from cloudflare import AsyncCloudflare
from livekit import rtc

WIDTH, HEIGHT, FPS = 640, 360, 30


async def show_picture(source: rtc.VideoSource) -> None:
    """Feed a moving picture until cancelled."""
    frame = np.full((HEIGHT, WIDTH, 4), 90, np.uint8)
    at = 0
    while True:
        frame[:, at % WIDTH] = at % 251
        source.capture_frame(rtc.VideoFrame(WIDTH, HEIGHT, rtc.VideoBufferType.RGBA, frame.tobytes()))
        at += 1
        await asyncio.sleep(1 / FPS)


async def join(url: str, token: str) -> tuple[float, float]:
    """Join, see one frame, leave; return (connected, first frame) in ms."""
    room = rtc.Room()
    subscribed: asyncio.Future[rtc.Track] = asyncio.get_running_loop().create_future()

    def on_track(track: rtc.Track, *_: object) -> None:
        if track.kind == rtc.TrackKind.KIND_VIDEO and not subscribed.done():
            subscribed.set_result(track)

    room.on("track_subscribed", on_track)
    began = time.perf_counter()
    await room.connect(url, token)
    connected = time.perf_counter()
    stream = rtc.VideoStream(await asyncio.wait_for(subscribed, 15))
    await asyncio.wait_for(anext(aiter(stream)), 15)
    seen = time.perf_counter()
    await stream.aclose()
    await room.disconnect()
    return (connected - began) * 1000, (seen - began) * 1000


def line(name: str, times: list[float]) -> str:
    """Return one row of the result."""
    p95 = statistics.quantiles(times, n=20)[-1]
    return f"{name:24} p50 {statistics.median(times):6.0f} ms   p95 {p95:6.0f} ms   (min {min(times):.0f})"


async def run(joins: int) -> None:
    """Publish, join again and again, print."""
    account, app = os.environ["PARLEY_ACCOUNT_ID"], os.environ["PARLEY_APP_ID"]
    url = os.environ["LIVEKIT_URL"]
    async with AsyncCloudflare() as client:
        meetings = client.realtime_kit.meetings
        made = await meetings.create(app, account_id=account, title="bench")
        assert made.data is not None
        meeting = made.data.id

        async def token(identity: str) -> str:
            added = await meetings.add_participant(
                meeting, account_id=account, app_id=app, custom_participant_id=identity, preset_name="group_call_host"
            )
            assert added.data is not None
            return added.data.token

        publisher, source = rtc.Room(), rtc.VideoSource(WIDTH, HEIGHT)
        await publisher.connect(url, await token("publisher"))
        picture = asyncio.ensure_future(show_picture(source))
        track = rtc.LocalVideoTrack.create_video_track("picture", source)
        await publisher.local_participant.publish_track(
            track, rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_CAMERA)
        )
        await join(url, await token("warm-up"))
        times = [await join(url, await token(f"viewer-{number}")) for number in range(joins)]
        picture.cancel()
        await publisher.disconnect()
    print(line("connected", [connected for connected, _ in times]))
    print(line("first remote video frame", [seen for _, seen in times]))


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--joins", type=int, default=20)
    arguments = parser.parse_args()
    if "PARLEY_APP_ID" not in os.environ:
        sys.exit("bench.join: nothing to measure: run `make run`, then `source .parley/dev.env`")
    asyncio.run(run(arguments.joins))


if __name__ == "__main__":
    main()
