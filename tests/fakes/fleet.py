"""Nodes in memory behind the port that posts to them: the node's own gate and room, without sockets."""

import json
from urllib.parse import urlsplit

from chalicelib.contract.codec import to_json
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import NodeId
from chalicelib.contract.node_commands import Command, CommandAnswer, CommandClaims, RpcAnswer
from chalicelib.contract.node_messages import Admission, SigningKey
from chalicelib.services.live_control_ports import NodeReply, NodeSilent
from media_node.control_plane.commands import CommandCounters, CommandGate
from media_node.room.control import carry_out
from media_node.room.effects import RoomEffect
from media_node.room.members import Peer, SessionFacts
from media_node.room.room import Room
from tests.fakes.clock import FakeClock


class FakeFleet:
    """NodePost over rooms; what is set in `silent` and `reply_next` comes before anything else."""

    def __init__(self, clock: FakeClock, key: SigningKey) -> None:
        self._clock = clock
        self._key = key
        self._gates: dict[str, CommandGate] = {}
        self.rooms: dict[str, Room] = {}
        self.commands: list[Command] = []
        self.effects: list[RoomEffect] = []
        self.silent = False
        self.reply_next: NodeReply | None = None
        self.rpc_answer = RpcAnswer("pong")

    def enter(self, admission: Admission) -> Peer:
        """Let an admitted peer into its room, connected."""
        room = self.rooms.setdefault(admission.session_id, Room(_facts_of(admission)))
        peer = Peer(
            admission.peer_id,
            admission.participant_id,
            admission.identity,
            admission.grants,
            self._clock.ms,
            admission.name,
        )
        room.join(peer)
        room.connected(peer.id)
        return peer

    def post(self, url: str, body: bytes, timeout_s: float) -> NodeReply:
        """See the port."""
        if self.silent:
            raise NodeSilent("TimeoutError")
        if self.reply_next is not None:
            reply, self.reply_next = self.reply_next, None
            return reply
        parts = urlsplit(url)
        assert parts.path == "/commands"
        try:
            claims = self._gate(parts.hostname or "").read(body)
            answer = self._carried_out(claims)
        except ParleyError as error:
            told = {"code": error.error.status, "id": error.error.id, "message": error.message}
            return NodeReply(error.error.status, json.dumps({"success": False, "error": told}).encode())
        return NodeReply(200, json.dumps({"success": True, "data": to_json(answer)}).encode())

    def _gate(self, host: str) -> CommandGate:
        now_s = lambda: self._clock.ms / 1000  # noqa: E731
        node_id = NodeId(host)
        return self._gates.setdefault(host, CommandGate(lambda: [self._key], lambda: node_id, now_s, CommandCounters()))

    def _carried_out(self, claims: CommandClaims) -> CommandAnswer:
        self.commands.append(claims.command)
        room = self.rooms.get(claims.session_id)
        if room is None:
            facts = SessionFacts(claims.app_id, claims.meeting_id, "", claims.session_id, claims.epoch, 0)
            room = Room(facts)
        if room.facts.epoch != claims.epoch:
            raise ParleyError(ErrorId.STALE_EPOCH, "another epoch")
        if claims.command.perform_rpc is not None:
            return CommandAnswer(rpc=self.rpc_answer)
        outcome = carry_out(room, claims.command)
        self.effects += outcome.effects
        return outcome.answer


def _facts_of(admission: Admission) -> SessionFacts:
    return SessionFacts(
        admission.app_id,
        admission.meeting_id,
        admission.meeting_title,
        admission.session_id,
        admission.epoch,
        admission.session_started_at_ms,
        room_metadata=admission.room_metadata,
    )
