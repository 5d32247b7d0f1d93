"""Logs and metrics of the control plane: Powertools' logger and metrics, made at first use.

Never given to a log: request bodies, tokens, secrets, names of people. No X-Ray: its SDK doubles the import time.
"""

import functools

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric

SERVICE = "parley-control-plane"
NAMESPACE = "Parley"


@functools.cache
def logger() -> Logger:
    """Return the JSON logger."""
    return Logger(service=SERVICE)


def count(name: str, amount: int = 1) -> None:
    """Count something that happened: one CloudWatch metric in embedded format, on standard output."""
    # One metric at a time, not Powertools' shared set: the local server counts from several threads.
    with single_metric(name=name, unit=MetricUnit.Count, value=amount, namespace=NAMESPACE) as metric:
        metric.add_dimension(name="service", value=SERVICE)


def request_done(
    *, request_id: str, method: str, route: str, status: int, latency_ms: int, error_id: str | None
) -> None:
    """Log one answered request; `route` is the template, never the path with its ids.

    A heartbeat that went well is debugging detail: one node sends 86,400 of them a day.
    """
    routine = route.endswith("/heartbeats") and status < 400
    (logger().debug if routine else logger().info)(
        "request",
        request_id=request_id,
        method=method,
        route=route,
        status=status,
        latency_ms=latency_ms,
        error_id=error_id,
    )
