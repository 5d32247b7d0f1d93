"""Time and chance for tests: a clock that moves when told, sleeping that moves it, and bytes that never repeat."""

import hashlib
from itertools import count

START_MS = 1_700_000_000_000


class FakeClock:
    """Milliseconds since 1970; `sleep` is in seconds."""

    def __init__(self, now_ms: int = START_MS) -> None:
        self.ms = now_ms

    def now_ms(self) -> int:
        """Return the time."""
        return self.ms

    def advance(self, ms: int) -> None:
        """Let time pass."""
        self.ms += ms

    def sleep(self, seconds: float) -> None:
        """Let time pass without waiting."""
        self.ms += int(seconds * 1000)


class FakeEntropy:
    """Distinct bytes on every call, the same ones in every run."""

    def __init__(self) -> None:
        self._calls = count()

    def __call__(self, size: int) -> bytes:
        """Return `size` bytes."""
        return hashlib.shake_128(str(next(self._calls)).encode()).digest(size)
