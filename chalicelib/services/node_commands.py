"""One signed command to the node that owns a session, and its answer. What may be commanded is in live_control.py."""

import json
from typing import Any

from chalicelib import telemetry
from chalicelib.contract.codec import ContractError, from_json
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.node_commands import (
    COMMAND_SECONDS,
    MAX_COMMAND_BYTES,
    Command,
    CommandAnswer,
    CommandClaims,
)
from chalicelib.domain.node import Node
from chalicelib.domain.session import Session
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.live_control_ports import NodeReply, NodeSilent

ANSWER_WITHIN_S = 2.0
_ERRORS = {error.id: error for error in ErrorId}
_PASSED_ON = {
    ErrorId.PARTICIPANT_NOT_FOUND,
    ErrorId.TRACK_NOT_FOUND,
    ErrorId.INVALID_FIELD,
    ErrorId.BODY_TOO_LARGE,
    ErrorId.BUSY,
}


def send_command(
    deps: Dependencies, session: Session, node: Node, command: Command, within_s: float = ANSWER_WITHIN_S
) -> CommandAnswer:
    """Let the node carry out a command on its session. What cannot be reached is not tried again here.

    Raises ParleyError NODE_UNREACHABLE, NO_ACTIVE_SESSION, or the node's own PARTICIPANT_NOT_FOUND, TRACK_NOT_FOUND,
    INVALID_FIELD, BODY_TOO_LARGE or BUSY.
    """
    token = deps.signer.sign_command(_claims(deps, session, command)).encode()
    if len(token) > MAX_COMMAND_BYTES:
        raise ParleyError(ErrorId.BODY_TOO_LARGE, f"a command may have {MAX_COMMAND_BYTES} bytes")
    extra: dict[str, Any] = {"command": command.name, "session_id": session.session_id, "node_id": node.node_id}
    try:
        answer = _read(deps.node_post.post(f"{node.url}/commands", token, within_s))
    except NodeSilent as error:
        telemetry.count("NodeUnreachable")
        telemetry.logger().warning("node unreachable", reason=str(error), **extra)
        raise _unreachable() from error
    except ParleyError as error:
        telemetry.logger().info("command refused by its node", error=error.error.id, **extra)
        raise
    telemetry.logger().info("command carried out", peers=len(answer.peers), **extra)
    return answer


def _claims(deps: Dependencies, session: Session, command: Command) -> CommandClaims:
    now_s = deps.now_ms() // 1000
    return CommandClaims(
        node_id=session.owner_node_id,
        app_id=session.app_id,
        meeting_id=session.meeting_id,
        session_id=session.session_id,
        epoch=session.epoch,
        jti=deps.entropy(16).hex(),
        issued_at=now_s,
        expires_at=now_s + COMMAND_SECONDS,
        command=command,
    )


def _read(reply: NodeReply) -> CommandAnswer:
    try:
        envelope: Any = json.loads(reply.body)
    except (ValueError, RecursionError):
        envelope = None
    if not isinstance(envelope, dict):
        raise NodeSilent(f"status {reply.status} without an envelope")
    if reply.status == 200:
        try:
            return from_json(CommandAnswer, envelope.get("data"))
        except ContractError as error:
            raise NodeSilent(f"not an answer: {error}") from error
    raise _told(envelope.get("error"), reply.status)


def _told(told: Any, status: int) -> Exception:
    known = _ERRORS.get(str(told.get("id"))) if isinstance(told, dict) else None
    if known is ErrorId.STALE_EPOCH:
        return ParleyError(ErrorId.NO_ACTIVE_SESSION, "the session has just ended")
    if known in _PASSED_ON:
        return ParleyError(known, str(told.get("message", ""))[:500])
    # It does not take our signature, or does not know commands: for a caller that is as good as not reaching it.
    return NodeSilent(f"status {status}: {known.id if known else 'no known error'}")


def _unreachable() -> ParleyError:
    return ParleyError(
        ErrorId.NODE_UNREACHABLE, "the media node of this session does not answer; try again in a few seconds"
    )
