"""ICE-lite (RFC 8445 section 2.5) for one peer: which addresses have proved that they may talk, and which is used.

Pure: bytes, addresses and times come in, bytes and decisions go out. STUN is read and written with aioice's codec, and
only StunError leaves it. Sockets and address tables are endpoint.py's.
"""

import base64
import enum
import ipaddress
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from aioice import stun

from media_node.transport.udp_socket import Address

MAX_ADDRESSES = 8  # a phone on Wi-Fi and mobile, IPv4 and IPv6, with a NAT that rebinds each once
MAX_REQUEST_BYTES = 576  # a check of libwebrtc is about 120 bytes
MAX_USERNAME_BYTES = 513  # two fragments of 256 characters and the colon
_MAX_ATTRIBUTES = 32
_HEADER = 20
_COOKIE = 0x2112A442
_BINDING_REQUEST = 0x0001
_USERNAME = 0x0006


class StunFault(enum.Enum):
    """Why a check was refused."""

    MALFORMED = "malformed"
    NOT_A_REQUEST = "not_a_request"
    UNAUTHENTICATED = "unauthenticated"


class StunError(Exception):
    """A datagram that is not a valid, authenticated binding request."""

    def __init__(self, fault: StunFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


class IceCredentials(NamedTuple):
    """User name fragment and password of one side (RFC 8445 section 5.3)."""

    ufrag: str
    pwd: str


@dataclass(frozen=True, slots=True)
class CheckPassed:
    """An authenticated check: the answer to send, and what changed in the peer's addresses."""

    response: bytes
    evicted: Address | None = None
    retired_ufrag: str | None = None


def generate_credentials(entropy: Callable[[int], bytes]) -> IceCredentials:
    """Return fresh credentials: 48 bits of user name and 144 bits of password (RFC 8445 asks for 24 and 128)."""
    return IceCredentials(
        base64.b64encode(entropy(6)).decode("ascii"),
        base64.b64encode(entropy(18)).decode("ascii"),
    )


def read_username(datagram: bytes) -> str:
    """Return the USERNAME of a binding request without parsing the rest. Raises StunError.

    It costs a tenth of a full parse, so that requests for nobody are refused before any is paid.
    """
    if not _HEADER <= len(datagram) <= MAX_REQUEST_BYTES:
        raise StunError(StunFault.MALFORMED)
    kind, length, cookie = struct.unpack_from("!HHI", datagram)
    if kind != _BINDING_REQUEST:
        raise StunError(StunFault.NOT_A_REQUEST)
    if cookie != _COOKIE or length != len(datagram) - _HEADER or length % 4:
        raise StunError(StunFault.MALFORMED)
    position = _HEADER
    for _ in range(_MAX_ATTRIBUTES):
        if position + 4 > len(datagram):
            break
        attribute, size = struct.unpack_from("!HH", datagram, position)
        if attribute == _USERNAME and size <= MAX_USERNAME_BYTES:
            return datagram[position + 4 : position + 4 + size].decode("ascii", "replace")
        position += 4 + size + -size % 4
    raise StunError(StunFault.MALFORMED)


def verify_request(datagram: bytes, password: str) -> stun.Message:
    """Return the parsed binding request after checking MESSAGE-INTEGRITY with `password`. Raises StunError."""
    try:
        message = stun.parse_message(datagram)
        authentic = message.check_message_integrity(password.encode("ascii"))
    except Exception as error:  # aioice raises whatever its decoders meet; every one of them means the same here
        raise StunError(StunFault.MALFORMED) from error
    if message.message_method != stun.Method.BINDING or message.message_class != stun.Class.REQUEST:
        raise StunError(StunFault.NOT_A_REQUEST)
    if not authentic:
        raise StunError(StunFault.UNAUTHENTICATED)
    return message


def binding_success(transaction_id: bytes, source: Address, password: str) -> bytes:
    """Return a Binding Success for `source` with XOR-MAPPED-ADDRESS, MESSAGE-INTEGRITY and FINGERPRINT."""
    response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, transaction_id)
    response.attributes["XOR-MAPPED-ADDRESS"] = (_plain_host(source[0]), source[1])
    response.add_message_integrity(password.encode("ascii"))
    return bytes(response)


def _plain_host(host: str) -> str:
    """Return the IPv4 address inside an IPv6-mapped one (a dual-stack socket reports those), else `host`."""
    address = ipaddress.ip_address(host.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


class IceLite:
    """The controlled, lite side of one peer's ICE. It answers checks and never sends one."""

    def __init__(self, local: IceCredentials) -> None:
        self.local = local
        self.remote_ufrag: str | None = None
        self.selected: Address | None = None
        self.last_check: float | None = None
        self.first_check: float | None = None
        self.addresses: dict[Address, float] = {}
        self._retiring: tuple[IceCredentials, str | None] | None = None

    def restart(self, local: IceCredentials, remote_ufrag: str) -> str | None:
        """Take new credentials; the old pass until a check with the new does. Returns a user name nobody needs now."""
        dropped = self._retiring[0].ufrag if self._retiring else None
        self._retiring = (self.local, self.remote_ufrag)
        self.local, self.remote_ufrag = local, remote_ufrag
        return dropped

    def ufrags(self) -> tuple[str, ...]:
        """Return the local user names that reach this peer."""
        return (self.local.ufrag, self._retiring[0].ufrag) if self._retiring else (self.local.ufrag,)

    def check(self, datagram: bytes, username: str, source: Address, now: float) -> CheckPassed:
        """Verify a binding request for this peer and take its address. Raises StunError.

        The role attributes are not looked at: a lite agent is always controlled, so there is no conflict to settle.
        """
        local, _, remote = username.partition(":")
        credentials, expected_remote = self.local, self.remote_ufrag
        if local != credentials.ufrag and self._retiring is not None:
            credentials, expected_remote = self._retiring
        if local != credentials.ufrag or (expected_remote is not None and remote != expected_remote):
            raise StunError(StunFault.UNAUTHENTICATED)
        message = verify_request(datagram, credentials.pwd)
        response = binding_success(message.transaction_id, source, credentials.pwd)
        retired = None
        if self._retiring is not None and credentials is self.local:
            retired, self._retiring = self._retiring[0].ufrag, None
        evicted = self._take_address(source, "USE-CANDIDATE" in message.attributes, now)
        return CheckPassed(response, evicted, retired)

    def _take_address(self, source: Address, nominated: bool, now: float) -> Address | None:
        self.last_check = now
        self.first_check = now if self.first_check is None else self.first_check
        self.addresses[source] = now
        if nominated or self.selected is None:
            self.selected = source
        if len(self.addresses) <= MAX_ADDRESSES:
            return None
        idle = min((a for a in self.addresses if a not in (self.selected, source)), key=self.addresses.__getitem__)
        del self.addresses[idle]
        return idle

    def forget_silent(self, before: float) -> list[Address]:
        """Drop the addresses with no check since `before`; when the selected one goes, the freshest takes over."""
        silent = [address for address, checked in self.addresses.items() if checked < before]
        for address in silent:
            del self.addresses[address]
        if self.selected in silent:
            self.selected = max(self.addresses, key=self.addresses.__getitem__, default=None)
        return silent

    def forget(self, address: Address) -> None:
        """Drop an address that now belongs to another peer."""
        self.addresses.pop(address, None)
        if self.selected == address:
            self.selected = max(self.addresses, key=self.addresses.__getitem__, default=None)
