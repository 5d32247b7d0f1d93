"""The bundle of dependencies over fakes: what a test does not give and does not need says so when it is touched."""

from typing import Any

from chalicelib.config import Config
from chalicelib.contract.limits import RATE_LIMIT, RECORDING_RATE_LIMIT
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.rate_limits import RateLimits
from chalicelib.services.short_memory import ShortMemory
from chalicelib.services.tokens import TokenSigner
from tests.fakes.call_stores import FakeAuditStore, FakeIdempotencyStore, FakeRateCounterStore
from tests.fakes.clock import FakeClock, FakeEntropy
from tests.fakes.connection_stores import FakeConnectionStore
from tests.fakes.poll_stores import FakePollStore
from tests.fakes.record_stores import FakeLivestreamStore, FakeRecordingStore, FakeWebhookStore
from tests.fakes.resource_stores import FakeApiKeyStore, FakeParticipantStore, FakePurgeStore, ResourceStores
from tests.fakes.room_stores import FakeDispatchStore, FakeRoomStore
from tests.fakes.stage_stores import FakeStageStore


class NotGiven:
    """Stands for a dependency that the test did not expect to be used."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        """Fail the test."""
        raise AssertionError(f"the test gave no {self._name}, and {attribute} was used")


def fake_dependencies(clock: FakeClock | None = None, **given: Any) -> Dependencies:
    """Return dependencies with in-memory resource stores; `given` replaces or adds fields by name."""
    clock = clock or FakeClock()
    stores = ResourceStores()
    fields: dict[str, Any] = {
        "config": Config(table="parley-test", stage="test", signing_key=bytes(range(32)), node_secret="node-secret"),
        "accounts": stores.accounts,
        "apps": stores.apps,
        "meetings": stores.meetings,
        "presets": stores.presets,
        "participants": stores.participants,
        "api_keys": FakeApiKeyStore(stores.apps),
        "purges": FakePurgeStore(stores.apps.purges, stores.meetings.purges),
        "rates": RateLimits(FakeRateCounterStore(), clock.now_ms, RATE_LIMIT, RATE_LIMIT, RECORDING_RATE_LIMIT),
        "idempotency": FakeIdempotencyStore(),
        "audit": FakeAuditStore(),
        "rooms": FakeRoomStore(),
        "dispatches": FakeDispatchStore(),
        "webhooks": FakeWebhookStore(),
        "recordings": FakeRecordingStore(),
        "livestreams": FakeLivestreamStore(),
        "polls": FakePollStore(),
        "stage": FakeStageStore(),
        "connections": FakeConnectionStore(),
        "signer": TokenSigner(bytes(range(32))),
        "now_ms": clock.now_ms,
        "entropy": FakeEntropy(),
        "sleep": clock.sleep,
        "memory": ShortMemory(),
    }
    fields.update(given)
    if isinstance(fields["participants"], FakeParticipantStore):  # it looks at both when somebody is added
        fields["participants"].meetings, fields["participants"].presets = fields["meetings"], fields["presets"]
    for name in Dependencies.__dataclass_fields__:
        fields.setdefault(name, NotGiven(name))
    return Dependencies(**fields)
