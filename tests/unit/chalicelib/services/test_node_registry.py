"""Registration, heartbeats and tokens of nodes."""

import pytest

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import NodeId
from chalicelib.contract.node_messages import Heartbeat, LeaveReason, RegisterNode
from chalicelib.contract.token_claims import NodeClaims
from chalicelib.services import node_registry
from chalicelib.services.health import health
from tests.session_life import NODE, Installation, installation


@pytest.fixture
def place() -> Installation:
    return installation()


def register(place: Installation, node_id: str = NODE, url: str = "http://n:7000", **fields: object) -> object:
    return node_registry.register(place.deps, RegisterNode(NodeId(node_id), url, "0.1.0", **fields))  # type: ignore[arg-type]


def error_of(place: Installation, *arguments: str, **fields: object) -> ErrorId:
    with pytest.raises(ParleyError) as refused:
        register(place, *arguments, **fields)
    return refused.value.error


def test_a_registered_node_gets_a_token_of_its_own_and_what_it_needs_to_know(place: Installation) -> None:
    answer = node_registry.register(place.deps, RegisterNode(NODE, "http://n:7000/", "0.1.0", region="eu"))
    claims = place.deps.signer.verify_node(answer.node_token, place.clock.ms)
    assert (claims.node_id, claims.expires_at) == (NODE, place.clock.ms // 1000 + 3600)
    assert (answer.heartbeat_interval_ms, answer.lease_ms) == (1_000, 5_000)
    assert answer.signing_keys == (place.deps.signer.signing_key,)
    node = place.deps.nodes.get(NODE)
    assert node is not None
    assert (node.url, node.region, node.last_seen_ms) == ("http://n:7000", "eu", place.clock.ms)


def test_registering_again_is_safe_and_taking_over_is_not(place: Installation) -> None:
    register(place)
    register(place)
    assert error_of(place, NODE, "http://thief:7000") is ErrorId.ALREADY_EXISTS
    node = place.deps.nodes.get(NODE)
    assert node is not None
    assert node.url == "http://n:7000"
    place.deps.nodes.mark_gone(node, LeaveReason.NODE_LOST, place.clock.ms)
    assert error_of(place, NODE) is ErrorId.ALREADY_EXISTS


def test_what_makes_no_sense_is_refused(place: Installation) -> None:
    assert error_of(place, "node one") is ErrorId.INVALID_FIELD
    assert error_of(place, NODE, "ftp://n") is ErrorId.INVALID_FIELD
    assert error_of(place, NODE, "http://" + "n" * 2048) is ErrorId.INVALID_FIELD
    assert error_of(place, protocol_version=2) is ErrorId.INVALID_FIELD
    assert error_of(place, region="x" * 65) is ErrorId.INVALID_FIELD
    assert place.deps.nodes.registered() == []


@pytest.mark.parametrize(
    ("secret", "error"),
    [("", ErrorId.CREDENTIAL_MISSING), ("wrong", ErrorId.CREDENTIAL_INVALID), ("é", ErrorId.CREDENTIAL_INVALID)],
)
def test_only_the_node_secret_registers(place: Installation, secret: str, error: ErrorId) -> None:
    with pytest.raises(ParleyError) as refused:
        node_registry.check_node_secret(place.deps, secret)
    assert refused.value.error is error
    node_registry.check_node_secret(place.deps, "node-secret")


def test_a_heartbeat_renews_the_lease_and_an_old_token(place: Installation) -> None:
    register(place)
    expires_at = place.clock.ms // 1000 + 3600
    place.clock.advance(1_700_000)
    beat = Heartbeat(1, 2)
    assert node_registry.heartbeat(place.deps, NodeClaims(NODE, "j", expires_at), beat).node_token is None
    place.clock.advance(200_000)
    accepted = node_registry.heartbeat(place.deps, NodeClaims(NODE, "j", expires_at), beat)
    assert accepted.lease_ms == 5_000
    assert accepted.node_token is not None
    assert place.deps.signer.verify_node(accepted.node_token, place.clock.ms).node_id == NODE


def test_a_heartbeat_of_a_stranger_or_with_nonsense_is_refused(place: Installation) -> None:
    for beat, error in ((Heartbeat(0, 0), ErrorId.NODE_NOT_REGISTERED), (Heartbeat(-1, 0), ErrorId.INVALID_FIELD)):
        with pytest.raises(ParleyError) as refused:
            node_registry.heartbeat(place.deps, NodeClaims(NODE, "j", 2_000_000_000), beat)
        assert refused.value.error is error


def test_health_needs_a_node_with_a_live_lease(place: Installation) -> None:
    with pytest.raises(ParleyError, match="no_node_available"):
        health(place.deps)
    register(place)
    assert health(place.deps).nodes == 1
    place.pass_time(6)
    with pytest.raises(ParleyError, match="no_node_available"):
        health(place.deps)
