"""Arithmetic of RTP sequence numbers (16 bit) and timestamps (32 bit), which wrap (RFC 3550 section 5.1, RFC 1982)."""


def seq_is_newer(seq: int, other: int) -> bool:
    """Tell whether sequence number `seq` comes after `other`; half the space away counts as older."""
    return 0 < (seq - other & 0xFFFF) < 0x8000


class ReceptionStats:
    """What a receiver report says of one SSRC (RFC 3550 appendix A.3); times in seconds, timestamps in clock ticks."""

    __slots__ = (
        "_base", "_clock_rate", "_cycles", "_expected_before", "_highest", "_jitter", "_received_before", "_transit",
        "received",
    )  # fmt: skip

    def __init__(self, clock_rate: int, first_seq: int) -> None:
        self._clock_rate = clock_rate
        self._base = self._highest = first_seq
        self._cycles = 0
        self._jitter = 0.0
        self._transit: float | None = None
        self._expected_before = self._received_before = 0
        self.received = 0

    def on_packet(self, seq: int, timestamp: int, now: float) -> None:
        """Count one packet. Called per packet: a handful of integer operations, nothing is allocated."""
        self.received += 1
        if 0 < (seq - self._highest & 0xFFFF) < 0x8000:
            if seq < self._highest:
                self._cycles += 0x10000
            self._highest = seq
        transit = now * self._clock_rate - timestamp
        if self._transit is not None:
            change = abs(transit - self._transit)
            if change < self._clock_rate * 10:  # a timestamp that wraps is no jitter
                self._jitter += (change - self._jitter) / 16
        self._transit = transit

    def report(self) -> tuple[int, int, int, int]:
        """Return (fraction lost 0..255, packets lost, extended highest seq, jitter) since the last report."""
        highest = self._cycles + self._highest
        expected = highest - self._base + 1
        lost = max(0, expected - self.received)
        expected_now, received_now = expected - self._expected_before, self.received - self._received_before
        self._expected_before, self._received_before = expected, self.received
        fraction = 0
        if expected_now > 0 and expected_now > received_now:
            fraction = min(255, (expected_now - received_now) * 256 // expected_now)
        return fraction, min(lost, 0x7FFFFF), highest & 0xFFFFFFFF, int(self._jitter) & 0xFFFFFFFF
