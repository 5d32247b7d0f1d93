"""Logs and metrics of a node. No token, no SDP and no address of a client is ever written by these.

Log records are one JSON object per line; what is passed as ``extra`` becomes its fields.
"""

import json
import logging
import sys
from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """Renders a record with its extra fields, and the traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        line: dict[str, Any] = {
            "time": self.formatTime(record),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
        }
        line.update({key: value for key, value in vars(record).items() if key not in _STANDARD})
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def start_logging(level: int = logging.INFO) -> None:
    """Send every record to stderr as JSON. Called once, by the composition root."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)  # its lines carry the token of the query
    logging.getLogger("aiortc").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure of /metrics; `kind` is ``counter`` or ``gauge``."""

    name: str
    kind: str
    value: float


def counters_of(prefix: str, counters: Any, gauges: frozenset[str] = frozenset()) -> list[Metric]:
    """Return every field of a dataclass of integers as a metric, ``<prefix>_<field>[_total]``."""
    assert is_dataclass(counters)
    metrics = []
    for each in fields(counters):
        value = float(getattr(counters, each.name))
        if each.name in gauges:
            metrics.append(Metric(f"{prefix}_{each.name}", "gauge", value))
        else:
            metrics.append(Metric(f"{prefix}_{each.name}_total", "counter", value))
    return metrics


def render_prometheus(metrics: Iterable[Metric]) -> str:
    """Return the text exposition format (version 0.0.4) of some metrics."""
    return "".join(f"# TYPE {each.name} {each.kind}\n{each.name} {each.value:.10g}\n" for each in metrics)
