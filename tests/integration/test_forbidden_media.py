"""A client that ignores every refusal and sends video all the same: nobody gets it."""

import asyncio
import struct

import aiohttp
from aiortc.rtcdtlstransport import RTCCertificate
from livekit import rtc

from bench.load_client import SSRC, LoadClient
from tests.integration.callers import Backend, joined
from tests.integration.live_media import until


def video_packet(seq: int) -> bytes:
    """Return an RTP packet that begins a VP8 key frame."""
    return struct.pack("!BBHII", 0x80, 96, seq, seq * 3000, SSRC) + b"\x10\x00" + bytes(200)


async def send_video(client: LoadClient, first: int, packets: int) -> None:
    for seq in range(first, first + packets):
        client.sock.send(client.protect(video_packet(seq)))
        await asyncio.sleep(0.005)


async def test_video_of_a_preset_without_video_goes_nowhere(backend: Backend) -> None:
    meeting = backend.meeting("forbidden")
    certificate = RTCCertificate.generateCertificate()
    url = backend.env["PARLEY_URL"]
    seen: list[object] = []
    async with joined(backend, meeting, "bob") as bob, aiohttp.ClientSession() as session:
        bob.on("track_published", lambda publication, participant: seen.append(participant.identity))
        rebel = LoadClient(url, backend.token(meeting, "rebel", "audio_room_host"), certificate)
        allowed = LoadClient(url, backend.token(meeting, "honest"), certificate)
        try:
            await rebel.connect(session, publishes=True)
            await until(lambda: "rebel" in bob.remote_participants, "the rebel to be seen")
            await send_video(rebel, 1, 100)
            # The same client with a preset that allows it, as proof that the test could fail.
            await allowed.connect(session, publishes=True)
            await send_video(allowed, 1, 100)
            await until(lambda: seen == ["honest"], "the allowed video")
            assert not bob.remote_participants["rebel"].track_publications
            video = bob.remote_participants["honest"].track_publications.values()
            assert [publication.kind for publication in video] == [rtc.TrackKind.KIND_VIDEO]
        finally:
            await rebel.close()
            await allowed.close()
