"""A whole node behind its sockets: what clients, strangers and other nodes get, over real HTTP and WebSockets."""

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest
from livekit.protocol import models, rtc

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import NodeId
from chalicelib.contract.node_messages import EventType, LeaveReason, OwnedElsewhere
from media_node.config import NodeConfig
from media_node.node import Node, PortInUse
from media_node.signalling import ws_server
from tests.fakes.calls import microphone
from tests.fakes.control_plane import SECRET, FakeControlPlane, fake_control_plane, until
from tests.fakes.offers import offer_of, placeholders


@pytest.fixture
async def control_plane() -> AsyncIterator[FakeControlPlane]:
    async with fake_control_plane() as fake:
        yield fake


@asynccontextmanager
async def running_node(control_plane: FakeControlPlane, max_connections: int = 100) -> AsyncIterator[Node]:
    config = NodeConfig(
        SECRET, control_plane.url, "http://127.0.0.1:1", port=0, media_port=0, max_connections=max_connections
    )
    node = Node(config)
    await node.start()
    try:
        await until(node.healthy, "the node to be registered")
        yield node
    finally:
        await node.stop()


@pytest.fixture
async def node(control_plane: FakeControlPlane) -> AsyncIterator[Node]:
    async with running_node(control_plane) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def join_request(**fields: object) -> str:
    settings = rtc.ConnectionSettings(auto_subscribe=True)
    inner = rtc.JoinRequest(connection_settings=settings, **fields)  # type: ignore[arg-type]
    wrapped = rtc.WrappedJoinRequest(join_request=inner.SerializeToString())
    return base64.urlsafe_b64encode(wrapped.SerializeToString()).decode()


class Caller:
    """A client's socket, and the messages it got."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws

    async def says(self, **message: object) -> None:
        await self.ws.send_bytes(rtc.SignalRequest(**message).SerializeToString())  # type: ignore[arg-type]

    async def hears(self, kind: str) -> rtc.SignalResponse:
        """The next message of this kind; others are skipped."""
        async with asyncio.timeout(5):
            async for frame in self.ws:
                message = rtc.SignalResponse.FromString(frame.data)
                if message.WhichOneof("message") == kind:
                    return message
        raise AssertionError(f"closed with {self.ws.close_code} before {kind}")

    async def is_closed(self) -> tuple[int | None, str]:
        async with asyncio.timeout(5):
            while True:
                frame = await self.ws.receive()
                if frame.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSING):
                    return self.ws.close_code, str(frame.extra or "")


@asynccontextmanager
async def calling(
    http: aiohttp.ClientSession, node: Node, token: str, request: str | None = None
) -> AsyncIterator[Caller]:
    query = {"access_token": token, "join_request": request or join_request()}
    url = f"http://127.0.0.1:{node.http_port}/rtc/v1"
    async with http.ws_connect(url, params=query) as ws:
        yield Caller(ws)


async def get(http: aiohttp.ClientSession, node: Node, path: str) -> tuple[int, str, Mapping[str, str]]:
    async with http.get(f"http://127.0.0.1:{node.http_port}{path}") as response:
        return response.status, await response.text(), response.headers


class TestCalls:
    async def test_a_client_joins_offers_publishes_and_leaves(
        self, node: Node, control_plane: FakeControlPlane, http: aiohttp.ClientSession
    ) -> None:
        async with calling(http, node, "ada") as ada, calling(http, node, "bob") as bob:
            assert (await ada.hears("join")).join.participant.identity == "ada"
            others = (await bob.hears("join")).join.other_participants
            assert [other.identity for other in others] == ["ada"]
            assert (await ada.hears("update")).update.participants[0].identity == "bob"
            await ada.says(offer=rtc.SessionDescription(type="offer", sdp=offer_of(*placeholders()), id=5))
            answer = (await ada.hears("answer")).answer
            assert (answer.id, answer.type) == (5, "answer")
            assert f" {node.media_port} typ host" in answer.sdp
            await ada.says(add_track=microphone())
            assert (await ada.hears("track_published")).track_published.cid == "mic"
            await ada.says(ping_req=rtc.Ping(timestamp=77))
            assert (await ada.hears("pong_resp")).pong_resp.last_ping_timestamp == 77
            await ada.says(leave=rtc.LeaveRequest())
            assert (await ada.is_closed())[0] == aiohttp.WSCloseCode.OK
            gone = (await bob.hears("update")).update.participants[0]
            assert (gone.identity, gone.state) == ("ada", models.ParticipantInfo.DISCONNECTED)
        await until(lambda: len(control_plane.events) == 2, "both to be reported")
        assert [event.type for event in control_plane.events] == [EventType.PEER_LEFT] * 2
        assert [event.seq for event in control_plane.events] == [1, 2]
        assert {event.reason for event in control_plane.events} == {LeaveReason.JOIN_ABORTED}

    async def test_a_resume_is_answered_with_a_full_reconnect_and_admits_nobody(
        self, node: Node, control_plane: FakeControlPlane, http: aiohttp.ClientSession
    ) -> None:
        async with calling(http, node, "ada", join_request(reconnect=True, participant_sid="PA_old")) as ada:
            leave = (await ada.hears("leave")).leave
        assert leave.action == rtc.LeaveRequest.RECONNECT
        assert leave.reason == models.DisconnectReason.STATE_MISMATCH
        assert control_plane.admissions == []

    @pytest.mark.parametrize("frame", [b"\xff\xff\xff\xff", "hello", b"x" * 300_000])
    async def test_garbage_closes_its_own_connection_only(
        self, node: Node, http: aiohttp.ClientSession, frame: bytes | str
    ) -> None:
        async with calling(http, node, "ada") as ada, calling(http, node, "eve") as eve:
            await eve.hears("join")
            await (eve.ws.send_str(frame) if isinstance(frame, str) else eve.ws.send_bytes(frame))
            code, reason = await eve.is_closed()
            assert code in (aiohttp.WSCloseCode.POLICY_VIOLATION, aiohttp.WSCloseCode.MESSAGE_TOO_BIG)
            assert reason in ("bad_message", "text_not_supported") or code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
            await ada.says(ping_req=rtc.Ping(timestamp=1))
            await ada.hears("pong_resp")

    async def test_a_fenced_session_sends_its_clients_away_and_says_no_more(
        self, node: Node, control_plane: FakeControlPlane, http: aiohttp.ClientSession
    ) -> None:
        async with calling(http, node, "ada") as ada, calling(http, node, "bob") as bob:
            await ada.hears("join")
            await bob.hears("join")
            control_plane.fence_next_event = True
            await bob.says(leave=rtc.LeaveRequest())
            assert (await ada.hears("leave")).leave.action == rtc.LeaveRequest.RECONNECT
        await asyncio.sleep(0.2)
        assert control_plane.events == []

    async def test_a_node_that_is_taken_for_dead_lets_go_and_comes_back_under_another_name(
        self, node: Node, control_plane: FakeControlPlane, http: aiohttp.ClientSession
    ) -> None:
        before = node.node_id
        async with calling(http, node, "ada") as ada:
            await ada.hears("join")
            control_plane.forget_nodes()
            assert (await ada.hears("leave")).leave.action == rtc.LeaveRequest.RECONNECT
        await until(lambda: control_plane.nodes, "the node to register again")
        assert list(control_plane.nodes) == [node.node_id]
        assert node.node_id != before

    async def test_calls_go_on_while_the_control_plane_is_away(
        self, node: Node, control_plane: FakeControlPlane, http: aiohttp.ClientSession
    ) -> None:
        async with calling(http, node, "ada") as ada, calling(http, node, "bob") as bob:
            await ada.hears("join")
            await bob.hears("join")
            control_plane.fail_next = [502] * 6
            await bob.says(leave=rtc.LeaveRequest())
            await until(lambda: not control_plane.fail_next, "the outage to pass", 10)
            await ada.says(ping_req=rtc.Ping(timestamp=1))
            await ada.hears("pong_resp")
            await until(lambda: control_plane.events, "the event to arrive after all", 10)

    async def test_stopping_sends_clients_elsewhere_reports_them_and_deregisters(
        self, control_plane: FakeControlPlane, http: aiohttp.ClientSession
    ) -> None:
        async with running_node(control_plane) as node, calling(http, node, "ada") as ada:
            await ada.hears("join")
            stopping = asyncio.create_task(node.stop())
            leave = (await ada.hears("leave")).leave
            assert leave.reason == models.DisconnectReason.SERVER_SHUTDOWN
            assert leave.action == rtc.LeaveRequest.RECONNECT
            async with asyncio.timeout(5):
                await stopping
        assert [event.reason for event in control_plane.events] == [LeaveReason.NODE_SHUTDOWN]
        assert control_plane.gone == [node.node_id]


class TestRefusals:
    @pytest.mark.parametrize(
        ("path", "status", "error"),
        [
            ("/rtc/v1", 400, ErrorId.INVALID_FIELD),
            ("/rtc/v1/validate", 401, ErrorId.TOKEN_MISSING),
            (f"/rtc/validate?access_token={'x' * 9000}", 401, ErrorId.TOKEN_INVALID),
            ("/nothing", 404, ErrorId.ROUTE_NOT_FOUND),
        ],
    )
    async def test_bad_requests_get_the_envelope(
        self, node: Node, http: aiohttp.ClientSession, path: str, status: int, error: ErrorId
    ) -> None:
        got, body, headers = await get(http, node, path)
        assert got == status
        assert f'"id": "{error.id}"' in body
        assert headers["Access-Control-Allow-Origin"] == "*"

    @pytest.mark.parametrize(
        ("token", "request_", "status", "error"),
        [
            ("bad", None, 401, ErrorId.TOKEN_INVALID),
            ("", None, 401, ErrorId.TOKEN_MISSING),
            ("ada", "%%%", 400, ErrorId.INVALID_FIELD),
        ],
    )
    async def test_a_socket_is_refused_before_the_upgrade(
        self, node: Node, http: aiohttp.ClientSession, token: str, request_: str | None, status: int, error: ErrorId
    ) -> None:
        with pytest.raises(aiohttp.WSServerHandshakeError) as raised:
            async with calling(http, node, token, request_):
                pass
        assert raised.value.status == status
        assert raised.value.headers is not None
        assert raised.value.headers[ws_server.ERROR_ID] == error.id

    async def test_validation_says_what_a_join_would_get_and_admits_nobody(
        self, node: Node, control_plane: FakeControlPlane, http: aiohttp.ClientSession
    ) -> None:
        assert (await get(http, node, "/rtc/v1/validate?access_token=ada"))[:2] == (200, "success")
        status, body, _ = await get(http, node, "/rtc/v1/validate?access_token=bad")
        assert status == 401
        assert "this token is not good" in body
        assert all(request.check_only for request in control_plane.admissions)

    async def test_dual_peer_connection_clients_are_told_what_to_do(
        self, node: Node, http: aiohttp.ClientSession
    ) -> None:
        status, body, _ = await get(http, node, "/rtc?access_token=ada")
        assert status == 501
        assert "single peer connection" in body

    async def test_a_control_plane_that_is_away_is_named(
        self, node: Node, control_plane: FakeControlPlane, http: aiohttp.ClientSession
    ) -> None:
        control_plane.fail_next = [503] * 20
        with pytest.raises(aiohttp.WSServerHandshakeError) as raised:
            async with calling(http, node, "ada"):
                pass
        assert raised.value.status == 503
        control_plane.fail_next = []
        await until(lambda: control_plane.events, "the unclear admission to be found out")
        assert control_plane.events[0].reason is LeaveReason.JOIN_ABORTED

    async def test_health_and_metrics(self, node: Node, http: aiohttp.ClientSession) -> None:
        status, body, _ = await get(http, node, "/healthz")
        assert (status, node.node_id in body) == (200, True)
        async with calling(http, node, "ada") as ada:
            await ada.hears("join")
            _, text, _ = await get(http, node, "/metrics")
        lines = text.splitlines()
        assert "parley_peers 1" in lines
        assert "parley_transport_rtp_out_total 0" in lines
        assert any(line.startswith("process_cpu_seconds_total ") for line in lines)


class TestStrangers:
    async def test_who_says_nothing_is_closed(
        self, control_plane: FakeControlPlane, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ws_server, "FIRST_REQUEST_S", 0.2)
        async with running_node(control_plane) as node:
            reader, writer = await asyncio.open_connection("127.0.0.1", node.http_port)
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            async with asyncio.timeout(3):
                with suppress(ConnectionResetError):
                    assert await reader.read() == b""
            writer.close()

    async def test_connections_are_bounded_and_places_are_given_back(
        self, control_plane: FakeControlPlane, http: aiohttp.ClientSession
    ) -> None:
        async with running_node(control_plane, max_connections=2) as node:
            held = [await asyncio.open_connection("127.0.0.1", node.http_port) for _ in range(2)]
            with pytest.raises(aiohttp.ClientError):
                await get(http, node, "/healthz")
            for _, writer in held:
                writer.close()
                await writer.wait_closed()
            await asyncio.sleep(0.05)
            assert (await get(http, node, "/healthz"))[0] == 200


class TestRelay:
    @pytest.fixture
    async def pair(self, control_plane: FakeControlPlane) -> AsyncIterator[tuple[Node, Node]]:
        """An edge node, whose control plane says that the other node owns the session."""
        async with fake_control_plane() as edge_plane, running_node(control_plane) as owner:
            edge_plane.owned_elsewhere = OwnedElsewhere(NodeId("nd_owner000"), f"http://127.0.0.1:{owner.http_port}")
            async with running_node(edge_plane) as edge:
                yield edge, owner

    async def test_a_socket_is_carried_to_the_owner_both_ways(
        self, pair: tuple[Node, Node], control_plane: FakeControlPlane, http: aiohttp.ClientSession
    ) -> None:
        edge, owner = pair
        async with calling(http, edge, "ada") as ada:
            assert (await ada.hears("join")).join.server_info.node_id == owner.node_id
            await ada.says(ping_req=rtc.Ping(timestamp=3))
            assert (await ada.hears("pong_resp")).pong_resp.last_ping_timestamp == 3
            await ada.says(leave=rtc.LeaveRequest())
            assert (await ada.is_closed())[0] == aiohttp.WSCloseCode.OK
        await until(lambda: control_plane.events, "the leave to be reported")

    async def test_a_client_that_vanishes_is_gone_at_the_owner_too(
        self, pair: tuple[Node, Node], control_plane: FakeControlPlane, http: aiohttp.ClientSession
    ) -> None:
        edge, _ = pair
        async with calling(http, edge, "ada") as ada:
            await ada.hears("join")
        await until(lambda: control_plane.events, "the leave to be reported")

    async def test_two_nodes_never_send_a_socket_back_and_forth(
        self, control_plane: FakeControlPlane, http: aiohttp.ClientSession, node: Node
    ) -> None:
        control_plane.owned_elsewhere = OwnedElsewhere(NodeId("nd_self0000"), f"http://127.0.0.1:{node.http_port}")
        with pytest.raises(aiohttp.WSServerHandshakeError) as raised:
            async with calling(http, node, "ada"):
                pass
        assert raised.value.status == 503
        assert len(control_plane.admissions) == 2

    async def test_an_owner_that_does_not_answer_is_no_reason_to_hang(
        self, control_plane: FakeControlPlane, http: aiohttp.ClientSession, node: Node
    ) -> None:
        control_plane.owned_elsewhere = OwnedElsewhere(NodeId("nd_dead0000"), "http://127.0.0.1:1")
        with pytest.raises(aiohttp.WSServerHandshakeError) as raised:
            async with calling(http, node, "ada"):
                pass
        assert raised.value.status == 503


async def test_a_port_in_use_is_named(control_plane: FakeControlPlane, node: Node) -> None:
    for taken, text in (
        ({"port": node.http_port, "media_port": 0}, "PARLEY_NODE_PORT"),
        ({"port": 0, "media_port": node.media_port}, "PARLEY_MEDIA_PORT"),
    ):
        second = Node(NodeConfig(SECRET, control_plane.url, "http://127.0.0.1:1", **taken))
        with pytest.raises(PortInUse, match=text):
            await second.start()


async def test_a_wrong_secret_is_tried_again_and_never_healthy(control_plane: FakeControlPlane) -> None:
    node = Node(NodeConfig("wrong", control_plane.url, "http://127.0.0.1:1", port=0, media_port=0))
    await node.start()
    try:
        await asyncio.sleep(0.3)
        assert not node.healthy()
        with pytest.raises(ParleyError):
            await node.admit("ada")
    finally:
        await node.stop()
