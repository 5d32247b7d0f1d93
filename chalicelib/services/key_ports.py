"""What the management of API keys and the clean-up after deletions need from the outside world.

No implementation is here: ports.py says where they are and holds the errors they raise.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from chalicelib.contract.ids import AppId, MeetingId
from chalicelib.domain.app import ApiKey, KeyRing


class ApiKeyStore(Protocol):
    """API key pairs by app. AppStore.api_key() finds one by its public half."""

    def ring(self, app_id: AppId) -> KeyRing:
        """Return the key pairs of an app."""
        ...

    def change(
        self,
        app_id: AppId,
        observed: KeyRing,
        *,
        add: ApiKey | None = None,
        expire: tuple[str, int] | None = None,
        remove: tuple[str, ...] = (),
    ) -> None:
        """Add a key pair, let one expire (key, ms since 1970), remove some: all or nothing.

        Raises ConditionFailed when the ring is not as observed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Purge:
    """Something that was deleted and whose items are to be removed: a meeting, or an app when that is None."""

    app_id: AppId
    meeting_id: MeetingId | None = None


class PurgeStore(Protocol):
    """What was deleted and is not cleaned up yet."""

    def pending(self) -> Iterator[Purge]:
        """Yield what there is to do."""
        ...

    def clear(self, purge: Purge, limit: int) -> int:
        """Remove up to `limit` items of what was deleted and return how many there were; fewer than `limit` is all.

        Participants of a meeting are not among them: ParticipantStore.delete() removes those.
        """
        ...

    def done(self, purge: Purge) -> None:
        """Forget that there was something to do."""
        ...
