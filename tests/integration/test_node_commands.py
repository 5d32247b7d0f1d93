"""Signed commands over a node's real HTTP port, with clients in the call, and what strangers get there."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from livekit.protocol import models, rtc

from chalicelib.contract.grants import Source
from chalicelib.contract.ids import AppId, MeetingId, NodeId, SessionId, uuid7
from chalicelib.contract.node_commands import (
    COMMAND_SECONDS,
    MAX_COMMAND_BYTES,
    Command,
    CommandClaims,
    EndSession,
    GrantsPatch,
    ListPeers,
    PeerSelector,
    PerformRpc,
    RemovePeers,
    UpdatePeers,
    UpdateRoom,
)
from chalicelib.contract.node_messages import EventType, LeaveReason
from chalicelib.services.tokens import TokenSigner
from media_node.node import Node
from tests.fakes.control_plane import FakeControlPlane, fake_control_plane, until
from tests.integration.test_node_signalling import calling, running_node

SIGNER = TokenSigner(bytes(range(32)))
EVERYBODY, ADA = PeerSelector(everybody=True), PeerSelector(identities=("ada",))


@pytest.fixture
async def control_plane() -> AsyncIterator[FakeControlPlane]:
    async with fake_control_plane() as fake:
        fake.signing_keys = (SIGNER.signing_key,)
        yield fake


@pytest.fixture
async def node(control_plane: FakeControlPlane) -> AsyncIterator[Node]:
    async with running_node(control_plane) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


class Commander:
    """Signs commands for the one session of the fake control plane, and posts them."""

    def __init__(self, http: aiohttp.ClientSession, node: Node, control_plane: FakeControlPlane) -> None:
        self.http, self.node, self.control_plane = http, node, control_plane

    def signed(self, command: Command, **changes: Any) -> bytes:
        now = int(time.time())
        fields: dict[str, Any] = {
            "node_id": NodeId(self.node.node_id),
            "app_id": AppId("a"),
            "meeting_id": MeetingId("m"),
            "session_id": self.control_plane.session_id,
            "epoch": self.control_plane.epoch,
            "jti": secrets.token_hex(8),
            "issued_at": now,
            "expires_at": now + COMMAND_SECONDS,
            "command": command,
        }
        return SIGNER.sign_command(CommandClaims(**{**fields, **changes})).encode()

    async def post(self, token: bytes) -> tuple[int, dict[str, Any]]:
        async with self.http.post(f"http://127.0.0.1:{self.node.http_port}/commands", data=token) as answer:
            return answer.status, await answer.json()

    async def does(self, **command: Any) -> dict[str, Any]:
        status, body = await self.post(self.signed(Command(**command)))
        assert status == 200, body
        data: dict[str, Any] = body["data"]
        return data

    async def refused(self, token: bytes) -> tuple[int, str]:
        status, body = await self.post(token)
        return status, body["error"]["id"]


@pytest.fixture
def commander(http: aiohttp.ClientSession, node: Node, control_plane: FakeControlPlane) -> Commander:
    return Commander(http, node, control_plane)


async def test_a_kicked_client_is_told_and_reported(
    commander: Commander, http: aiohttp.ClientSession, node: Node, control_plane: FakeControlPlane
) -> None:
    async with calling(http, node, "ada") as ada, calling(http, node, "bob") as bob:
        await ada.hears("join")
        await bob.hears("join")
        answer = await commander.does(remove_peers=RemovePeers(ADA))
        assert [peer["identity"] for peer in answer["peers"]] == ["ada"]
        assert (await ada.hears("leave")).leave.reason == models.DisconnectReason.PARTICIPANT_REMOVED
        await until(lambda: control_plane.events, "the report")
        assert (control_plane.events[0].type, control_plane.events[0].reason) == (
            EventType.PEER_LEFT,
            LeaveReason.KICKED,
        )
        listed = await commander.does(list_peers=ListPeers(EVERYBODY))
        assert [peer["identity"] for peer in listed["peers"]] == ["bob"]


async def test_the_metadata_of_the_room_is_told(commander: Commander, http: aiohttp.ClientSession, node: Node) -> None:
    async with calling(http, node, "ada") as ada:
        await ada.hears("join")
        await commander.does(update_room=UpdateRoom("release"))
        assert (await ada.hears("room_update")).room_update.room.metadata == "release"


async def test_permissions_hold_through_an_empty_moment(
    commander: Commander, http: aiohttp.ClientSession, node: Node
) -> None:
    async with calling(http, node, "ada") as ada:
        await ada.hears("join")
        await commander.does(update_peers=UpdatePeers(ADA, GrantsPatch(publish_sources=(Source.CAMERA,))))
        await ada.says(leave=rtc.LeaveRequest())
    await until(lambda: not node._sessions, "the empty session to be dropped")
    async with calling(http, node, "ada") as ada:
        permission = (await ada.hears("join")).join.participant.permission
        assert list(permission.can_publish_sources) == [models.TrackSource.CAMERA]


async def test_a_join_to_a_session_that_was_just_ended_waits_for_the_next_one(
    commander: Commander, http: aiohttp.ClientSession, node: Node, control_plane: FakeControlPlane
) -> None:
    async with calling(http, node, "ada") as ada:
        await ada.hears("join")
        await commander.does(end_session=EndSession())
        assert (await ada.hears("leave")).leave.reason == models.DisconnectReason.ROOM_DELETED

    async def write_it_down() -> None:
        await asyncio.sleep(0.5)
        control_plane.session_id, control_plane.epoch = SessionId(uuid7(1, secrets.token_bytes(10))), 2

    writing = asyncio.ensure_future(write_it_down())
    async with calling(http, node, "ada") as again:
        joined = await again.hears("join")
        assert writing.done()
        assert joined.join.room.sid == "RM_" + control_plane.session_id.replace("-", "")


async def test_where_nobody_is_nobody_is_found(commander: Commander) -> None:
    assert (await commander.does(list_peers=ListPeers(EVERYBODY))).get("peers") == []
    assert (await commander.does(end_session=EndSession())).get("peers") == []
    for command in (Command(remove_peers=RemovePeers(ADA)), Command(perform_rpc=PerformRpc("ada", "m", "", 100))):
        assert await commander.refused(commander.signed(command)) == (404, "participant_not_found")


async def test_what_is_not_for_this_node_now_and_once_is_refused_and_counted(
    commander: Commander, http: aiohttp.ClientSession, node: Node
) -> None:
    command = Command(list_peers=ListPeers(EVERYBODY))
    once = commander.signed(command)
    async with calling(http, node, "ada") as ada:
        await ada.hears("join")
        assert (await commander.post(once))[0] == 200
        now = int(time.time())
        for token in (
            b"",
            b"not a token",
            once,
            commander.signed(command, node_id=NodeId("nd_other000")),
            commander.signed(command, issued_at=now - 60, expires_at=now - 30),
            b"a.b.c",
        ):
            assert await commander.refused(token) == (401, "credential_invalid")
        assert await commander.refused(commander.signed(command, epoch=7)) == (409, "stale_epoch")
    async with http.get(f"http://127.0.0.1:{node.http_port}/metrics") as answer:
        metrics = dict(line.rsplit(" ", 1) for line in (await answer.text()).splitlines() if line[0] != "#")
    counted = {name: metrics[f"parley_commands_{name}_total"] for name in ("carried_out", "refused", "refused_stale")}
    assert counted == {"carried_out": "1", "refused": "7", "refused_stale": "1"}


async def test_what_is_too_long_or_another_method_is_refused(
    commander: Commander, http: aiohttp.ClientSession, node: Node
) -> None:
    assert await commander.refused(b"x" * (MAX_COMMAND_BYTES + 1)) == (413, "body_too_large")
    async with http.get(f"http://127.0.0.1:{node.http_port}/commands") as answer:
        assert answer.status == 405
