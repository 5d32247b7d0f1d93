"""Any datagram, from strangers and with the address of a live peer: nothing raises, and the call goes on.

Sends no packets for the fuzzed input: it is laid into the endpoint's buffer as the kernel would, and handled.
"""

import asyncio
from collections.abc import Iterator

import pytest
from aioice import stun
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media_node.transport.endpoint import MediaEndpoint
from media_node.transport.udp_socket import Address
from tests.integration.transport_client import LOOPBACK, Recorder, TransportClient, connected_pair, rtp_packet, until

STRANGER: Address = ("198.51.100.7", 7, b"")


class LiveCall:
    """One connected client on its own event loop, which runs only between examples."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.sequence = 0
        self.endpoint, self.listener, self.client = self.loop.run_until_complete(self._connect())
        assert self.client.peer.ice.selected is not None
        self.address = self.client.peer.ice.selected

    @staticmethod
    async def _connect() -> tuple[MediaEndpoint, Recorder, TransportClient]:
        endpoint = MediaEndpoint(LOOPBACK)
        return endpoint, *(await connected_pair(endpoint))

    def receive(self, datagram: bytes, source: Address) -> None:
        self.endpoint._buffer.view[: len(datagram)] = datagram
        self.endpoint.datagram_received(len(datagram), source, 0.0)
        self.loop.run_until_complete(asyncio.sleep(0))

    def assert_alive(self) -> None:
        self.loop.run_until_complete(self._exchange())

    async def _exchange(self) -> None:
        self.sequence += 1
        up, down = rtp_packet(self.sequence), rtp_packet(self.sequence, ssrc=9)
        await self.client.send_rtp(up)
        self.client.peer.send_rtp(down)
        await until(lambda: up in self.listener.rtp and down in self.client.dtls.rtp)
        assert self.listener.closed == []

    def close(self) -> None:
        self.loop.run_until_complete(self.client.close())
        self.endpoint.close()
        self.loop.close()


@pytest.fixture(scope="module")
def call() -> Iterator[LiveCall]:
    call = LiveCall()
    yield call
    call.assert_alive()
    assert call.endpoint.counters.handler_errors == 0
    call.close()


def binding_request(username: str, password: str) -> bytes:
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    request.attributes.update({"USERNAME": username, "PRIORITY": 1, "ICE-CONTROLLING": 1})
    request.add_message_integrity(password.encode())
    return bytes(request)


first_byte = st.sampled_from([0, 1, 3, 4, 19, 20, 21, 22, 23, 24, 25, 47, 63, 64, 79, 127, 128, 144, 191, 192, 255])
noise = st.one_of(
    st.binary(max_size=1500),
    st.builds(lambda first, rest: bytes([first]) + rest, first_byte, st.binary(max_size=1400)),
)
# A record header that OpenSSL believes, with any content type, epoch and body.
record = st.builds(
    lambda kind, version, epoch, body: bytes([kind]) + version + epoch.to_bytes(2, "big") + bytes(6)
    + len(body).to_bytes(2, "big") + body,
    st.integers(20, 26), st.sampled_from([b"\xfe\xff", b"\xfe\xfd", b"\xfe\xfc"]), st.integers(0, 3),
    st.binary(max_size=300),
)  # fmt: skip
rtp_like = st.builds(
    lambda first, second, rest: bytes([first, second]) + rest,
    st.integers(128, 191), st.integers(0, 255), st.binary(max_size=200),
)  # fmt: skip
attributes = st.lists(
    st.builds(
        lambda kind, claimed, value: kind.to_bytes(2, "big") + claimed.to_bytes(2, "big") + value,
        st.one_of(st.sampled_from(sorted(stun.ATTRIBUTES_BY_TYPE)), st.integers(0, 65535)),
        st.integers(0, 40), st.binary(max_size=40),
    ),
    max_size=6,
)  # fmt: skip
live = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)


@live
@given(datagram=st.one_of(noise, record, rtp_like), known=st.booleans())
def test_no_datagram_raises_or_ends_the_call(call: LiveCall, datagram: bytes, known: bool) -> None:
    call.receive(datagram, call.address if known else STRANGER)
    assert call.listener.closed == []


@live
@given(body=attributes, kind=st.sampled_from([0x0001, 0x0101, 0x0011, 0x0111, 0x0003]), named=st.booleans())
def test_no_stun_message_raises_or_takes_an_address(call: LiveCall, body: list[bytes], kind: int, named: bool) -> None:
    peer = call.client.peer
    username = f"{peer.local_ufrag}:{call.client.ice.local_username}".encode()
    name = b"\x00\x06" + len(username).to_bytes(2, "big") + username + bytes(-len(username) % 4)
    content = (name if named else b"") + b"".join(body)
    content += bytes(-len(content) % 4)
    header = kind.to_bytes(2, "big") + len(content).to_bytes(2, "big") + b"\x21\x12\xa4\x42" + b"t" * 12
    call.receive(header + content, STRANGER)
    assert STRANGER not in peer.ice.addresses


@live
@given(position=st.integers(0, 200), value=st.integers(0, 255))
def test_a_changed_byte_in_a_genuine_check_never_validates_another_address(
    call: LiveCall, position: int, value: int
) -> None:
    peer = call.client.peer
    genuine = binding_request(f"{peer.local_ufrag}:{call.client.ice.local_username}", peer.local_pwd)
    position %= len(genuine) - 8  # without FINGERPRINT, which is no secret
    changed = genuine[:position] + bytes([value]) + genuine[position + 1 :]
    if changed != genuine:
        call.receive(changed, STRANGER)
    assert STRANGER not in peer.ice.addresses


@live
@given(position=st.integers(0, 200), value=st.integers(0, 255), cut=st.integers(0, 60))
def test_a_changed_or_cut_srtp_packet_never_reaches_the_listener(
    call: LiveCall, position: int, value: int, cut: int
) -> None:
    call.assert_alive()
    heard = len(call.listener.rtp)
    genuine = call.client.port.sent[-1]
    position %= len(genuine)
    changed = genuine[:position] + bytes([value]) + genuine[position + 1 :]
    call.receive(changed[: max(len(changed) - cut, 1)], call.address)
    assert len(call.listener.rtp) == heard
    assert call.listener.rtcp == []
