"""``livekit.AgentDispatchService``: orders for agents. They are kept and listed; no agent workers connect yet."""

from livekit.protocol import agent_dispatch

from chalicelib.api.twirp.messages import Method
from chalicelib.api.twirp.room_service import administers, agent_order
from chalicelib.contract.ids import AppId
from chalicelib.domain.agent_dispatch import AgentDispatch
from chalicelib.services import agent_dispatch as service
from chalicelib.services import rooms
from chalicelib.services.dependencies import Dependencies

_NS_PER_MS = 1_000_000


def create_dispatch(
    deps: Dependencies, app_id: AppId, asked: agent_dispatch.CreateAgentDispatchRequest
) -> agent_dispatch.AgentDispatch:
    """Keep an order for an agent; the room is made if it is not there, as LiveKit does."""
    meeting = rooms.room_or_new(deps, app_id, asked.room)
    return _view(service.create_dispatch(deps, meeting, agent_order(asked)), asked.room)


def delete_dispatch(
    deps: Dependencies, app_id: AppId, asked: agent_dispatch.DeleteAgentDispatchRequest
) -> agent_dispatch.AgentDispatch:
    """Remove an order."""
    meeting = rooms.get_room(deps, app_id, asked.room)
    view = _view(service.delete_dispatch(deps, meeting, asked.dispatch_id), asked.room)
    view.state.deleted_at = deps.now_ms() * _NS_PER_MS
    return view


def list_dispatch(
    deps: Dependencies, app_id: AppId, asked: agent_dispatch.ListAgentDispatchRequest
) -> agent_dispatch.ListAgentDispatchResponse:
    """Return the room's orders, or one of them."""
    meeting = rooms.get_room(deps, app_id, asked.room)
    found = service.list_dispatches(deps, meeting, asked.dispatch_id)
    return agent_dispatch.ListAgentDispatchResponse(agent_dispatches=[_view(each, asked.room) for each in found])


def _view(dispatch: AgentDispatch, room_name: str) -> agent_dispatch.AgentDispatch:
    return agent_dispatch.AgentDispatch(
        id=dispatch.id,
        agent_name=dispatch.agent_name,
        room=room_name,
        metadata=dispatch.metadata,
        state=agent_dispatch.AgentDispatchState(created_at=dispatch.created_at_ms * _NS_PER_MS),
        restart_policy=agent_dispatch.JobRestartPolicy.Name(dispatch.restart_policy),
        deployment=dispatch.deployment,
        attributes=dispatch.attributes,
    )


METHODS = {
    "CreateDispatch": Method(agent_dispatch.CreateAgentDispatchRequest, administers, create_dispatch),
    "DeleteDispatch": Method(agent_dispatch.DeleteAgentDispatchRequest, administers, delete_dispatch),
    "ListDispatch": Method(agent_dispatch.ListAgentDispatchRequest, administers, list_dispatch, reads=True),
}
