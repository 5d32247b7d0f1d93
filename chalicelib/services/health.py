"""Whether calls can be made: the table answers, and a media node has a live lease."""

from dataclasses import dataclass

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.domain.node import lease_is_over
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.ports import Contention, StoreUnavailable


@dataclass(frozen=True, slots=True)
class Health:
    """What works: the number of nodes with a live lease, and the version of the control plane."""

    nodes: int
    version: str


def health(deps: Dependencies) -> Health:
    """Look at the installation. Raises ParleyError NO_NODE_AVAILABLE, or BUSY when the table does not answer."""
    try:
        nodes = deps.nodes.registered()
    except (StoreUnavailable, Contention):
        raise ParleyError(ErrorId.BUSY, "the table does not answer") from None
    live = sum(not lease_is_over(node, deps.now_ms()) for node in nodes)
    if not live:
        raise ParleyError(ErrorId.NO_NODE_AVAILABLE, "the table answers, but no media node is registered")
    return Health(live, deps.config.version)
