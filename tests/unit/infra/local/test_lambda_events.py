"""Handlers get what Lambda would give them, in JSON's own types."""

import json
from datetime import UTC, datetime

from infra.local.lambda_events import queue_event, schedule_event, sequence_number, stream_event


def test_a_stream_record_is_plain_json_with_bytes_in_base64() -> None:
    record = {
        "eventID": "1",
        "eventName": "MODIFY",
        "awsRegion": "dynoxide",
        "dynamodb": {
            "ApproximateCreationDateTime": datetime(2026, 1, 1, tzinfo=UTC),
            "Keys": {"pk": {"S": "a"}},
            "NewImage": {"blob": {"B": b"\x00\xff"}, "deep": {"M": {"l": {"L": [{"B": b"x"}]}}}, "n": {"N": "1"}},
            "SequenceNumber": "7",
        },
    }
    event = stream_event([record], "arn:stream")
    change = json.loads(json.dumps(event))["Records"][0]
    assert change["dynamodb"]["NewImage"]["blob"] == {"B": "AP8="}
    assert change["dynamodb"]["NewImage"]["deep"]["M"]["l"]["L"] == [{"B": "eA=="}]
    assert change["dynamodb"]["ApproximateCreationDateTime"] == 1767225600.0
    assert change["eventSourceARN"] == "arn:stream"
    assert sequence_number(record) == "7"


def test_a_message_carries_what_partial_failures_are_reported_by() -> None:
    event = queue_event([{"MessageId": "m", "ReceiptHandle": "r", "Body": "{}"}], "checks")
    assert event["Records"][0]["messageId"] == "m"
    assert event["Records"][0]["eventSourceARN"].endswith(":checks")


def test_a_schedule_says_which_rule_fired_and_when() -> None:
    event = schedule_event("sweep", "id-1", datetime(2026, 1, 1, tzinfo=UTC))
    assert (event["time"], event["resources"]) == (
        "2026-01-01T00:00:00Z",
        ["arn:aws:events:us-east-1:000000000000:rule/sweep"],
    )
