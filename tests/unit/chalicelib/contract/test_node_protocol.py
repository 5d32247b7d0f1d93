"""docs/node-protocol.md and contract/node_messages.py say the same."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

from chalicelib.contract import node_messages
from chalicelib.contract.codec import from_json, to_json
from chalicelib.contract.node_messages import EventType, LeaveReason

DOCUMENT = (Path(__file__).resolve().parents[4] / "docs/node-protocol.md").read_text()
EXAMPLES = re.findall(r"```json (\w+)\n(.*?)```", DOCUMENT, re.DOTALL)
MESSAGES = {
    "RegisterNode",
    "NodeRegistered",
    "Heartbeat",
    "HeartbeatAccepted",
    "AdmissionRequest",
    "AdmissionAnswer",
    "EventBatch",
    "EventsAccepted",
}


@pytest.mark.parametrize(("kind", "text"), EXAMPLES, ids=[kind for kind, _ in EXAMPLES])
def test_an_example_is_a_message_and_has_no_field_that_is_not(kind: str, text: str) -> None:
    told = json.loads(text)
    message = from_json(getattr(node_messages, kind), told)
    written = to_json(message)
    assert contains(written, told), f"{kind} loses a field: {written}"


def contains(whole: object, part: object) -> bool:
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(name in whole and contains(whole[name], part[name]) for name in part)
    if isinstance(part, list):
        return isinstance(whole, list) and len(whole) == len(part) and all(map(contains, whole, part))
    return whole == part


def test_every_message_has_an_example() -> None:
    assert {kind for kind, _ in EXAMPLES} == MESSAGES


def test_every_event_and_every_reason_is_named() -> None:
    for member in (*EventType, *LeaveReason):
        assert f"`{member.value}`" in DOCUMENT, member


def test_every_field_of_an_admission_is_shown() -> None:
    admission = next(
        json.loads(text)["admission"] for kind, text in EXAMPLES if kind == "AdmissionAnswer" and "epoch" in text
    )
    assert list(admission) == [entry.name for entry in dataclasses.fields(node_messages.Admission)]
