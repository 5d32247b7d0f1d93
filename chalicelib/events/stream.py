"""The table's stream: a session that has just become empty gets a delayed check for the end of its grace.

Chalice cannot tell Lambda how to treat a batch that fails, and Lambda would repeat it for 24 hours, with everything
behind it waiting. So the handler never raises: a record that it cannot handle becomes a dead letter. Nothing depends
on the check for being right: the sweep ends what it misses.
"""

import json
import math
from typing import Any

from chalice.app import DynamoDBEvent

from chalicelib import telemetry
from chalicelib.contract.ids import AppId, SessionId
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.session_ports import SessionCheck

Image = dict[str, dict[str, Any]]
Record = dict[str, Any]


def on_table_change(event: DynamoDBEvent, deps: Dependencies) -> None:
    """Handle a batch of changes; never raises."""
    for record in event.to_dict()["Records"]:  # not Chalice's objects: one malformed record would end the iteration
        try:
            _handle(record, deps)
        except Exception as error:
            telemetry.count("StreamRecordFailed")
            telemetry.logger().error("stream record failed", event_id=_id(record), exc_info=error)
            _bury(record, error, deps)


def emptied(old: Image | None, new: Image | None) -> tuple[SessionCheck, int] | None:
    """Return the check that a change of an item asks for, with its delay in seconds; None for every other change.

    Raises KeyError or ValueError on a session's image that makes no sense.
    """
    if new is None or _text(new, "kind") != "session" or _text(new, "status") != "ACTIVE":
        return None
    since_ms = _number(new, "empty_since_ms")
    if since_ms is None or since_ms == (_number(old, "empty_since_ms") if old else None):
        return None
    keep_alive_ms = int(new["keep_alive_ms"]["N"])
    check = SessionCheck(AppId(new["app_id"]["S"]), SessionId(new["session_id"]["S"]), since_ms)
    return check, math.ceil(keep_alive_ms / 1000)


def _handle(record: Record, deps: Dependencies) -> None:
    change = record["dynamodb"]
    wanted = emptied(change.get("OldImage"), change.get("NewImage"))
    if wanted is not None:
        check, delay_s = wanted
        deps.delays.send(check, delay_s)
        telemetry.count("SessionCheckQueued")


def _bury(record: Record, error: Exception, deps: Dependencies) -> None:
    change = record.get("dynamodb")
    # Where the record is, not what is in it: images hold secrets.
    where = {name: change.get(name) for name in ("Keys", "SequenceNumber")} if isinstance(change, dict) else {}
    try:
        deps.dead_letters.keep("stream", _id(record), repr(error), json.dumps(where, default=str), deps.now_ms())
    except Exception as second:
        telemetry.count("DeadLetterLost")
        telemetry.logger().error("dead letter lost", event_id=_id(record), exc_info=second)


def _id(record: Record) -> str:
    return str(record.get("eventID", "unknown"))


def _text(image: Image, name: str) -> str | None:
    value = image.get(name, {}).get("S")
    return None if value is None else str(value)


def _number(image: Image, name: str) -> int | None:
    value = image.get(name, {}).get("N")
    return None if value is None else int(value)
