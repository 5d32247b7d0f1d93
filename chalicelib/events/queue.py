"""Delayed session checks from SQS: end the session if it is still empty since the same moment.

A message that cannot be read becomes a dead letter. Whatever else fails raises, and SQS delivers the message again.
"""

import json

from chalice.app import SQSEvent

from chalicelib import telemetry
from chalicelib.contract.ids import AppId, SessionId
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.session_ports import SessionCheck
from chalicelib.services.session_sweep import check_emptied


def on_session_check(event: SQSEvent, deps: Dependencies) -> None:
    """Handle a batch of checks. Raises what check_emptied() raises."""
    for record in event.to_dict()["Records"]:
        try:
            check = read_check(record["body"])
        except (ValueError, KeyError, TypeError) as error:
            telemetry.count("SessionCheckUnreadable")
            message_id, body = str(record.get("messageId")), str(record.get("body"))
            deps.dead_letters.keep("session-checks", message_id, repr(error), body, deps.now_ms())
            continue
        check_emptied(deps, check)


def read_check(body: str) -> SessionCheck:
    """Read what the delay queue sent. Raises ValueError, KeyError or TypeError."""
    message = json.loads(body)
    return SessionCheck(
        AppId(str(message["app_id"])), SessionId(str(message["session_id"])), int(message["empty_since_ms"])
    )
