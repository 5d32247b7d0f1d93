"""Media nodes as the control plane sees them: the lease that heartbeats renew, and when it is over.

Pure. All times are ms since 1970 on the control plane's clock: a node's own clock is never believed.
"""

from dataclasses import dataclass

from chalicelib.contract.ids import NodeId
from chalicelib.contract.node_messages import LeaveReason


@dataclass(frozen=True, slots=True)
class Node:
    """A registered media node. `gone_at_ms` is set once, when it said goodbye or the sweep gave it up."""

    node_id: NodeId
    url: str
    version: str
    region: str
    lease_ms: int
    last_seen_ms: int
    sessions: int = 0
    peers: int = 0
    draining: bool = False
    gone_at_ms: int | None = None
    gone_reason: LeaveReason | None = None


def lease_is_over(node: Node, now_ms: int) -> bool:
    """Tell whether no heartbeat came for longer than the lease, or the node is gone for good."""
    return node.gone_at_ms is not None or now_ms - node.last_seen_ms > node.lease_ms


def last_alive_ms(node: Node) -> int:
    """Return when the node was last known to work: its goodbye, or its last heartbeat."""
    if node.gone_at_ms is not None and node.gone_reason is LeaveReason.NODE_SHUTDOWN:
        return node.gone_at_ms
    return node.last_seen_ms
