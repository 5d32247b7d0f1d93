"""Agent dispatches: orders for an agent to come into a room. They are kept; no agent workers connect yet. Pure."""

from dataclasses import dataclass, field

from chalicelib.contract.ids import AppId, MeetingId


@dataclass(frozen=True, slots=True)
class AgentDispatch:
    """One order. `id` is ``AD_`` and a UUIDv7 without dashes, so dispatches sort by age; times are ms since 1970."""

    id: str
    app_id: AppId
    meeting_id: MeetingId
    agent_name: str
    created_at_ms: int
    metadata: str = ""
    deployment: str = ""
    restart_policy: int = 0  # LiveKit's JobRestartPolicy
    attributes: dict[str, str] = field(default_factory=dict)
