"""Media nodes: registration with the node secret, heartbeats, goodbye. A node's later calls carry its own token."""

import hmac

from chalicelib import telemetry
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import NodeId, is_node_id
from chalicelib.contract.limits import MAX_URL_CHARS
from chalicelib.contract.node_messages import (
    PROTOCOL_VERSION,
    Heartbeat,
    HeartbeatAccepted,
    LeaveReason,
    NodeRegistered,
    RegisterNode,
)
from chalicelib.contract.token_claims import NODE_TOKEN_SECONDS, NodeClaims
from chalicelib.domain.node import Node
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.ports import ConditionFailed
from chalicelib.services.retrying import until_it_holds
from chalicelib.services.session_end import end_if_over

_MAX_WORD_CHARS = 64


def check_node_secret(deps: Dependencies, secret: str) -> None:
    """Let only holders of the node secret pass. Raises ParleyError CREDENTIAL_MISSING or CREDENTIAL_INVALID."""
    if not secret:
        raise ParleyError(ErrorId.CREDENTIAL_MISSING, "the node secret is required: Authorization: Bearer ...")
    if not hmac.compare_digest(secret.encode(), deps.config.node_secret.encode()):
        raise ParleyError(ErrorId.CREDENTIAL_INVALID, "the node secret is wrong")


def register(deps: Dependencies, request: RegisterNode) -> NodeRegistered:
    """Make a node known. An id belongs to one life of one process; the same call again gets a new token.

    Raises ParleyError INVALID_FIELD, or ALREADY_EXISTS when the id is another node's or that of one given up.
    """
    _check(request)
    node = Node(
        node_id=request.node_id,
        url=request.url.rstrip("/"),
        version=request.version,
        region=request.region,
        lease_ms=deps.config.node_lease_ms,
        last_seen_ms=deps.now_ms(),
    )
    try:
        deps.nodes.register(node)
    except ConditionFailed:
        known = deps.nodes.get(node.node_id)
        if known is None or known.gone_at_ms is not None or known.url != node.url:
            raise ParleyError(ErrorId.ALREADY_EXISTS, "this node id was used before", "/node_id") from None
    telemetry.logger().info("node registered", node_id=node.node_id, version=node.version, region=node.region)
    return NodeRegistered(
        node_token=_token(deps, node.node_id),
        heartbeat_interval_ms=deps.config.heartbeat_interval_ms,
        lease_ms=deps.config.node_lease_ms,
        signing_keys=(deps.signer.signing_key,),
    )


def heartbeat(deps: Dependencies, claims: NodeClaims, beat: Heartbeat) -> HeartbeatAccepted:
    """Renew a node's lease, and its token when less than half of that one's life is left.

    Raises ParleyError NODE_NOT_REGISTERED when the node is unknown or was given up, INVALID_FIELD.
    """
    if beat.sessions < 0 or beat.peers < 0:
        raise ParleyError(ErrorId.INVALID_FIELD, "counts cannot be negative")
    now_ms = deps.now_ms()
    try:
        deps.nodes.heartbeat(claims.node_id, beat, now_ms)
    except ConditionFailed:
        raise ParleyError(ErrorId.NODE_NOT_REGISTERED, "register under a new node id") from None
    old = claims.expires_at - now_ms / 1000 < NODE_TOKEN_SECONDS / 2
    return HeartbeatAccepted(deps.config.node_lease_ms, _token(deps, claims.node_id) if old else None)


def deregister(deps: Dependencies, node_id: NodeId) -> None:
    """Take a node's goodbye: its sessions end now. Nothing happens when it is gone already."""

    def attempt() -> None:
        node = deps.nodes.get(node_id)
        if node is not None and node.gone_at_ms is None:
            deps.nodes.mark_gone(node, LeaveReason.NODE_SHUTDOWN, deps.now_ms())

    until_it_holds(attempt, deps.entropy, deps.sleep)
    # The sweep does this again, and forgets the node: an admission under way may still make it a session.
    for session in deps.sessions.owned_by(node_id):
        end_if_over(deps, session.app_id, session.session_id)


def _check(request: RegisterNode) -> None:
    if not is_node_id(request.node_id):
        raise ParleyError(ErrorId.INVALID_FIELD, "must be nd_ and 8 to 32 lower-case letters or digits", "/node_id")
    if request.protocol_version != PROTOCOL_VERSION:
        raise ParleyError(ErrorId.INVALID_FIELD, f"this is protocol version {PROTOCOL_VERSION}", "/protocol_version")
    if not request.url.startswith(("http://", "https://")) or len(request.url) > MAX_URL_CHARS:
        raise ParleyError(ErrorId.INVALID_FIELD, f"must be an http(s) URL of {MAX_URL_CHARS} characters", "/url")
    if len(request.version) > _MAX_WORD_CHARS or len(request.region) > _MAX_WORD_CHARS:
        raise ParleyError(ErrorId.INVALID_FIELD, f"version and region may have {_MAX_WORD_CHARS} characters")


def _token(deps: Dependencies, node_id: NodeId) -> str:
    issued_at = deps.now_ms() // 1000
    claims = NodeClaims(node_id, deps.entropy(16).hex(), issued_at + NODE_TOKEN_SECONDS)
    return deps.signer.sign_node(claims, issued_at)
