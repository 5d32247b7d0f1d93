"""LiveKit's remote procedure calls from the server: the packet that asks, and what the client's packets say. Pure."""

from google.protobuf.message import DecodeError
from livekit.protocol import models

from chalicelib.contract.node_commands import PerformRpc, RpcAnswer

SERVER_IDENTITY = "parley-server"  # clients take no call without a caller, and address their answer to it
PROTOCOL_VERSION = 1  # requests and responses in one packet each
# LiveKit's codes of what goes wrong between the two sides.
RESPONSE_TIMEOUT, RECIPIENT_DISCONNECTED, SEND_FAILED = 1502, 1503, 1505


def request(call_id: str, order: PerformRpc) -> bytes:
    """Return the data packet of a call."""
    asked = models.RpcRequest(
        id=call_id,
        method=order.method,
        payload=order.payload,
        response_timeout_ms=order.timeout_ms,
        version=PROTOCOL_VERSION,
    )
    packet = models.DataPacket(
        kind=models.DataPacket.RELIABLE,
        participant_identity=SERVER_IDENTITY,
        destination_identities=[order.identity],
        rpc_request=asked,
    )
    return packet.SerializeToString()


def read_reply(message: bytes) -> tuple[str, RpcAnswer | None] | None:
    """Return the id of the call that a data packet is about, with its answer (None: it was only acknowledged)."""
    try:
        packet = models.DataPacket.FromString(message)
    except DecodeError:
        return None
    kind = packet.WhichOneof("value")
    if kind == "rpc_ack":
        return packet.rpc_ack.request_id, None
    if kind != "rpc_response":
        return None
    told = packet.rpc_response
    error = told.error
    return told.request_id, RpcAnswer(told.payload, error.code, error.message, error.data)
