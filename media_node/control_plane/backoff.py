"""How long to wait before trying again: exponential with full jitter, so that many nodes do not return as one."""

from collections.abc import Callable

FIRST_S = 0.2
LONGEST_S = 5.0


def backoff_s(attempt: int, chance: Callable[[], float]) -> float:
    """Return seconds to wait after failed attempt number `attempt` (from 0); `chance` draws from [0, 1)."""
    return min(LONGEST_S, FIRST_S * 2.0 ** min(attempt, 16)) * (0.5 + 0.5 * chance())
