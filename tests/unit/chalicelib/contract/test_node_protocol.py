"""docs/node-protocol.md and contract/node_messages.py say the same."""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from chalicelib.contract import node_commands, node_messages
from chalicelib.contract.codec import from_json, to_json
from chalicelib.contract.node_commands import Command, CommandAnswer, encode_command_claims, read_command_claims
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
    "CommandClaims",
    "CommandAnswer",
}


@pytest.mark.parametrize(("kind", "text"), EXAMPLES, ids=[kind for kind, _ in EXAMPLES])
def test_an_example_is_a_message_and_has_no_field_that_is_not(kind: str, text: str) -> None:
    told = json.loads(text)
    written = written_of(kind, told)
    assert contains(written, told), f"{kind} loses a field: {written}"


def written_of(kind: str, told: dict[str, Any]) -> object:
    if kind == "CommandClaims":  # a JWT's payload: its claims have short names
        return encode_command_claims(read_command_claims(told))
    return to_json(from_json(CommandAnswer if kind == "CommandAnswer" else getattr(node_messages, kind), told))


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


def test_every_command_is_named() -> None:
    for command in dataclasses.fields(Command):
        assert f"| `{command.name}` |" in DOCUMENT, command.name


def test_the_limits_of_commands_are_told() -> None:
    assert f"over {node_commands.MAX_COMMAND_BYTES // 1024} KB" in DOCUMENT
    assert f"({node_commands.COMMAND_SECONDS} s, 5 s of leeway" in DOCUMENT


def test_every_field_of_an_admission_is_shown() -> None:
    admission = next(
        json.loads(text)["admission"] for kind, text in EXAMPLES if kind == "AdmissionAnswer" and "epoch" in text
    )
    assert list(admission) == [entry.name for entry in dataclasses.fields(node_messages.Admission)]
