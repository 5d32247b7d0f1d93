"""Cleaning up after deletions, a bounded piece at a time: right after the deletion, then with every sweep until done.

A deletion removes what makes a thing exist and notes in the same transaction that its items are to go. Whatever
interrupts the rest, the note is there, and every step may be repeated.
"""

from itertools import islice

from chalicelib import telemetry
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.key_ports import Purge
from chalicelib.services.ports import ConditionFailed, Contention, StoreUnavailable

AT_ONCE = 100
TIME_FOR_A_DELETE_MS = 1_000
TIME_FOR_A_SWEEP_MS = 10_000  # a sweep has 60 s, and sessions come first


def clean_up(deps: Dependencies, purge: Purge, until_ms: int) -> bool:
    """Remove items of what was deleted until `until_ms` (ms since 1970); tell whether all are gone."""
    while deps.now_ms() < until_ms:
        if _participants(deps, purge) == AT_ONCE or deps.purges.clear(purge, AT_ONCE) == AT_ONCE:
            continue
        deps.purges.done(purge)
        return True
    return False


def try_clean_up(deps: Dependencies, purge: Purge) -> None:
    """Clean up for a moment; what is left, or fails, is for the sweep."""
    try:
        clean_up(deps, purge, deps.now_ms() + TIME_FOR_A_DELETE_MS)
    except (Contention, ConditionFailed, StoreUnavailable) as error:
        telemetry.logger().warning("clean-up put off", reason=str(error))


def clean_up_all(deps: Dependencies) -> int:
    """Go on with everything that was deleted, for a bounded time; return how many are done."""
    done, until_ms = 0, deps.now_ms() + TIME_FOR_A_SWEEP_MS
    for purge in deps.purges.pending():
        if deps.now_ms() >= until_ms:
            break
        try:
            done += clean_up(deps, purge, until_ms)
        except (Contention, ConditionFailed, StoreUnavailable) as error:
            telemetry.count("PurgeFailure")
            telemetry.logger().error("clean-up failed", app_id=purge.app_id, reason=str(error))
    return done


def _participants(deps: Dependencies, purge: Purge) -> int:
    """Remove some participants one by one: each is counted and claimed elsewhere too. Return how many there were."""
    if purge.meeting_id is None:
        return 0
    found = list(islice(deps.participants.newest_first(purge.app_id, purge.meeting_id), AT_ONCE))
    for participant in found:
        try:
            deps.participants.delete(participant)
        except ConditionFailed:
            continue  # another run was faster
    return len(found)
