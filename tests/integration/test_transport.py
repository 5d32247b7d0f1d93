"""The transport against real aiortc and aioice clients over loopback sockets."""

import asyncio
import dataclasses
import os
import random
import socket
import struct
import time
from collections.abc import AsyncIterator

import pytest
from aioice import stun
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack
from aiortc.rtcsctptransport import crc32c

from media_node.signalling.sdp_answer import LocalTransport, Receive, write_answer
from media_node.signalling.sdp_offer import parse_offer
from media_node.transport import sctp
from media_node.transport.endpoint import EndpointConfig, MediaEndpoint
from tests.integration.transport_client import (
    LOOPBACK,
    Recorder,
    TransportClient,
    connected_pair,
    receiver_report,
    rtp_packet,
    until,
)

# A DTLS 1.0 record with a ClientHello that offers only the null cipher, as in the ClientHello races of 2023.
_HELLO_BODY = b"\xfe\xfd" + bytes(32) + b"\x00\x00\x00\x02\x00\x00\x01\x00"
_HANDSHAKE = b"\x01" + len(_HELLO_BODY).to_bytes(3, "big") + b"\x00\x00" + b"\x00\x00\x00"
_HANDSHAKE += len(_HELLO_BODY).to_bytes(3, "big") + _HELLO_BODY
NULL_CLIENT_HELLO = b"\x16\xfe\xff" + bytes(8) + len(_HANDSHAKE).to_bytes(2, "big") + _HANDSHAKE
FATAL_ALERT = b"\x15\xfe\xfd" + bytes(8) + b"\x00\x02\x02\x28"


@pytest.fixture
async def endpoint() -> AsyncIterator[MediaEndpoint]:
    endpoint = MediaEndpoint(LOOPBACK)
    yield endpoint
    endpoint.close()


def endpoint_with(**changes: object) -> MediaEndpoint:
    return MediaEndpoint(dataclasses.replace(LOOPBACK, tick_s=0.02, **changes))  # type: ignore[arg-type]


async def assert_media_flows(listener: Recorder, client: TransportClient, sequence: int) -> None:
    up, down = rtp_packet(sequence, b"up"), rtp_packet(sequence, b"down", ssrc=9)
    await client.send_rtp(up)
    client.peer.send_rtp(down)
    await until(lambda: up in listener.rtp)
    await until(lambda: down in client.dtls.rtp)


async def test_media_goes_both_ways(endpoint: MediaEndpoint) -> None:
    listener, client = await connected_pair(endpoint)
    assert listener.connected
    await assert_media_flows(listener, client, 1)
    await client.send_rtp(receiver_report())
    client.peer.send_rtcp(receiver_report(9))
    await until(lambda: listener.rtcp == [receiver_report()])
    await until(lambda: client.dtls.rtcp == [receiver_report(9)])
    await client.close()
    await until(lambda: listener.closed == ["remote_closed"])
    assert endpoint.table_sizes == (0, 0, 0)


async def test_the_cheapest_srtp_profile_is_chosen(endpoint: MediaEndpoint) -> None:
    _, client = await connected_pair(endpoint)
    assert client.dtls._ssl is not None
    assert client.dtls._ssl.get_selected_srtp_profile() == b"SRTP_AEAD_AES_128_GCM"
    await client.close()


async def test_a_passive_client_gets_a_node_that_begins_the_handshake(endpoint: MediaEndpoint) -> None:
    listener = Recorder()
    client = TransportClient(endpoint.open_peer(listener, time.monotonic()), role="server")
    await client.connect(setup="passive")
    await assert_media_flows(listener, client, 1)
    await client.close()


@pytest.mark.parametrize("gso", [True, False])
async def test_a_burst_of_one_turn_arrives_whole_and_in_order(gso: bool) -> None:
    endpoint = endpoint_with(gso=gso)
    _, client = await connected_pair(endpoint)
    sizes = [1000] * 100 + [1000, 1001, 10, 10, 500] + [1100] * 30
    burst = [rtp_packet(index, bytes([index % 251]) * size) for index, size in enumerate(sizes)]
    for packet in burst:
        client.peer.send_rtp(packet)
    await until(lambda: len(client.dtls.rtp) == len(burst))
    assert client.dtls.rtp == burst
    assert endpoint.counters.rtp_out == endpoint.counters.datagrams_out == len(burst)
    assert not gso or endpoint.counters.send_calls < 12
    await client.close()
    endpoint.close()


async def test_data_goes_both_ways_small_and_large(endpoint: MediaEndpoint) -> None:
    listener, client = await connected_pair(endpoint)
    reliable = await client.open_channel("_reliable")
    lossy = await client.open_channel("_lossy", lossy=True)
    assert listener.opened == ["_reliable", "_lossy"]
    large = os.urandom(60_000)
    for message in (b"small", large, "text", b""):
        reliable.send(message)
    lossy.send(b"now")
    expected = [("_reliable", b"small"), ("_reliable", large), ("_reliable", b"text"), ("_reliable", b"")]
    await until(lambda: sorted(listener.data) == sorted([*expected, ("_lossy", b"now")]))
    assert client.peer.send_data("_reliable", b"answer")
    assert client.peer.send_data("_reliable", large)
    assert client.peer.send_data("_lossy", b"quick")
    assert not client.peer.send_data("_absent", b"?")
    assert not client.peer.send_data("_reliable", bytes(sctp.MAX_MESSAGE_BYTES + 1))
    await until(lambda: len(client.received) == 3)
    assert ("_reliable", large) in client.received
    await client.close()


async def test_a_client_that_reads_nothing_is_closed_before_its_backlog_grows_without_bound(
    endpoint: MediaEndpoint,
) -> None:
    listener, client = await connected_pair(endpoint)
    await client.open_channel("_reliable")
    await client.open_channel("_lossy", lossy=True)
    client.port.reading.clear()
    message = bytes(60_000)
    lossy_taken = sum(client.peer.send_data("_lossy", message) for _ in range(20))
    assert 1 <= lossy_taken <= 6
    taken = 0
    while client.peer.send_data("_reliable", message):
        taken += 1
        assert taken < 200
    assert listener.closed == ["data_backlog"]
    assert taken * len(message) <= sctp.MAX_RELIABLE_BACKLOG_BYTES
    client.port.reading.set()
    await client.close()


async def test_an_ice_restart_on_another_network_keeps_media_going(endpoint: MediaEndpoint) -> None:
    listener, client = await connected_pair(endpoint)
    addresses, ufrags = {client.peer.remote_address}, {client.peer.local_ufrag}
    for turn in range(1, 4):
        await client.restart_ice()
        await assert_media_flows(listener, client, turn)
        addresses.add(client.peer.remote_address)
        ufrags.add(client.peer.local_ufrag)
    assert len(addresses) == len(ufrags) == 4
    assert endpoint.table_sizes[:2] == (1, 1)
    assert endpoint.counters.peers_connected == 1
    await client.close()


async def test_old_credentials_pass_until_the_first_check_with_the_new(endpoint: MediaEndpoint) -> None:
    listener, client = await connected_pair(endpoint)
    peer = client.peer
    old = (peer.local_ufrag, peer.local_pwd)
    remote = client.ice.local_username
    fresh = peer.restart_ice("newremote", "x" * 24)
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    stranger.connect(endpoint.address)
    stranger.send(binding_request(f"{old[0]}:{remote}", old[1]))
    await until(lambda: endpoint.table_sizes == (1, 2, 2))
    stranger.send(binding_request(f"{fresh.ufrag}:newremote", fresh.pwd))
    await until(lambda: endpoint.table_sizes == (1, 1, 2))
    unknown = endpoint.counters.stun_unknown
    stranger.send(binding_request(f"{old[0]}:{remote}", old[1]))
    await until(lambda: endpoint.counters.stun_unknown == unknown + 1)
    assert not listener.closed
    stranger.close()
    await client.close()


def binding_request(username: str, password: str, nominate: bool = False) -> bytes:
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    request.attributes.update({"USERNAME": username, "PRIORITY": 1, "ICE-CONTROLLING": 1})
    if nominate:
        request.attributes["USE-CANDIDATE"] = None
    request.add_message_integrity(password.encode())
    return bytes(request)


async def test_media_follows_a_nominated_address_and_is_answered_with_it(endpoint: MediaEndpoint) -> None:
    _, client = await connected_pair(endpoint)
    peer = client.peer
    moved = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    moved.settimeout(2)
    moved.connect(endpoint.address)
    username = f"{peer.local_ufrag}:{client.ice.local_username}"
    moved.send(binding_request(username, peer.local_pwd))
    await until(lambda: len(peer.ice.addresses) == 2)
    assert peer.remote_address != moved.getsockname()
    moved.send(binding_request(username, peer.local_pwd, nominate=True))
    await until(lambda: peer.remote_address == moved.getsockname())
    answer = stun.parse_message(moved.recv(2048))
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == moved.getsockname()
    assert answer.check_message_integrity(peer.local_pwd.encode())
    moved.recv(2048)
    peer.send_rtp(rtp_packet(1))
    await asyncio.sleep(0)
    assert len(moved.recv(2048)) == 112 + 16
    moved.close()
    await client.close()


async def test_a_wrong_fingerprint_ends_the_peer(endpoint: MediaEndpoint) -> None:
    listener = Recorder()
    client = TransportClient(endpoint.open_peer(listener, time.monotonic()))
    wrong = [("sha-256", "00:" * 31 + "00")]
    client.peer.set_remote(client.ice.local_username, client.ice.local_password, wrong, "actpass")
    await client.start_ice()
    await client.start_dtls()
    await until(lambda: listener.closed == ["dtls_fingerprint"])
    assert not listener.connected
    await client.send_rtp(rtp_packet(1))
    assert endpoint.table_sizes == (0, 0, 0)
    await client.close()


@pytest.mark.parametrize("fingerprints", [[], [("sha-1", "00:11")]])
async def test_an_offer_without_a_usable_fingerprint_is_refused(
    endpoint: MediaEndpoint, fingerprints: list[tuple[str, str]]
) -> None:
    peer = endpoint.open_peer(Recorder(), time.monotonic())
    with pytest.raises(ValueError, match="fingerprint"):
        peer.set_remote("ufrag", "password", fingerprints, "actpass")


async def flood(target: tuple[str, int], datagrams: int, seed: int) -> None:
    """Send random and empty datagrams, ClientHellos and alerts from several strange addresses."""
    chance = random.Random(seed)
    strangers = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(8)]
    noise = [b"", NULL_CLIENT_HELLO, FATAL_ALERT, *(chance.randbytes(chance.randrange(1, 300)) for _ in range(500))]
    for index in range(datagrams):
        strangers[index % 8].sendto(chance.choice(noise), target)
        if index % 64 == 0:
            await asyncio.sleep(0)
    for stranger in strangers:
        stranger.close()


async def test_garbage_of_strangers_disturbs_neither_handshake_nor_call(endpoint: MediaEndpoint) -> None:
    storm = asyncio.create_task(flood(endpoint.address, 50_000, 1))
    listener, client = await connected_pair(endpoint)
    await storm
    storm = asyncio.create_task(flood(endpoint.address, 50_000, 2))
    sequence = 0
    while not storm.done():
        sequence += 1
        await assert_media_flows(listener, client, sequence)
    assert sequence > 10
    counters = endpoint.counters
    assert counters.empty_dropped > 0
    assert counters.unvalidated_dropped > 10_000
    assert counters.handler_errors == counters.dtls_restarted == counters.srtp_auth_failed == 0
    assert listener.closed == []
    await client.close()


@pytest.mark.parametrize(
    ("forged", "times"),
    [(FATAL_ALERT, 20), (NULL_CLIENT_HELLO, 4), (b"", 20), (b"\x16" + bytes(40), 20), (b"\x3f" * 50, 20)],
)
async def test_forged_datagrams_with_the_clients_own_address_do_not_stop_its_handshake(
    endpoint: MediaEndpoint, forged: bytes, times: int
) -> None:
    listener = Recorder()
    client = TransportClient(endpoint.open_peer(listener, time.monotonic()))
    client.peer.set_remote(client.ice.local_username, client.ice.local_password, client.fingerprints, "actpass")
    await client.start_ice()
    for _ in range(times):
        await client.ice.send(forged)
    await asyncio.sleep(0.02)
    await client.start_dtls()
    await until(lambda: client.peer.connected)
    await client.ice.send(forged)
    await assert_media_flows(listener, client, 1)
    await client.close()


async def test_replayed_and_forged_srtp_is_counted_and_dropped(endpoint: MediaEndpoint) -> None:
    listener, client = await connected_pair(endpoint)
    await client.send_rtp(rtp_packet(1))
    protected = client.port.sent[-1]
    await client.ice.send(protected)
    await client.ice.send(protected[:-1] + bytes([protected[-1] ^ 1]))
    await client.ice.send(protected[:11])
    await until(lambda: endpoint.counters.srtp_replayed == 2 or endpoint.counters.srtp_auth_failed == 2)
    await assert_media_flows(listener, client, 2)
    assert len(listener.rtp) == 2
    await client.close()


async def test_silence_of_a_connected_client_closes_it_by_consent() -> None:
    endpoint = endpoint_with(consent_timeout_s=0.3)
    listener, client = await connected_pair(endpoint)
    await client.ice.close()
    await until(lambda: listener.closed == ["consent_expired"], 2.0)
    assert endpoint.table_sizes == (0, 0, 0)
    await client.dtls.stop()
    endpoint.close()


async def test_a_client_that_never_comes_and_one_that_never_shakes_hands_are_closed() -> None:
    endpoint = endpoint_with(ice_timeout_s=0.1, dtls_timeout_s=0.3)
    absent, mute = Recorder(), Recorder()
    endpoint.open_peer(absent, time.monotonic())
    client = TransportClient(endpoint.open_peer(mute, time.monotonic()))
    client.peer.set_remote(client.ice.local_username, client.ice.local_password, client.fingerprints, "active")
    await client.start_ice()
    await until(lambda: absent.closed == ["ice_timeout"] and mute.closed == ["dtls_timeout"], 2.0)
    assert endpoint.table_sizes == (0, 0, 0)
    await client.ice.close()
    endpoint.close()


async def test_an_address_of_a_live_peer_is_not_given_to_another_participant(endpoint: MediaEndpoint) -> None:
    listener, client = await connected_pair(endpoint)
    thief = endpoint.open_peer(Recorder(), time.monotonic())
    await client.ice.send(binding_request(f"{thief.local_ufrag}:any", thief.local_pwd, nominate=True))
    await until(lambda: endpoint.counters.address_conflicts == 1)
    assert thief.remote_address is None
    await assert_media_flows(listener, client, 1)
    await client.close()


async def test_a_listener_that_raises_stops_neither_the_pump_nor_other_peers(endpoint: MediaEndpoint) -> None:
    listener, client = await connected_pair(endpoint)
    other_listener, other = await connected_pair(endpoint)
    listener.raise_on_rtp = RuntimeError("a bug in a handler")
    await client.send_rtp(rtp_packet(1))
    await until(lambda: endpoint.counters.handler_errors == 1)
    listener.raise_on_rtp = None
    await assert_media_flows(listener, client, 2)
    listener.raise_on_rtp = AssertionError("a broken invariant")
    await client.send_rtp(rtp_packet(3))
    await until(lambda: listener.closed == ["internal_error"])
    await assert_media_flows(other_listener, other, 1)
    await client.close()
    await other.close()


async def test_a_listener_that_raises_on_data_gets_the_next_message(endpoint: MediaEndpoint) -> None:
    listener, client = await connected_pair(endpoint)
    channel = await client.open_channel("_reliable")
    listener.raise_on_data = RuntimeError("a bug in a handler")
    channel.send(b"first")
    await until(lambda: endpoint.counters.handler_errors == 1)
    listener.raise_on_data = None
    channel.send(b"second")
    await until(lambda: listener.data == [("_reliable", b"first"), ("_reliable", b"second")])
    await client.close()


def sctp_packet(client: TransportClient, *chunks: bytes) -> bytes:
    assert client.sctp is not None
    header = struct.pack("!HHL", 5000, 5000, client.sctp._remote_verification_tag)
    body = b"".join(chunks)
    return header + struct.pack("<L", crc32c(header + bytes(4) + body)) + body


async def test_sctp_that_would_hang_or_break_aiortc_is_refused(endpoint: MediaEndpoint) -> None:
    listener, client = await connected_pair(endpoint)
    channel = await client.open_channel("_reliable")
    endless_parameter = struct.pack("!BBHHH", 4, 0, 8, 1, 0)
    huge_gap = struct.pack("!BBHLLHHHH", 3, 0, 20, 0, 65535, 1, 0, 1, 65535)
    short_forward = struct.pack("!BBHLH", 192, 0, 10, 1, 1)
    for chunk in (endless_parameter, huge_gap, short_forward):
        await client.dtls._send_data(sctp_packet(client, chunk))
    await until(lambda: endpoint.counters.sctp_rejected == 3, 2.0)
    channel.send(b"still here")
    await until(lambda: listener.data == [("_reliable", b"still here")])
    await client.close()


async def test_too_many_channels_are_refused_and_the_first_ones_work_on(endpoint: MediaEndpoint) -> None:
    listener, client = await connected_pair(endpoint)
    first = await client.open_channel("_reliable")
    for index in range(sctp.MAX_CHANNELS - 1):
        await client.open_channel(f"more{index}")
    with pytest.raises(AssertionError, match="did not come true"):
        await asyncio.wait_for(client.open_channel("one too many"), 10)
    first.send(b"fine")
    await until(lambda: ("_reliable", b"fine") in listener.data)
    assert endpoint.counters.data_dropped_in == 1
    await client.close()


async def test_fifty_peers_leave_nothing_behind(endpoint: MediaEndpoint) -> None:
    tasks = len(asyncio.all_tasks())
    pairs = []
    for _ in range(50):
        pairs.append(await connected_pair(endpoint))
    assert endpoint.table_sizes[0] == 50
    await pairs[0][1].open_channel("_reliable")
    for index, (_, client) in enumerate(pairs):
        if index % 2:
            client.peer.close("kicked")
            client.peer.close("again")
        await client.close()
    await until(lambda: endpoint.table_sizes == (0, 0, 0))
    assert all(
        listener.closed == ["kicked" if index % 2 else "remote_closed"] for index, (listener, _) in enumerate(pairs)
    )
    assert endpoint.counters.peers_open == 0
    await until(lambda: len(asyncio.all_tasks()) <= tasks)


async def test_closing_the_endpoint_closes_its_peers_and_frees_the_port(endpoint: MediaEndpoint) -> None:
    listener, client = await connected_pair(endpoint)
    port = endpoint.address[1]
    with pytest.raises(OSError, match="in use"):
        MediaEndpoint(EndpointConfig(bind_address="127.0.0.1", port=port))
    endpoint.close()
    endpoint.close()
    assert listener.closed == ["node_shutdown"]
    MediaEndpoint(EndpointConfig(bind_address="127.0.0.1", port=port)).close()
    await client.close()


@pytest.mark.parametrize("wildcard", ["0.0.0.0", "::"])
async def test_a_client_is_answered_from_the_address_it_tried(wildcard: str) -> None:
    """The client's packets leave from the machine's own address and go to 127.0.0.1; aioice insists on the answer."""
    endpoint = MediaEndpoint(EndpointConfig(bind_address=wildcard, port=0))
    listener, client = await connected_pair(endpoint)
    for index in range(20):
        client.peer.send_rtp(rtp_packet(index))
    await until(lambda: len(client.dtls.rtp) == 20)
    await assert_media_flows(listener, client, 21)
    await client.close()
    endpoint.close()


async def test_an_unmodified_rtcpeerconnection_sends_audio_and_data(endpoint: MediaEndpoint) -> None:
    listener = Recorder()
    peer = endpoint.open_peer(listener, time.monotonic())
    connection = RTCPeerConnection()
    channel = connection.createDataChannel("_reliable")
    heard: list[bytes] = []
    channel.on("message", heard.append)
    connection.addTrack(AudioStreamTrack())
    await connection.setLocalDescription(await connection.createOffer())
    offer = parse_offer(connection.localDescription.sdp)
    peer.set_remote(offer.ice_ufrag, offer.ice_pwd, offer.fingerprints, offer.setup)
    local = LocalTransport(peer.local_ufrag, peer.local_pwd, peer.fingerprint, peer.candidates)
    placements = {section.mid: Receive() for section in offer.sections if section.kind == "audio"}
    answer = write_answer(offer, local, placements, session_id=1, version=1)
    await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await until(lambda: listener.connected and len(listener.rtp) > 5 and listener.opened == ["_reliable"])
    channel.send("hello")
    await until(lambda: listener.data == [("_reliable", b"hello")])
    assert peer.send_data("_reliable", b"hello yourself")
    await until(lambda: heard == [b"hello yourself"])
    await connection.close()
    await until(lambda: listener.closed == ["remote_closed"])
