"""Agent dispatches of rooms: making, listing and removing them. No agent workers connect yet, so nobody is sent."""

from collections.abc import Sequence

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import uuid7
from chalicelib.contract.limits import MAX_NAME_CHARS
from chalicelib.contract.node_commands import MAX_ATTRIBUTES_BYTES, MAX_ROOM_METADATA_BYTES
from chalicelib.domain.agent_dispatch import AgentDispatch
from chalicelib.domain.livekit_claims import AgentOrder
from chalicelib.domain.meeting import Meeting
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.ports import ConditionFailed

MAX_DISPATCHES = 50  # of one room at a time
_DEPLOYMENT_CHARS = 256


def create_dispatch(deps: Dependencies, meeting: Meeting, order: AgentOrder) -> AgentDispatch:
    """Keep an order for an agent. Raises ParleyError INVALID_FIELD or QUOTA_REACHED."""
    _check(order)
    if len(list_dispatches(deps, meeting, "")) >= MAX_DISPATCHES:
        raise ParleyError(ErrorId.QUOTA_REACHED, f"a room may have {MAX_DISPATCHES} agent dispatches")
    now_ms = deps.now_ms()
    dispatch = AgentDispatch(
        id="AD_" + uuid7(now_ms, deps.entropy(10)).replace("-", ""),
        app_id=meeting.app_id,
        meeting_id=meeting.id,
        agent_name=order.agent_name,
        created_at_ms=now_ms,
        metadata=order.metadata,
        deployment=order.deployment,
        restart_policy=order.restart_policy,
        attributes=order.attributes,
    )
    deps.dispatches.add(dispatch)
    return dispatch


def check_orders(orders: Sequence[AgentOrder]) -> None:
    """Raise ParleyError INVALID_FIELD unless a room may be made with these agents."""
    if len(orders) > MAX_DISPATCHES:
        raise ParleyError(ErrorId.INVALID_FIELD, f"at most {MAX_DISPATCHES} agents", "/agents")
    for order in orders:
        _check(order)


def dispatch_agents(deps: Dependencies, meeting: Meeting, orders: Sequence[AgentOrder]) -> None:
    """Keep the orders of a room's configuration. Raises what create_dispatch() raises."""
    for order in orders:
        create_dispatch(deps, meeting, order)


def list_dispatches(deps: Dependencies, meeting: Meeting, dispatch_id: str) -> list[AgentDispatch]:
    """Return the room's dispatches, the oldest first, or only the one with this id if it is not empty."""
    found = deps.dispatches.of_meeting(meeting.app_id, meeting.id)
    return [dispatch for dispatch in found if dispatch_id in ("", dispatch.id)]


def delete_dispatch(deps: Dependencies, meeting: Meeting, dispatch_id: str) -> AgentDispatch:
    """Remove a dispatch and return it. Raises ParleyError AGENT_DISPATCH_NOT_FOUND."""
    gone = ParleyError(ErrorId.AGENT_DISPATCH_NOT_FOUND, "no such agent dispatch in this room")
    found = next(iter(list_dispatches(deps, meeting, dispatch_id)), None) if dispatch_id else None
    if found is None:
        raise gone
    try:
        deps.dispatches.delete(found)
    except ConditionFailed:
        raise gone from None
    return found


def forget_agents(deps: Dependencies, meeting: Meeting) -> None:
    """Remove every dispatch of a room that ends."""
    for dispatch in list_dispatches(deps, meeting, ""):
        try:
            deps.dispatches.delete(dispatch)
        except ConditionFailed:
            continue  # somebody else has just removed it


def _check(order: AgentOrder) -> None:
    if not order.agent_name or len(order.agent_name) > MAX_NAME_CHARS:
        raise ParleyError(ErrorId.INVALID_FIELD, f"1 to {MAX_NAME_CHARS} characters", "/agent_name")
    if len(order.metadata.encode()) > MAX_ROOM_METADATA_BYTES:
        raise ParleyError(ErrorId.INVALID_FIELD, f"at most {MAX_ROOM_METADATA_BYTES} bytes", "/metadata")
    if len(order.deployment) > _DEPLOYMENT_CHARS:
        raise ParleyError(ErrorId.INVALID_FIELD, f"at most {_DEPLOYMENT_CHARS} characters", "/deployment")
    if sum(len(name.encode()) + len(value.encode()) for name, value in order.attributes.items()) > MAX_ATTRIBUTES_BYTES:
        raise ParleyError(ErrorId.INVALID_FIELD, f"at most {MAX_ATTRIBUTES_BYTES} bytes", "/attributes")
