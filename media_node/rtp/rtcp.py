"""RTCP packets, read and written (RFC 3550 section 6, RFC 4585, RFC 5104, draft-alvestrand-rmcat-remb)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

SENDER_REPORT = 200
RECEIVER_REPORT = 201
PAYLOAD_FEEDBACK = 206
FEEDBACK_PLI = 1
FEEDBACK_FIR = 4
FEEDBACK_APPLICATION = 15
NODE_SSRC = 1  # the node sends no media of its own: one fixed sender SSRC is enough in every report


@dataclass(frozen=True, slots=True)
class SenderReport:
    """Which NTP time (64-bit fixed point) an RTP timestamp of `ssrc` stands for."""

    ssrc: int
    ntp: int
    timestamp: int


@dataclass(frozen=True, slots=True)
class KeyframeRequest:
    """A PLI or FIR for `media_ssrc`."""

    media_ssrc: int


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """Reception of one SSRC; fields as in RFC 3550 section 6.4.1."""

    ssrc: int
    fraction_lost: int
    packets_lost: int
    highest_seq: int
    jitter: int
    last_sr: int = 0
    delay_since_last_sr: int = 0

    def __bytes__(self) -> bytes:
        lost = (self.fraction_lost & 0xFF) << 24 | (self.packets_lost & 0xFFFFFF)
        return struct.pack(
            "!IIIIII", self.ssrc, lost, self.highest_seq, self.jitter, self.last_sr, self.delay_since_last_sr
        )


def parse(compound: bytes) -> Iterator[SenderReport | KeyframeRequest]:
    """Yield what the node acts on in a compound packet; the rest is skipped, a broken tail ends it. Never raises."""
    at = 0
    while at + 8 <= len(compound) and compound[at] >> 6 == 2:
        kind = compound[at + 1]
        end = at + 4 + 4 * int.from_bytes(compound[at + 2 : at + 4], "big")
        if end > len(compound):
            return
        if kind == SENDER_REPORT and end - at >= 28:
            ssrc, ntp, timestamp = struct.unpack_from("!IQI", compound, at + 4)
            yield SenderReport(ssrc, ntp, timestamp)
        elif kind == PAYLOAD_FEEDBACK:
            yield from _keyframe_requests(compound[at:end])
        at = end


def _keyframe_requests(packet: bytes) -> Iterator[KeyframeRequest]:
    feedback = packet[0] & 0x1F
    if feedback == FEEDBACK_PLI and len(packet) >= 12:
        yield KeyframeRequest(int.from_bytes(packet[8:12], "big"))
    elif feedback == FEEDBACK_FIR:
        for at in range(12, len(packet) - 7, 8):
            yield KeyframeRequest(int.from_bytes(packet[at : at + 4], "big"))


def _packet(count: int, kind: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


def receiver_report(blocks: list[ReportBlock]) -> bytes:
    """Return a receiver report with up to 31 blocks."""
    return _packet(len(blocks), RECEIVER_REPORT, struct.pack("!I", NODE_SSRC) + b"".join(map(bytes, blocks)))


def sender_report(ssrc: int, ntp: int, timestamp: int, packets: int, octets: int) -> bytes:
    """Return a sender report for one forwarded track."""
    body = struct.pack("!IQIII", ssrc, ntp, timestamp, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF)
    return _packet(0, SENDER_REPORT, body)


def picture_loss_indication(media_ssrc: int) -> bytes:
    """Return a PLI (RFC 4585 section 6.3.1)."""
    return _packet(FEEDBACK_PLI, PAYLOAD_FEEDBACK, struct.pack("!II", NODE_SSRC, media_ssrc))


def receiver_estimated_max_bitrate(bits_per_second: int, ssrcs: list[int]) -> bytes:
    """Return a REMB for up to 255 SSRCs."""
    exponent = max(0, bits_per_second.bit_length() - 18)
    mantissa = bits_per_second >> exponent
    value = len(ssrcs) << 24 | exponent << 18 | mantissa
    body = struct.pack("!II4sI", NODE_SSRC, 0, b"REMB", value) + b"".join(ssrc.to_bytes(4, "big") for ssrc in ssrcs)
    return _packet(FEEDBACK_APPLICATION, PAYLOAD_FEEDBACK, body)
