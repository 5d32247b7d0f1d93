"""Pins what transport/ uses of the insides of aiortc and pylibsrtp: an upgrade that moves them fails here."""

import inspect
from importlib.metadata import version

import pylibsrtp
import pytest
from aiortc import rtcdtlstransport, rtcsctptransport
from pylibsrtp import _binding


@pytest.mark.parametrize(("package", "series"), [("aiortc", "1.16."), ("pylibsrtp", "1.0."), ("aioice", "0.13.")])
def test_the_versions_are_the_ones_this_was_written_against(package: str, series: str) -> None:
    assert version(package).startswith(series)


@pytest.mark.parametrize(
    "name",
    ["_set_role", "_set_state", "_setup_srtp", "_validate_peer_identity", "_register_data_receiver", "_send_data",
     "_unregister_data_receiver"],
)  # fmt: skip
def test_the_dtls_transport_has_the_methods_that_the_link_uses_or_replaces(name: str) -> None:
    assert callable(getattr(rtcdtlstransport.RTCDtlsTransport, name))


@pytest.mark.parametrize("name", ["_role", "_state", "_ssl", "_rx_srtp", "_tx_srtp", "_srtp_profiles", "encrypted"])
def test_the_dtls_transport_sets_the_attributes_that_the_link_uses(name: str) -> None:
    assert f"self.{name}" in inspect.getsource(rtcdtlstransport.RTCDtlsTransport.__init__)


def test_the_certificate_makes_a_context_with_the_profiles_it_is_given() -> None:
    parameters = inspect.signature(rtcdtlstransport.RTCCertificate._create_ssl_context).parameters
    assert list(parameters) == ["self", "srtp_profiles"]


def test_the_profiles_are_compared_by_openssl_name() -> None:
    source = inspect.getsource(rtcdtlstransport.RTCDtlsTransport._setup_srtp)
    assert "for srtp_profile in self._srtp_profiles" in source


@pytest.mark.parametrize(
    "name",
    [
        "_handle_data",
        "_receive",
        "_receive_data_chunk",
        "_get_inbound_stream",
        "_data_channel_receive",
        "start",
        "stop",
    ],
)
def test_the_sctp_transport_has_the_methods_that_the_association_uses_or_replaces(name: str) -> None:
    assert callable(getattr(rtcsctptransport.RTCSctpTransport, name))


@pytest.mark.parametrize("name", ["_last_received_tsn", "_advertised_rwnd", "_inbound_streams", "_data_channels"])
def test_the_sctp_transport_sets_the_attributes_that_the_association_uses(name: str) -> None:
    assert f"self.{name}" in inspect.getsource(rtcsctptransport.RTCSctpTransport.__init__)


def test_the_sctp_transport_waits_for_nothing_but_itself() -> None:
    """`run_without_waiting` rests on it: every await ends in _send_data, which the link answers at once."""
    source = inspect.getsource(rtcsctptransport)
    for suspension in ("asyncio.sleep", "wait_for", "asyncio.Event", "asyncio.Queue", "asyncio.Lock"):
        assert suspension not in source


def test_pylibsrtp_exposes_its_context_and_its_library() -> None:
    session = pylibsrtp.Session()
    assert _binding.ffi.typeof(session._srtp[0]).cname == "struct srtp_ctx_t_ *"
    for name in ("srtp_protect", "srtp_protect_rtcp", "srtp_unprotect", "srtp_unprotect_rtcp"):
        assert callable(getattr(_binding.lib, name))
