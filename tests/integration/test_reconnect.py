"""A real client whose connection breaks comes back by itself, and so do its tracks."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from livekit import rtc

from media_node.config import NodeConfig
from media_node.node import Node
from tests.fakes.control_plane import SECRET, FakeControlPlane, fake_control_plane
from tests.integration.live_media import Tone, heard_frequency, playing, publish, until, within


@pytest.fixture
async def control_plane() -> AsyncIterator[FakeControlPlane]:
    async with fake_control_plane() as fake:
        yield fake


@pytest.fixture
async def node(control_plane: FakeControlPlane) -> AsyncIterator[Node]:
    node = Node(NodeConfig(SECRET, control_plane.url, "http://127.0.0.1:1", port=0, media_port=0))
    await node.start()
    await until(node.healthy, "the node to be registered")
    yield node
    await node.stop()


def audio_of(room: rtc.Room, identity: str) -> rtc.Track | None:
    participant = room.remote_participants.get(identity)
    publications = participant.track_publications.values() if participant else ()
    return next((each.track for each in publications if each.track is not None), None)


@pytest.mark.parametrize("broken", ["socket", "media"])
async def test_a_broken_connection_is_made_anew_and_the_sound_comes_back(
    node: Node, control_plane: FakeControlPlane, broken: str
) -> None:
    ada, bob, tone = rtc.Room(), rtc.Room(), Tone(440)
    url = f"ws://127.0.0.1:{node.http_port}"
    await ada.connect(url, "ada")
    await bob.connect(url, "bob")
    async with playing(tone):
        await publish(ada, tone)
        await until(lambda: audio_of(bob, "ada"), "ada's sound")
        (session,) = node._sessions.values()
        (peer,) = [each for each in session.peers.values() if session.room.peers[each.peer_id].identity == "ada"]
        back: list[bool] = []
        ada.on("reconnected", lambda: back.append(True))
        if broken == "socket":
            peer._socket.close(1011, "test")
        else:
            peer._transport.close("consent_expired")
        await until(lambda: back, "ada to be back", 20)
        await until(lambda: audio_of(bob, "ada"), "ada's sound again", 20)
        track = audio_of(bob, "ada")
        assert track is not None
        assert abs(await within(15, "sound", heard_frequency(track)) - 440) <= 4
        assert list(bob.remote_participants) == ["ada"]
    await ada.disconnect()
    await bob.disconnect()
    await asyncio.sleep(0)
