"""ICE-lite as a table of checks and decisions, without sockets."""

import pytest
from aioice import stun
from hypothesis import given
from hypothesis import strategies as st

from media_node.transport.ice_lite import (
    MAX_ADDRESSES,
    IceCredentials,
    IceLite,
    StunError,
    StunFault,
    binding_success,
    generate_credentials,
    read_username,
    verify_request,
)
from media_node.transport.udp_socket import Address

LOCAL = IceCredentials("local123", "p" * 24)
FRESH = IceCredentials("fresh456", "q" * 24)


def address(port: int) -> Address:
    return ("192.0.2.1", port, b"")


def request(username: str = "local123:remote", password: str = LOCAL.pwd, nominate: bool = False) -> bytes:
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes.update({"USERNAME": username, "PRIORITY": 1, "ICE-CONTROLLING": 7})
    if nominate:
        message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(password.encode())
    return bytes(message)


def check(ice: IceLite, port: int, now: float = 0.0, nominate: bool = False) -> None:
    ice.check(request(nominate=nominate), "local123:remote", address(port), now)


def test_credentials_are_long_enough_and_differ_with_the_entropy() -> None:
    ones = generate_credentials(lambda size: b"\x01" * size)
    twos = generate_credentials(lambda size: b"\x02" * size)
    assert (len(ones.ufrag), len(ones.pwd)) == (8, 24)
    assert ones.ufrag != twos.ufrag and ones.pwd != twos.pwd


def test_the_answer_carries_the_mapped_address_and_is_authentic() -> None:
    answer = stun.parse_message(binding_success(b"t" * 12, ("::ffff:192.0.2.9", 4000, b""), LOCAL.pwd))
    assert answer.message_class is stun.Class.RESPONSE
    assert answer.transaction_id == b"t" * 12
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == ("192.0.2.9", 4000)
    assert answer.check_message_integrity(LOCAL.pwd.encode())
    assert "FINGERPRINT" in answer.attributes


def test_an_ipv6_address_is_mapped_as_such() -> None:
    answer = stun.parse_message(binding_success(b"t" * 12, ("2001:db8::1", 4000, b""), LOCAL.pwd))
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == ("2001:db8::1", 4000)


def test_the_user_name_is_read_without_a_full_parse() -> None:
    assert read_username(request("local123:remote")) == "local123:remote"


@pytest.mark.parametrize(
    ("datagram", "fault"),
    [
        (b"", StunFault.MALFORMED),
        (b"\x00\x01\x00\x00", StunFault.MALFORMED),
        (b"\x00\x01\x00\x00" + bytes(16), StunFault.MALFORMED),
        (request() + bytes(600), StunFault.MALFORMED),
        (request()[:-4], StunFault.MALFORMED),
        (bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST)), StunFault.MALFORMED),
        (bytes(stun.Message(stun.Method.BINDING, stun.Class.INDICATION)), StunFault.NOT_A_REQUEST),
        (bytes(stun.Message(stun.Method.BINDING, stun.Class.RESPONSE)), StunFault.NOT_A_REQUEST),
        (bytes(stun.Message(stun.Method.ALLOCATE, stun.Class.REQUEST)), StunFault.NOT_A_REQUEST),
    ],
)
def test_what_is_no_binding_request_has_no_user_name(datagram: bytes, fault: StunFault) -> None:
    with pytest.raises(StunError) as refused:
        read_username(datagram)
    assert refused.value.fault is fault


def test_a_wrong_password_or_a_changed_byte_is_unauthenticated_or_malformed() -> None:
    with pytest.raises(StunError) as refused:
        verify_request(request(password="x" * 24), LOCAL.pwd)
    assert refused.value.fault is StunFault.UNAUTHENTICATED
    genuine = request()
    for position in range(len(genuine) - 8):  # FINGERPRINT, the last 8 bytes, is no secret
        with pytest.raises(StunError):
            verify_request(genuine[:position] + bytes([genuine[position] ^ 0x55]) + genuine[position + 1 :], LOCAL.pwd)


def test_a_request_without_integrity_is_refused() -> None:
    bare = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, attributes={"USERNAME": "local123:remote"})
    with pytest.raises(StunError) as refused:
        IceLite(LOCAL).check(bytes(bare), "local123:remote", address(1), 0.0)
    assert refused.value.fault is StunFault.UNAUTHENTICATED


@given(st.binary(max_size=200))
def test_only_a_stun_error_leaves_the_codec(noise: bytes) -> None:
    for datagram in (noise, request()[:20] + noise, request() + noise):
        with pytest.raises(StunError):
            read_username(datagram)
            verify_request(datagram, "another password")


def test_the_first_address_is_used_until_another_is_nominated() -> None:
    ice = IceLite(LOCAL)
    check(ice, 1)
    check(ice, 2)
    assert ice.selected == address(1)
    check(ice, 2, nominate=True)
    assert ice.selected == address(2)
    check(ice, 1)
    assert ice.selected == address(2)


def test_a_remote_user_name_that_is_not_the_offers_is_refused() -> None:
    ice = IceLite(LOCAL)
    ice.remote_ufrag = "another"
    with pytest.raises(StunError):
        check(ice, 1)
    assert ice.selected is None and ice.last_check is None


def test_addresses_are_bounded_and_the_idle_one_goes_first() -> None:
    ice = IceLite(LOCAL)
    check(ice, 0, now=0.0, nominate=True)
    evicted = [
        ice.check(request(), "local123:remote", address(port), float(port)).evicted
        for port in range(1, MAX_ADDRESSES + 2)
    ]
    assert evicted[-2:] == [address(1), address(2)]
    assert len(ice.addresses) == MAX_ADDRESSES
    assert ice.selected == address(0)


def test_after_a_restart_old_credentials_pass_until_the_new_are_used() -> None:
    ice = IceLite(LOCAL)
    ice.remote_ufrag = "remote"
    check(ice, 1)
    assert ice.restart(FRESH, "remote2") is None
    assert ice.ufrags() == ("fresh456", "local123")
    check(ice, 1, now=1.0)
    passed = ice.check(request("fresh456:remote2", FRESH.pwd), "fresh456:remote2", address(2), 2.0)
    assert passed.retired_ufrag == "local123"
    assert ice.ufrags() == ("fresh456",)
    with pytest.raises(StunError):
        check(ice, 1, now=3.0)


def test_a_second_restart_gives_up_the_credentials_before_the_last() -> None:
    ice = IceLite(LOCAL)
    ice.restart(FRESH, "r2")
    assert ice.restart(IceCredentials("third789", "s" * 24), "r3") == "local123"
    assert ice.ufrags() == ("third789", "fresh456")


def test_a_silent_address_is_forgotten_and_the_freshest_takes_over() -> None:
    ice = IceLite(LOCAL)
    check(ice, 1, now=0.0, nominate=True)
    check(ice, 2, now=5.0)
    check(ice, 3, now=9.0)
    assert ice.forget_silent(before=4.0) == [address(1)]
    assert ice.selected == address(3)
    ice.forget(address(3))
    assert ice.selected == address(2)
    ice.forget(address(2))
    assert ice.selected is None
