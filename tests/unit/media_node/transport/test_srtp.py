"""SRTP in place, between two real libsrtp sessions."""

from struct import pack

import pylibsrtp
import pytest

from media_node.transport.srtp import (
    AUTH_FAILED,
    MAX_RTP_BYTES,
    MAX_SSRCS,
    REPLAYED,
    DatagramBuffer,
    InboundSrtp,
    SendSlots,
)

PROFILES = [
    (pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 28),
    (pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 44),
    (pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 30),
]


def session(profile: int, key_bytes: int, direction: int) -> pylibsrtp.Session:
    return pylibsrtp.Session(pylibsrtp.Policy(key=bytes(key_bytes), ssrc_type=direction, srtp_profile=profile))


def rtp(sequence: int, ssrc: int = 7, size: int = 100) -> bytes:
    return pack("!BBHII", 0x80, 96, sequence, 0, ssrc) + bytes(size - 12)


def unprotect(inbound: InboundSrtp, datagram: bytes, rtcp: bool = False) -> tuple[int, bytes]:
    buffer = DatagramBuffer()
    buffer.view[: len(datagram)] = datagram
    return inbound.unprotect(buffer, len(datagram), rtcp)


@pytest.mark.parametrize(("profile", "key_bytes"), PROFILES)
def test_what_is_protected_comes_back_and_only_once(profile: int, key_bytes: int) -> None:
    outbound = session(profile, key_bytes, pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
    inbound = InboundSrtp(session(profile, key_bytes, pylibsrtp.Policy.SSRC_ANY_INBOUND))
    packets = [rtp(1), rtp(2, size=MAX_RTP_BYTES), rtp(3, ssrc=8)]
    protected = [bytes(packet) for packet in SendSlots().protect(outbound, packets)]
    assert [unprotect(inbound, packet) for packet in protected] == [(0, packet) for packet in packets]
    assert unprotect(inbound, protected[0]) == (REPLAYED, b"")
    changed = protected[0][:-1] + bytes([protected[0][-1] ^ 1])
    assert unprotect(inbound, changed)[0] in (AUTH_FAILED, REPLAYED)
    report = pack("!BBHI", 0x80, 201, 1, 7)
    [protected_report] = SendSlots().protect(outbound, [report], rtcp=True)
    assert unprotect(inbound, bytes(protected_report), rtcp=True) == (0, report)


@pytest.mark.parametrize("size", range(1, 30))
def test_a_datagram_too_short_for_srtp_fails_authentication(size: int) -> None:
    inbound = InboundSrtp(session(*PROFILES[0], pylibsrtp.Policy.SSRC_ANY_INBOUND))
    for rtcp in (True, False):
        status, packet = unprotect(inbound, (b"\x80\xc9" + bytes(40))[:size], rtcp)
        assert status != 0 and packet == b""


def test_a_peer_cannot_make_libsrtp_keep_state_for_ever_more_ssrcs() -> None:
    outbound = session(*PROFILES[0], pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
    inbound = InboundSrtp(session(*PROFILES[0], pylibsrtp.Policy.SSRC_ANY_INBOUND))
    slots = SendSlots()
    results = []
    for ssrc in range(1, MAX_SSRCS + 3):
        [protected] = slots.protect(outbound, [rtp(1, ssrc)])
        results.append(unprotect(inbound, bytes(protected))[0])
    assert results == [0] * MAX_SSRCS + [-1, -1]
    [protected] = slots.protect(outbound, [rtp(2, ssrc=1)])
    assert unprotect(inbound, bytes(protected))[0] == 0
