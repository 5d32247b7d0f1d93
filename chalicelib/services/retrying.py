"""Repeating a conditional write that lost a race: bounded, with jitter, with sleep and entropy as arguments."""

from collections.abc import Callable
from typing import TypeVar

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.services.ports import ConditionFailed, Contention

T = TypeVar("T")

MAX_TRIES = 12
FIRST_DELAY_S = 0.01
MAX_DELAY_S = 0.32

Entropy = Callable[[int], bytes]
Sleep = Callable[[float], None]


def until_it_holds(attempt: Callable[[], T], entropy: Entropy, sleep: Sleep) -> T:
    """Call `attempt`, which reads afresh, decides and writes, until its write holds.

    Raises ParleyError BUSY after MAX_TRIES lost races (about 2 s of waiting); other errors pass.
    """
    for tried in range(MAX_TRIES):
        try:
            return attempt()
        except (ConditionFailed, Contention):
            if tried + 1 < MAX_TRIES:
                sleep(delay_s(tried, entropy))
    raise ParleyError(ErrorId.BUSY, "too many changes at the same time; try again")


def delay_s(tried: int, entropy: Entropy) -> float:
    """Return how long to wait after `tried` + 1 failures: a random part of an exponentially growing bound, in s."""
    bound = min(MAX_DELAY_S, FIRST_DELAY_S * 2.0**tried)
    return bound * (1 + int.from_bytes(entropy(2), "big")) / 0x1_0000
