"""What a PeerTransport tells its owner. Every call comes from the event loop, synchronously, and must not block."""

from typing import Protocol


class TransportListener(Protocol):
    """Callbacks of one peer. An exception is counted and never reaches the pump; an AssertionError closes the peer."""

    def on_connected(self) -> None:
        """ICE and DTLS are done and the fingerprint matched: media and data may flow."""

    def on_rtp(self, packet: bytes, now: float) -> None:
        """Take an authenticated RTP packet; `now` is monotonic seconds."""

    def on_rtcp(self, packet: bytes, now: float) -> None:
        """Take an authenticated compound RTCP packet; `now` is monotonic seconds."""

    def on_data_open(self, label: str) -> None:
        """Learn that the client opened the data channel `label`."""

    def on_data(self, label: str, payload: bytes) -> None:
        """Take one message of the data channel `label`; text arrives as UTF-8."""

    def on_closed(self, reason: str) -> None:
        """Learn, exactly once, that the transport is gone, also after the owner's own close()."""
