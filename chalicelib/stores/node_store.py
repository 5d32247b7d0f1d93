"""Media nodes in DynamoDB: a row of its own for each one's heartbeats, and a registry of which there are."""

from collections.abc import Sequence

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from chalicelib.contract.ids import NodeId
from chalicelib.contract.node_messages import Heartbeat, LeaveReason
from chalicelib.domain.node import Node
from chalicelib.services.ports import Key
from chalicelib.stores import table

_REGISTRY = "NODES"
_SWEEP_KEY: Key = ("SWEEP", "SWEEP")


class NodeItem(table.Item, discriminator="node"):
    """``NODE#{id}`` / ``NODE``: one write per heartbeat, each node in a partition of its own."""

    node_id = UnicodeAttribute()
    url = UnicodeAttribute()
    version = UnicodeAttribute()
    region = UnicodeAttribute()
    lease_ms = NumberAttribute()
    last_seen_ms = NumberAttribute()
    sessions = NumberAttribute()
    peers = NumberAttribute()
    draining = BooleanAttribute()
    gone_at_ms = NumberAttribute(null=True)
    gone_reason = UnicodeAttribute(null=True)


class RegisteredNodeItem(table.Item, discriminator="registered_node"):
    """``NODES`` / ``{id}``: which nodes there are. Heartbeats never touch it."""

    node_id = UnicodeAttribute()


class SweepItem(table.Item, discriminator="sweep"):
    """``SWEEP`` / ``SWEEP``: when the sweep last ran."""

    at_ms = NumberAttribute()


def node_key(node_id: NodeId) -> Key:
    """Return the key of a node."""
    return f"NODE#{node_id}", "NODE"


def node_of(item: NodeItem) -> Node:
    """Return the domain object of an item."""
    return Node(
        node_id=NodeId(item.node_id),
        url=item.url,
        version=item.version,
        region=item.region,
        lease_ms=int(item.lease_ms),
        last_seen_ms=int(item.last_seen_ms),
        sessions=int(item.sessions),
        peers=int(item.peers),
        draining=item.draining,
        gone_at_ms=None if item.gone_at_ms is None else int(item.gone_at_ms),
        gone_reason=LeaveReason(item.gone_reason) if item.gone_reason else None,
    )


class DynamoNodeStore:
    """The NodeStore of the real system."""

    def register(self, node: Node) -> None:
        """Store a node. Raises ConditionFailed when the id is taken, by a node that is gone too."""
        item = NodeItem(
            *node_key(node.node_id),
            node_id=node.node_id,
            url=node.url,
            version=node.version,
            region=node.region,
            lease_ms=node.lease_ms,
            last_seen_ms=node.last_seen_ms,
            sessions=node.sessions,
            peers=node.peers,
            draining=node.draining,
        )
        with table.transaction() as write:
            write.save(item, condition=NodeItem.pk.does_not_exist())
            write.save(RegisteredNodeItem(_REGISTRY, node.node_id, node_id=node.node_id))

    def heartbeat(self, node_id: NodeId, beat: Heartbeat, now_ms: int) -> None:
        """Renew the lease. Raises ConditionFailed when the node is unknown or gone."""
        item = NodeItem(*node_key(node_id))
        actions: list[Action] = [
            NodeItem.last_seen_ms.set(now_ms),
            NodeItem.sessions.set(beat.sessions),
            NodeItem.peers.set(beat.peers),
            NodeItem.draining.set(beat.draining),
        ]
        with table.translated(item.key):
            item.update(actions, condition=NodeItem.pk.exists() & NodeItem.gone_at_ms.does_not_exist())

    def mark_gone(self, observed: Node, reason: LeaveReason, now_ms: int) -> None:
        """Give the node up for good. Raises ConditionFailed when it is gone or was heard of since `observed`."""
        item = NodeItem(*node_key(observed.node_id))
        unheard = NodeItem.gone_at_ms.does_not_exist() & (NodeItem.last_seen_ms == observed.last_seen_ms)
        with table.translated(item.key):
            item.update(
                [NodeItem.gone_at_ms.set(now_ms), NodeItem.gone_reason.set(reason.value)],
                condition=unheard,
            )

    def forget(self, node_id: NodeId) -> None:
        """Remove every trace of a node that is gone."""
        with table.transaction() as write:
            write.delete(NodeItem(*node_key(node_id)))
            write.delete(RegisteredNodeItem(_REGISTRY, node_id))

    def get(self, node_id: NodeId) -> Node | None:
        """Return a node, or None."""
        item = table.get(NodeItem, *node_key(node_id))
        return node_of(item) if item else None

    def get_many(self, node_ids: Sequence[NodeId]) -> dict[NodeId, Node]:
        """Return those of the nodes that there are."""
        if not node_ids:
            return {}
        found = table.get_many(node_key(node_id) for node_id in sorted(set(node_ids))).values()
        nodes = [node_of(item) for item in found if isinstance(item, NodeItem)]
        return {node.node_id: node for node in nodes}

    def registered(self) -> list[Node]:
        """Return every node that is not forgotten, gone ones too."""
        rows = table.query(RegisteredNodeItem, _REGISTRY, "nd_")
        return list(self.get_many([NodeId(row.node_id) for row in rows]).values())

    def last_sweep_ms(self) -> int | None:
        """Return when the last sweep ran, or None."""
        item = table.get(SweepItem, *_SWEEP_KEY)
        return int(item.at_ms) if item else None

    def note_sweep(self, now_ms: int) -> None:
        """Remember that a sweep runs now."""
        table.save(SweepItem(*_SWEEP_KEY, at_ms=now_ms))
