"""A node's standing with the control plane: registering, heartbeats, and starting over when it is taken for dead.

While the control plane does not answer, nothing here ends a call: the node keeps what it has and goes on trying. Only
an answer that says the node is not registered any more does, because then its sessions may live elsewhere.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import NodeId
from chalicelib.contract.node_messages import Heartbeat, NodeRegistered, RegisterNode, SigningKey
from media_node.control_plane.backoff import backoff_s
from media_node.control_plane.client import ControlPlaneClient

_log = logging.getLogger(__name__)

_TOKEN_TROUBLE = {
    ErrorId.CREDENTIAL_MISSING,
    ErrorId.CREDENTIAL_INVALID,
    ErrorId.TOKEN_MISSING,
    ErrorId.TOKEN_INVALID,
    ErrorId.TOKEN_EXPIRED,
    ErrorId.TOKEN_REVOKED,
}


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What a node says of itself; `secret` is the fleet's shared credential for registering."""

    secret: str = field(repr=False)
    url: str
    version: str
    region: str = ""


class Registration:
    """Keeps one node registered. `on_fenced` is called when everything that the node owned is lost to it."""

    def __init__(
        self,
        client: ControlPlaneClient,
        facts: NodeFacts,
        new_node_id: Callable[[], NodeId],
        load: Callable[[], Heartbeat],
        on_fenced: Callable[[], None],
        chance: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client = client
        self._facts = facts
        self._new_node_id = new_node_id
        self._load = load
        self._on_fenced = on_fenced
        self._chance = chance
        self._sleep = sleep
        self._current: NodeRegistered | None = None
        self._token = ""
        self.node_id = new_node_id()
        self.heartbeats = 0
        self.failed_heartbeats = 0

    @property
    def registered(self) -> bool:
        """Tell whether the control plane knows this node, as far as the node can know."""
        return self._current is not None

    def token(self) -> str:
        """Return the credential of this node's calls. Raises ParleyError while it is not registered."""
        if self._current is None:
            raise ParleyError(ErrorId.CONTROL_PLANE_UNREACHABLE, "this node is not registered yet")
        return self._token

    def signing_keys(self) -> tuple[SigningKey, ...]:
        """Return the keys that the control plane signs with; none while this node is not registered."""
        return self._current.signing_keys if self._current is not None else ()

    async def run(self) -> None:
        """Register and send heartbeats until cancelled."""
        while True:
            registered = self._current or await self._register()
            # Up to a tenth less, never more: the lease must not run out because of the jitter.
            await self._sleep(registered.heartbeat_interval_ms / 1000 * (1.0 - 0.1 * self._chance()))
            await self.beat()

    async def beat(self) -> None:
        """Send one heartbeat and act on the answer."""
        try:
            accepted = await self._client.heartbeat(self.token(), self.node_id, self._load())
        except ParleyError as error:
            self.failed_heartbeats += 1
            self.on_refused(error)
            return
        self.heartbeats += 1
        self._token = accepted.node_token or self._token

    def on_refused(self, error: ParleyError) -> None:
        """Take an error that a call with this node's token met, whichever call it was."""
        if error.error is ErrorId.NODE_NOT_REGISTERED:
            self._start_over()
        elif error.error in _TOKEN_TROUBLE:
            _log.warning("credential refused; registering again", extra={"error": error.error.id})
            self._current = None

    def _start_over(self) -> None:
        _log.warning("taken for dead; starting over under a new id", extra={"node_id": self.node_id})
        self._current = None
        self.node_id = self._new_node_id()
        self._on_fenced()

    async def leave(self) -> None:
        """Tell the control plane that this node is going. Raises ParleyError."""
        if self._current is not None:
            await self._client.deregister(self.token(), self.node_id)
            self._current = None

    async def _register(self) -> NodeRegistered:
        attempt = 0
        while True:
            facts = self._facts
            try:
                registered = await self._client.register(
                    facts.secret, RegisterNode(self.node_id, facts.url, facts.version, region=facts.region)
                )
            except ParleyError as error:
                _log.warning("cannot register", extra={"error": error.error.id, "attempt": attempt})
                if error.error is ErrorId.ALREADY_EXISTS:
                    self._start_over()  # given up while our token had expired: this id will never be taken again
                await self._sleep(backoff_s(attempt, self._chance))
                attempt += 1
                continue
            self._current, self._token = registered, registered.node_token
            _log.info("registered", extra={"node_id": self.node_id})
            return registered
