"""What live control needs from the outside world: a way to post to a node. The real one is stores/node_http.py."""

from dataclasses import dataclass
from typing import Protocol


class NodeSilent(Exception):
    """The node gave no whole answer in time: whether it got the request is not known."""


@dataclass(frozen=True, slots=True)
class NodeReply:
    """The status and the body of an answer, whatever they are."""

    status: int
    body: bytes


class NodePost(Protocol):
    """HTTP towards nodes."""

    def post(self, url: str, body: bytes, timeout_s: float) -> NodeReply:
        """Post `body` (a JWT) to `url`, following nothing. Raises NodeSilent after `timeout_s` in all."""
        ...
