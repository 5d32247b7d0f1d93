"""What goes to CloudWatch: counters in embedded metric format."""

import json

import pytest

from chalicelib import telemetry


def test_a_count_is_one_line_of_embedded_metric_format(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.count("sessions_ended", 3)
    line = json.loads(capsys.readouterr().out)
    assert line["sessions_ended"] == [3] and line["service"] == telemetry.SERVICE
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Parley"
