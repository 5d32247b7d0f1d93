"""Logs are JSON lines with their fields; metrics are Prometheus text."""

import json
import logging
from dataclasses import dataclass

from media_node.telemetry import JsonFormatter, counters_of, render_prometheus


@dataclass
class Counters:
    packets: int = 3
    open: int = 2


def test_a_record_is_one_json_object_with_its_extra_fields() -> None:
    record = logging.makeLogRecord({"msg": "joined %s", "args": ("x",), "name": "n", "levelname": "INFO", "peers": 2})
    line = json.loads(JsonFormatter().format(record))
    assert (line["event"], line["level"], line["logger"], line["peers"]) == ("joined x", "info", "n", 2)


def test_counters_become_metrics() -> None:
    text = render_prometheus(counters_of("parley", Counters(), frozenset({"open"})))
    assert text == (
        "# TYPE parley_packets_total counter\nparley_packets_total 3\n# TYPE parley_open gauge\nparley_open 2\n"
    )
