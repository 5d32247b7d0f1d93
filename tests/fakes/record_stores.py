"""Stores of webhooks, recordings and livestreams in memory, as tests/contract holds them to be."""

import threading
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from chalicelib.contract.ids import AppId
from chalicelib.domain.livestream import Livestream
from chalicelib.domain.recording import Recording
from chalicelib.domain.webhook import Webhook
from chalicelib.services.ports import ConditionFailed


class _Versioned(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def app_id(self) -> AppId: ...
    @property
    def version(self) -> int: ...


R = TypeVar("R", bound=_Versioned)


class _Records(Generic[R]):
    def __init__(self) -> None:
        self._rows: dict[tuple[AppId, str], R] = {}
        self._lock = threading.RLock()

    def add(self, record: R) -> None:
        """See the port."""
        with self._lock:
            if (record.app_id, record.id) in self._rows:
                raise ConditionFailed
            self._rows[record.app_id, record.id] = record

    def replace(self, record: R, *, observed_version: int) -> None:
        """See the port."""
        with self._lock:
            self._check(record, observed_version)
            self._rows[record.app_id, record.id] = record

    def delete(self, observed: R) -> None:
        """See the port."""
        with self._lock:
            self._check(observed, observed.version)
            del self._rows[observed.app_id, observed.id]

    def get(self, app_id: AppId, record_id: str) -> R | None:
        """See the port."""
        return self._rows.get((app_id, record_id))

    def in_app(self, app_id: AppId, *, newest_first: bool = False) -> Iterator[R]:
        """See the port."""
        found = [record for (app, _), record in self._rows.items() if app == app_id]
        return iter(sorted(found, key=lambda record: record.id, reverse=newest_first))

    def _check(self, record: R, version: int) -> None:
        stored = self.get(record.app_id, record.id)
        if stored is None or stored.version != version:
            raise ConditionFailed


class FakeWebhookStore(_Records[Webhook]):
    """WebhookStore in memory."""


class FakeRecordingStore(_Records[Recording]):
    """RecordingStore in memory."""


class FakeLivestreamStore(_Records[Livestream]):
    """LivestreamStore in memory."""
