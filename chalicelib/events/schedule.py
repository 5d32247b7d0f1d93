"""The sweep, once a minute: nodes whose lease is over, sessions that no check has ended, and what was deleted."""

from chalicelib import telemetry
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.purging import clean_up_all
from chalicelib.services.session_sweep import sweep

SWEEP_RATE = "rate(1 minute)"


def on_sweep(deps: Dependencies) -> None:
    """Sweep once. Raises StoreUnavailable when the table does not answer: the next minute brings another one."""
    done = sweep(deps)
    cleaned = clean_up_all(deps)
    if cleaned:
        telemetry.logger().info("cleaned up after deletions", done=cleaned)
    if done.nodes_lost or done.nodes_forgotten or done.sessions_ended or done.failures:
        telemetry.logger().info(
            "swept",
            nodes_lost=done.nodes_lost,
            nodes_forgotten=done.nodes_forgotten,
            sessions_ended=done.sessions_ended,
            failures=done.failures,
        )
