"""Everything a use case may need, in one immutable bundle that the composition root builds."""

from collections.abc import Callable
from dataclasses import dataclass, field

from chalicelib.config import Config
from chalicelib.services.call_ports import AuditStore, IdempotencyStore
from chalicelib.services.connected_ports import ConnectionStore
from chalicelib.services.key_ports import ApiKeyStore, PurgeStore
from chalicelib.services.live_control_ports import NodePost
from chalicelib.services.output_ports import LivestreamStore, RecordingStore
from chalicelib.services.poll_ports import PollStore
from chalicelib.services.ports import AccountStore, AppStore, MeetingStore, ParticipantStore, PresetStore
from chalicelib.services.rate_limits import RateLimits
from chalicelib.services.room_ports import DispatchStore, RoomStore
from chalicelib.services.session_ports import DeadLetters, DelayQueue, NodeStore, SessionStore, UsageStore
from chalicelib.services.short_memory import ShortMemory
from chalicelib.services.stage_ports import StageStore
from chalicelib.services.tokens import TokenSigner
from chalicelib.services.waiting_room_ports import WaitingRoomStore
from chalicelib.services.webhook_ports import WebhookStore


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The ports, the clock (ms since 1970 UTC), random bytes, sleep (s), the token keys and the settings."""

    config: Config
    accounts: AccountStore
    apps: AppStore
    meetings: MeetingStore
    presets: PresetStore
    participants: ParticipantStore
    sessions: SessionStore
    usage: UsageStore
    webhooks: WebhookStore
    recordings: RecordingStore
    livestreams: LivestreamStore
    nodes: NodeStore
    delays: DelayQueue
    dead_letters: DeadLetters
    node_post: NodePost
    rooms: RoomStore
    dispatches: DispatchStore
    api_keys: ApiKeyStore
    purges: PurgeStore
    polls: PollStore
    waiting_room: WaitingRoomStore
    connections: ConnectionStore
    stage: StageStore
    rates: RateLimits
    idempotency: IdempotencyStore
    audit: AuditStore
    signer: TokenSigner
    now_ms: Callable[[], int]
    entropy: Callable[[int], bytes]
    sleep: Callable[[float], None]
    memory: ShortMemory = field(default_factory=ShortMemory)
