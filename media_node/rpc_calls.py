"""Calls of the control plane to methods of clients that wait for an answer: one table per session."""

import asyncio
from collections.abc import Callable

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import PeerId
from chalicelib.contract.node_commands import PerformRpc, RpcAnswer
from media_node.room import rpc

MAX_WAITING = 1_000


class RpcCalls:
    """`send` puts a reliable data packet on its way to a peer, and says whether it could."""

    def __init__(self, send: Callable[[PeerId, bytes], bool], new_id: Callable[[], str]) -> None:
        self._send = send
        self._new_id = new_id
        self._waiting: dict[str, tuple[PeerId, asyncio.Future[RpcAnswer]]] = {}

    async def call(self, peer_id: PeerId, order: PerformRpc) -> RpcAnswer:
        """Call a method and return what came of it, silence included. Raises ParleyError BUSY."""
        if len(self._waiting) >= MAX_WAITING:
            raise ParleyError(ErrorId.BUSY, "too many calls at a time")
        call_id = self._new_id()
        answered: asyncio.Future[RpcAnswer] = asyncio.get_running_loop().create_future()
        self._waiting[call_id] = (peer_id, answered)
        try:
            if not self._send(peer_id, rpc.request(call_id, order)):
                return RpcAnswer(error_code=rpc.SEND_FAILED, error_message="Failed to send")
            return await asyncio.wait_for(answered, order.timeout_ms / 1000)
        except TimeoutError:
            return RpcAnswer(error_code=rpc.RESPONSE_TIMEOUT, error_message="Response timeout")
        finally:
            del self._waiting[call_id]

    def take(self, sender: PeerId, message: bytes) -> bool:
        """Look whether a data packet belongs to a call from here; if so nobody else is to get it."""
        reply = rpc.read_reply(message) if self._waiting else None
        if reply is None:
            return False
        peer_id, answered = self._waiting.get(reply[0], (None, None))
        if answered is None or peer_id != sender:
            return False
        if reply[1] is not None and not answered.done():
            answered.set_result(reply[1])
        return True

    def peer_left(self, peer_id: PeerId) -> None:
        """Answer the calls to a peer that is gone."""
        gone = RpcAnswer(error_code=rpc.RECIPIENT_DISCONNECTED, error_message="Recipient disconnected")
        for waiting, answered in self._waiting.values():
            if waiting == peer_id and not answered.done():
                answered.set_result(gone)
