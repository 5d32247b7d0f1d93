"""The events that Lambda hands to a handler, built from what boto3 returns. Pure: no calls, no clock."""

import base64
from datetime import datetime
from typing import Any

REGION = "us-east-1"
ACCOUNT = "000000000000"


def stream_event(records: list[dict[str, Any]], stream_arn: str) -> dict[str, Any]:
    """Return the event for records of a DynamoDB stream, as GetRecords gave them."""
    return {"Records": [_stream_record(record, stream_arn) for record in records]}


def _stream_record(record: dict[str, Any], stream_arn: str) -> dict[str, Any]:
    change = dict(record["dynamodb"])
    created = change.get("ApproximateCreationDateTime")
    if isinstance(created, datetime):
        change["ApproximateCreationDateTime"] = created.timestamp()
    for part in ("Keys", "NewImage", "OldImage"):
        if part in change:
            change[part] = {name: _attribute(value) for name, value in change[part].items()}
    return {**record, "dynamodb": change, "eventSourceARN": stream_arn, "awsRegion": REGION}


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    kind, content = next(iter(value.items()))
    if kind == "B":
        return {"B": base64.b64encode(content).decode()}
    if kind == "BS":
        return {"BS": [base64.b64encode(item).decode() for item in content]}
    if kind == "L":
        return {"L": [_attribute(item) for item in content]}
    if kind == "M":
        return {"M": {name: _attribute(item) for name, item in content.items()}}
    return value


def sequence_number(record: dict[str, Any]) -> str:
    """Return the position of a stream record in its shard."""
    return str(record["dynamodb"]["SequenceNumber"])


def queue_event(messages: list[dict[str, Any]], queue_name: str) -> dict[str, Any]:
    """Return the event for messages of an SQS queue, as ReceiveMessage gave them."""
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message.get("Attributes", {}),
                "messageAttributes": message.get("MessageAttributes", {}),
                "md5OfBody": message.get("MD5OfBody", ""),
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue_name}",
                "awsRegion": REGION,
            }
            for message in messages
        ]
    }


def schedule_event(name: str, event_id: str, now: datetime) -> dict[str, Any]:
    """Return the event of an EventBridge rule called `name` that fired at `now` (UTC)."""
    return {
        "version": "0",
        "id": event_id,
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}"],
        "detail": {},
    }
