"""How many calls a tenant has made in a sliding window, as far as one process knows.

The window slides as usual with two counters: the count of the running fixed window plus the part of the previous one
that still overlaps. Other processes' calls are in `shared`, which services/rate_limits.py refreshes now and then.
"""

import math
from dataclasses import dataclass

from chalicelib.contract.limits import RateLimit


@dataclass(slots=True)
class RateWindow:
    """Counts of one tenant under one limit: `previous` and `shared` as last read, `unflushed` only known here."""

    limit: RateLimit
    index: int
    previous: int = 0
    shared: int = 0
    unflushed: int = 0

    def roll(self, now_ms: int) -> bool:
        """Move on to the window of `now_ms`; tell whether it is another one."""
        index = window_index(self.limit, now_ms)
        if index == self.index:
            return False
        self.previous = self.shared + self.unflushed if index == self.index + 1 else 0
        self.index, self.shared, self.unflushed = index, 0, 0
        return True

    def used(self, now_ms: int) -> float:
        """Return how many calls count at `now_ms`."""
        return self.previous * (1 - self._elapsed(now_ms)) + self.shared + self.unflushed

    def remaining(self, now_ms: int) -> int:
        """Return how many more calls would be answered at `now_ms`."""
        return max(0, math.floor(self.limit.requests - self.used(now_ms)))

    def reset_s(self, now_ms: int) -> int:
        """Return in how many seconds the fixed window ends, at least 1."""
        return max(1, math.ceil((1 - self._elapsed(now_ms)) * self.limit.window_s))

    def retry_after_s(self, now_ms: int) -> int:
        """Return in how many seconds one more call would be answered, at least 1."""
        room, current = self.limit.requests - 1, self.shared + self.unflushed
        if current > room:  # not before the next window, where this one is the previous
            wait = 1 - self._elapsed(now_ms) + (1 - room / current)
        else:
            wait = 1 - (room - current) / max(1, self.previous) - self._elapsed(now_ms)
        return max(1, math.ceil(wait * self.limit.window_s))

    def _elapsed(self, now_ms: int) -> float:
        window_ms = self.limit.window_s * 1000
        return (now_ms - self.index * window_ms) / window_ms


def window_index(limit: RateLimit, now_ms: int) -> int:
    """Return which fixed window of a limit `now_ms` is in."""
    return now_ms // (limit.window_s * 1000)
