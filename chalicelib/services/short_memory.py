"""A small memory of what hardly ever changes: whose a credential is, and what an app is.

Every call asks both, so reading them each time would be most of what a call costs. What is remembered is at most TTL_MS
old: a credential that is revoked, or an app that is removed, is gone in every process by then, and at once in the one
that did it (forget). That something is absent is never remembered: what was just made works at once.
"""

import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")

TTL_MS = 30_000
MAX_ENTRIES = 2_000  # of a few hundred bytes each


class ShortMemory:
    """Answers by key, for TTL_MS. Safe to use from several threads."""

    def __init__(self) -> None:
        self._answers: dict[Hashable, tuple[int, Any]] = {}
        self._lock = threading.Lock()

    def recall(self, key: Hashable, now_ms: int, read: Callable[[], T | None]) -> T | None:
        """Return what is remembered under `key`, or what `read` returns, which is remembered unless it is None."""
        known = self._answers.get(key)
        if known is not None and 0 <= now_ms - known[0] < TTL_MS:
            remembered: T = known[1]
            return remembered
        answer = read()
        with self._lock:
            self._answers.pop(key, None)
            if answer is not None:
                while len(self._answers) >= MAX_ENTRIES:
                    del self._answers[next(iter(self._answers))]  # the one that was read first
                self._answers[key] = (now_ms, answer)
        return answer

    def forget(self, key: Hashable) -> None:
        """Let the next recall of `key` read again."""
        with self._lock:
            self._answers.pop(key, None)
