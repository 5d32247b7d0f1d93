"""Rate limits of accounts and apps, counted in each process and shared now and then.

A process counts its own calls in memory and adds them to a shared counter in batches of one hundredth of the limit;
the answer to that write tells it what all the others have counted. So 34 of 35 calls cost no request, no counter gets
more than a few writes a second, and with n processes at most n batches too many are let through (n % of the limit).
docs/adr/0013-rate-limits.md has the reasons. When the database is away calls are let through.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib import telemetry
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AccountId, AppId
from chalicelib.contract.limits import RateLimit
from chalicelib.domain.rate_window import RateWindow, window_index
from chalicelib.services.call_ports import RateCounterStore
from chalicelib.services.ports import Contention, StoreUnavailable

BATCH_PART = 100  # a batch is this part of the limit
PAUSE_AFTER_FAILURE_MS = 5_000
_MAX_TENANTS = 10_000  # remembered by one process; the one not heard of for longest is forgotten first


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a tenant stands under one limit; `retry_after_s` is 0 while calls are answered."""

    name: str
    limit: RateLimit
    remaining: int
    reset_s: int
    retry_after_s: int = 0


class RateLimits:
    """The limits of one installation; one object per process, used from any thread."""

    def __init__(
        self, counters: RateCounterStore, now_ms: Callable[[], int], account: RateLimit, app: RateLimit, rec: RateLimit
    ) -> None:
        self._counters, self._now_ms = counters, now_ms
        self.account, self.app, self.recording = account, app, rec
        self._windows: OrderedDict[tuple[str, str], RateWindow] = OrderedDict()
        self._quiet_until_ms = 0
        self._lock = threading.Lock()

    def spend(self, account_id: AccountId, app_id: AppId | None, *, recording: bool = False) -> Standing:
        """Count one call of an authenticated caller and return where it stands: the limit it is closest to.

        A call that is over a limit is not counted.
        """
        wanted = [("account", f"ACC#{account_id}", self.account)]
        if app_id is not None:
            wanted.append(("app", f"APP#{app_id}", self.app))
            if recording:
                wanted.append(("recording", f"APP#{app_id}", self.recording))
        standings = [self._standing(name, tenant, limit) for name, tenant, limit in wanted]
        refused = [standing for standing in standings if standing.retry_after_s]
        if refused:
            return max(refused, key=lambda standing: standing.retry_after_s)
        for name, tenant, limit in wanted:
            self._count(name, tenant, limit)
        return min(standings, key=lambda standing: standing.remaining / standing.limit.requests)

    def _standing(self, name: str, tenant: str, limit: RateLimit) -> Standing:
        now_ms = self._now_ms()
        with self._lock:
            window = self._window(name, tenant, limit, now_ms)
            left = window.remaining(now_ms)
            wait = 0 if left else window.retry_after_s(now_ms)
            return Standing(name, limit, max(0, left - 1), window.reset_s(now_ms), wait)

    def _count(self, name: str, tenant: str, limit: RateLimit) -> None:
        now_ms, batch = self._now_ms(), max(1, limit.requests // BATCH_PART)
        with self._lock:
            window = self._window(name, tenant, limit, now_ms)
            window.unflushed += 1
            if window.unflushed < batch or now_ms < self._quiet_until_ms:
                return
            index, calls, first = window.index, window.unflushed, window.shared == 0
            window.shared, window.unflushed = window.shared + calls, 0  # until the answer says more
        try:
            expires_s = (index + 3) * limit.window_s
            total = self._counters.add(tenant, name, index, calls, expires_s)
            before = self._counters.count(tenant, name, index - 1) if first else None
        except (StoreUnavailable, Contention) as error:
            self._quiet_until_ms = now_ms + PAUSE_AFTER_FAILURE_MS
            telemetry.count("RateCounterFailed")
            telemetry.logger().warning("rate counter not shared", reason=str(error))
            return
        self._learn(name, tenant, index, total, before)

    def _learn(self, name: str, tenant: str, index: int, total: int, before: int | None) -> None:
        with self._lock:
            window = self._windows.get((name, tenant))
            if window is not None and window.index == index:
                window.shared = max(window.shared, total)
                if before is not None:
                    window.previous = max(window.previous, before)

    def _window(self, name: str, tenant: str, limit: RateLimit, now_ms: int) -> RateWindow:
        window = self._windows.get((name, tenant))
        if window is None:
            window = self._windows[(name, tenant)] = RateWindow(limit, window_index(limit, now_ms))
            if len(self._windows) > _MAX_TENANTS:
                self._windows.popitem(last=False)
        self._windows.move_to_end((name, tenant))
        window.roll(now_ms)
        return window


def refused(standing: Standing) -> ParleyError:
    """Return the error of a call over its limit."""
    limit = standing.limit
    message = f"more than {limit.requests} calls in {limit.window_s} s by this {standing.name}"
    if standing.name == "recording":
        message = f"more than {limit.requests} recording calls in {limit.window_s} s by this app"
    return ParleyError(ErrorId.TOO_MANY_REQUESTS, f"{message}; try again in {standing.retry_after_s} s")
