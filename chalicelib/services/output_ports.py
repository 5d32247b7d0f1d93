"""What the use cases of recordings and livestreams need: stores. ports.py has the errors that these raise."""

from collections.abc import Iterator
from typing import Protocol

from chalicelib.contract.ids import AppId
from chalicelib.domain.livestream import Livestream, LivestreamId
from chalicelib.domain.recording import Recording, RecordingId


class RecordingStore(Protocol):
    """Recordings of apps."""

    def add(self, recording: Recording) -> None:
        """Store a new recording. Raises ConditionFailed when its id exists."""
        ...

    def replace(self, recording: Recording, *, observed_version: int) -> None:
        """Overwrite a recording that is still at `observed_version`. Raises ConditionFailed when it is not."""
        ...

    def get(self, app_id: AppId, recording_id: RecordingId) -> Recording | None:
        """Return a recording of this app, or None."""
        ...

    def in_app(self, app_id: AppId, *, newest_first: bool) -> Iterator[Recording]:
        """Yield the app's recordings by when they were asked for, reading only as far as it is iterated."""
        ...


class LivestreamStore(Protocol):
    """Livestreams of apps."""

    def add(self, livestream: Livestream) -> None:
        """Store a new livestream. Raises ConditionFailed when its id exists."""
        ...

    def replace(self, livestream: Livestream, *, observed_version: int) -> None:
        """Overwrite a livestream that is still at `observed_version`. Raises ConditionFailed when it is not."""
        ...

    def get(self, app_id: AppId, livestream_id: LivestreamId) -> Livestream | None:
        """Return a livestream of this app, or None."""
        ...

    def in_app(self, app_id: AppId, *, newest_first: bool) -> Iterator[Livestream]:
        """Yield the app's livestreams by age, reading only as far as it is iterated."""
        ...
