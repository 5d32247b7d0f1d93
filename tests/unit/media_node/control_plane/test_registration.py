"""A node keeps its place in the fleet, and gives everything up only when it is told that it lost it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import cast

import pytest

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import NodeId
from chalicelib.contract.node_messages import Heartbeat, HeartbeatAccepted, NodeRegistered, RegisterNode
from media_node.control_plane.client import ControlPlaneClient
from media_node.control_plane.registration import NodeFacts, Registration

DOWN = ParleyError(ErrorId.CONTROL_PLANE_UNREACHABLE, "down")


class FakeClient:
    """The two calls that a registration lives on; `errors` come first."""

    def __init__(self) -> None:
        self.registered: list[NodeId] = []
        self.beats: list[str] = []
        self.register_errors: list[ParleyError] = []
        self.beat_errors: list[ParleyError] = []
        self.next_token: str | None = None

    async def register(self, secret: str, node: RegisterNode) -> NodeRegistered:
        await asyncio.sleep(0)
        if self.register_errors:
            raise self.register_errors.pop(0)
        self.registered.append(node.node_id)
        return NodeRegistered(f"token-{len(self.registered)}", 1000, 5000, ())

    async def heartbeat(self, token: str, node_id: NodeId, beat: Heartbeat) -> HeartbeatAccepted:
        await asyncio.sleep(0)
        self.beats.append(token)
        if self.beat_errors:
            raise self.beat_errors.pop(0)
        return HeartbeatAccepted(5000, self.next_token)


class Fleet:
    """A registration, its far end, and how often it slept and was fenced."""

    def __init__(self) -> None:
        self.client = FakeClient()
        self.fenced = 0
        self.slept: list[float] = []
        self.ids = iter(NodeId(f"nd_{number:08}") for number in range(100))
        self.registration = Registration(
            cast(ControlPlaneClient, self.client),
            NodeFacts("secret", "http://node", "0.1.0"),
            lambda: next(self.ids),
            lambda: Heartbeat(0, 0),
            self.fence,
            lambda: 0.5,
            self.sleep,
        )

    def fence(self) -> None:
        self.fenced += 1

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)

    async def beats(self, count: int) -> None:
        """Wait for so many heartbeats in all."""
        async with asyncio.timeout(5):
            while len(self.client.beats) < count:
                await asyncio.sleep(0)


@asynccontextmanager
async def running() -> AsyncIterator[Fleet]:
    fleet = Fleet()
    task = asyncio.create_task(fleet.registration.run())
    try:
        yield fleet
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_it_registers_once_and_then_beats_a_little_before_it_is_due() -> None:
    async with running() as fleet:
        await fleet.beats(3)
        assert fleet.client.registered == ["nd_00000000"]
        assert set(fleet.slept) == {0.95}


async def test_registering_is_repeated_until_it_works() -> None:
    async with running() as fleet:
        fleet.client.register_errors = [DOWN] * 3
        assert not fleet.registration.registered
        with pytest.raises(ParleyError):
            fleet.registration.token()
        await fleet.beats(1)
        assert fleet.slept[:3] == sorted(fleet.slept[:3])


async def test_a_control_plane_that_is_away_changes_nothing() -> None:
    async with running() as fleet:
        fleet.client.beat_errors = [DOWN] * 20
        await fleet.beats(25)
        assert (fleet.fenced, len(fleet.client.registered)) == (0, 1)
        assert fleet.registration.failed_heartbeats == 20


async def test_a_new_token_is_used_from_then_on() -> None:
    async with running() as fleet:
        fleet.client.next_token = "renewed"
        await fleet.beats(2)
        assert fleet.client.beats[:2] == ["token-1", "renewed"]


async def test_being_taken_for_dead_gives_everything_up_and_begins_under_a_new_id() -> None:
    async with running() as fleet:
        fleet.client.beat_errors = [ParleyError(ErrorId.NODE_NOT_REGISTERED, "gone")]
        await fleet.beats(3)
        assert fleet.fenced == 1
        assert fleet.client.registered == ["nd_00000000", "nd_00000001"]


async def test_a_refused_credential_is_renewed_under_the_same_id_and_nothing_is_given_up() -> None:
    async with running() as fleet:
        fleet.client.beat_errors = [ParleyError(ErrorId.TOKEN_EXPIRED, "old")]
        await fleet.beats(3)
        assert fleet.fenced == 0
        assert fleet.client.registered == ["nd_00000000", "nd_00000000"]


async def test_a_node_given_up_while_its_token_had_expired_starts_over() -> None:
    async with running() as fleet:
        await fleet.beats(1)
        fleet.client.register_errors = [ParleyError(ErrorId.ALREADY_EXISTS, "given up")]
        fleet.client.beat_errors = [ParleyError(ErrorId.CREDENTIAL_INVALID, "expired")]
        await fleet.beats(3)
        assert fleet.fenced == 1
        assert fleet.client.registered == ["nd_00000000", "nd_00000001"]
