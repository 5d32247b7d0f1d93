"""A call to a client's method ends with its answer, its absence or its silence, whatever others send."""

import asyncio

from livekit.protocol import models

from chalicelib.contract.ids import PeerId
from chalicelib.contract.node_commands import PerformRpc, RpcAnswer
from media_node.room import rpc
from media_node.rpc_calls import RpcCalls

ADA, BOB = PeerId("ada-1"), PeerId("bob-1")
ORDER = PerformRpc("ada", "double", "ab", 2_000)


class Client:
    """Keeps what it was sent; `reachable` says whether it can be."""

    def __init__(self) -> None:
        self.asked: list[models.DataPacket] = []
        self.reachable = True
        self.calls = RpcCalls(self.send, lambda: "call-1")

    def send(self, peer_id: PeerId, message: bytes) -> bool:
        assert peer_id == ADA
        self.asked.append(models.DataPacket.FromString(message))
        return self.reachable

    async def called(self, order: PerformRpc = ORDER) -> "asyncio.Task[RpcAnswer]":
        task = asyncio.ensure_future(self.calls.call(ADA, order))
        await asyncio.sleep(0)
        return task


def answer(payload: str = "abab", call: str = "call-1", **error: object) -> bytes:
    response = models.RpcResponse(request_id=call)
    if error:
        response.error.CopyFrom(models.RpcError(**error))  # type: ignore[arg-type]
    else:
        response.payload = payload
    return models.DataPacket(rpc_response=response).SerializeToString()


async def test_the_client_is_asked_and_its_answer_returned() -> None:
    client = Client()
    task = await client.called()
    (packet,) = client.asked
    assert packet.participant_identity == rpc.SERVER_IDENTITY
    assert (packet.rpc_request.method, packet.rpc_request.payload, packet.rpc_request.version) == ("double", "ab", 1)
    acknowledged = models.DataPacket(rpc_ack=models.RpcAck(request_id="call-1")).SerializeToString()
    assert client.calls.take(ADA, acknowledged)
    assert client.calls.take(ADA, answer())
    assert await task == RpcAnswer("abab")
    assert not client.calls.take(ADA, answer())


async def test_an_error_of_the_method_is_its_answer() -> None:
    client = Client()
    task = await client.called()
    client.calls.take(ADA, answer(code=1500, message="no", data="d"))
    assert await task == RpcAnswer("", 1500, "no", "d")


async def test_others_and_other_packets_answer_nothing() -> None:
    client = Client()
    task = await client.called()
    user = models.DataPacket(user=models.UserPacket(payload=b"x")).SerializeToString()
    for sender, message in ((BOB, answer()), (ADA, answer(call="other")), (ADA, user), (ADA, b"\xff")):
        assert not client.calls.take(sender, message)
    client.calls.take(ADA, answer("right"))
    assert (await task).payload == "right"


async def test_silence_absence_and_a_leave_are_answers_too() -> None:
    client = Client()
    assert (await client.calls.call(ADA, PerformRpc("ada", "m", "", 1))).error_code == rpc.RESPONSE_TIMEOUT
    task = await client.called()
    client.calls.peer_left(BOB)
    client.calls.peer_left(ADA)
    assert (await task).error_code == rpc.RECIPIENT_DISCONNECTED
    client.reachable = False
    assert (await client.calls.call(ADA, ORDER)).error_code == rpc.SEND_FAILED
