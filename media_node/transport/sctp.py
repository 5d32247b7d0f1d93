"""SCTP and data channels of one peer on aiortc's RTCSctpTransport, with limits and channels by label.

The only place that touches the private names of RTCSctpTransport; tests/unit pins them. Channels are opened by the
client (LiveKit's single peer connection does so); what is sent goes back on the same channel.
"""

import enum
import struct
from typing import Protocol

from aiortc import rtcsctptransport as aiortc_sctp
from aiortc.rtcdatachannel import RTCDataChannel

from media_node.transport.dtls import DtlsLink, run_without_waiting
from media_node.transport.sctp_guard import is_acceptable

SCTP_PORT = 5000
MAX_MESSAGE_BYTES = 65_535  # LiveKit clients stop at 64,000
MAX_CHANNELS = 16
MAX_STREAMS = 64
MAX_LABEL_BYTES = 128
MAX_TSN_AHEAD = 4096
MAX_BUFFERED_CHUNKS = 4096
MAX_RELIABLE_BACKLOG_BYTES = 8 * 1024 * 1024
MAX_LOSSY_BACKLOG_BYTES = 256 * 1024
_TSN_MODULO = 2**32
_DCEP_OPEN = aiortc_sctp.DATA_CHANNEL_OPEN
_MESSAGE_KINDS = (aiortc_sctp.WEBRTC_STRING, aiortc_sctp.WEBRTC_BINARY)
_EMPTY_KINDS = (aiortc_sctp.WEBRTC_STRING_EMPTY, aiortc_sctp.WEBRTC_BINARY_EMPTY)


class DataViolation(Exception):
    """The far end uses SCTP in a way that can only exhaust us; the peer is closed with `reason`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SendResult(enum.Enum):
    """What became of a message."""

    SENT = "sent"
    NO_CHANNEL = "no_channel"
    DROPPED = "dropped"  # a lossy channel that does not keep up, or a message that is too long
    BACKLOG = "backlog"  # a reliable channel that does not keep up: the peer must go


class DataEvents(Protocol):
    """What the association tells its peer."""

    def data_opened(self, label: str) -> None:
        """Learn of a channel that the client opened."""

    def data_received(self, label: str, payload: bytes) -> None:
        """Take one message."""

    def data_dropped(self) -> None:
        """Learn that a message or a channel was refused."""

    def sctp_rejected(self) -> None:
        """Learn that a packet was refused unparsed."""


class DataAssociation(aiortc_sctp.RTCSctpTransport):
    """One SCTP association; `deliver` takes decrypted packets and never waits."""

    def __init__(self, link: DtlsLink, events: DataEvents) -> None:
        super().__init__(link, SCTP_PORT)
        self._sink = events
        self._labels: dict[str, RTCDataChannel] = {}
        run_without_waiting(self.start(aiortc_sctp.RTCSctpCapabilities(maxMessageSize=0), SCTP_PORT))

    @property
    def ended(self) -> bool:
        """Tell whether the association was aborted, shut down or given up."""
        return self.state == "closed"

    def deliver(self, packet: bytes) -> None:
        """Take one SCTP packet. Raises DataViolation, or whatever a hostile packet makes aiortc raise."""
        if is_acceptable(packet):
            run_without_waiting(self._handle_data(packet))
        else:
            self._sink.sctp_rejected()

    def send_message(self, label: str, payload: bytes) -> SendResult:
        """Queue a binary message on the open channel `label`."""
        channel = self._labels.get(label)
        if channel is None or channel.readyState != "open":
            return SendResult.NO_CHANNEL
        reliable = channel.maxRetransmits is None and channel.maxPacketLifeTime is None
        limit = MAX_RELIABLE_BACKLOG_BYTES if reliable else MAX_LOSSY_BACKLOG_BYTES
        if len(payload) > MAX_MESSAGE_BYTES:
            return SendResult.DROPPED
        if channel.bufferedAmount + len(payload) > limit:
            return SendResult.BACKLOG if reliable else SendResult.DROPPED
        channel.send(payload)
        return SendResult.SENT

    def shut_down(self) -> None:
        """Abort the association and cancel its timers. May be called again."""
        if not self.ended:
            run_without_waiting(self.stop())
        self.transport._unregister_data_receiver(self)
        self._labels.clear()

    async def _receive_data_chunk(self, chunk: aiortc_sctp.DataChunk) -> None:
        last = self._last_received_tsn
        if last is None:
            return  # DATA before INIT
        ahead = (chunk.tsn - last) % _TSN_MODULO
        in_order = ahead == 1
        duplicate = ahead == 0 or ahead > _TSN_MODULO // 2
        if not duplicate and not in_order and (ahead > MAX_TSN_AHEAD or self._advertised_rwnd < len(chunk.user_data)):
            return  # outside the window that we advertise: not acknowledged, the sender repeats it
        await super()._receive_data_chunk(chunk)
        if self._advertised_rwnd < -MAX_MESSAGE_BYTES or self._buffered_chunks() > MAX_BUFFERED_CHUNKS:
            raise DataViolation("data_too_large")

    def _buffered_chunks(self) -> int:
        return sum(len(stream.reassembly) for stream in self._inbound_streams.values())

    def _get_inbound_stream(self, stream_id: int) -> aiortc_sctp.InboundStream:
        if stream_id not in self._inbound_streams and len(self._inbound_streams) >= MAX_STREAMS:
            raise DataViolation("data_streams")
        return super()._get_inbound_stream(stream_id)

    async def _receive(self, stream_id: int, pp_id: int, data: bytes) -> None:
        if pp_id == aiortc_sctp.WEBRTC_DCEP:
            await self._receive_control(stream_id, pp_id, data)
            return
        channel = self._data_channels.get(stream_id)
        known = pp_id in _MESSAGE_KINDS or pp_id in _EMPTY_KINDS
        if channel is None or not known or len(data) > MAX_MESSAGE_BYTES:
            self._sink.data_dropped()
            return
        self._sink.data_received(channel.label, b"" if pp_id in _EMPTY_KINDS else data)

    async def _receive_control(self, stream_id: int, pp_id: int, data: bytes) -> None:
        """Take a DCEP message (RFC 8832) if aiortc can: it asserts on a repeated OPEN and an ACK for nothing."""
        opens = data[:1] == bytes([_DCEP_OPEN])
        if opens and not self._may_open(stream_id, data):
            self._sink.data_dropped()
            return
        if not opens and stream_id not in self._data_channels:
            return
        await self._data_channel_receive(stream_id, pp_id, data)
        if opens:
            channel = self._data_channels[stream_id]
            self._labels[channel.label] = channel
            self._sink.data_opened(channel.label)

    def _may_open(self, stream_id: int, data: bytes) -> bool:
        if stream_id in self._data_channels or len(self._data_channels) >= MAX_CHANNELS or len(data) < 12:
            return False
        label, protocol = struct.unpack_from("!HH", data, 8)
        if label > MAX_LABEL_BYTES or len(data) != 12 + label + protocol:
            return False
        try:
            data[12:].decode("utf8")
            data[12 : 12 + label].decode("utf8")
        except UnicodeDecodeError:
            return False
        return True
