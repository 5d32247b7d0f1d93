"""What every call costs in requests to DynamoDB, counted over HTTP with the official SDK. The table: docs/dynamodb.md.

Every call is made once before it is counted: who calls and for which app is remembered for 30 s.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.contract.ids import NodeId, PeerId, uuid7
from chalicelib.contract.node_messages import AdmissionRequest, RegisterNode
from chalicelib.services.admission import admit
from chalicelib.services.node_registry import register
from tests.dynamo_requests import Requests, counted_requests
from tests.integration.control_plane import ControlPlane, running_control_plane

ROOT = Path(__file__).resolve().parents[2]
NODE = NodeId("nd_aaaaaaaa")


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    with running_control_plane() as running:
        yield running


@pytest.fixture
def requests(plane: ControlPlane) -> Iterator[Requests]:
    with counted_requests() as seen:
        yield seen


class Caller:
    """The SDK, with the ids filled in."""

    def __init__(self, plane: ControlPlane) -> None:
        self.kit = plane.sdk().realtime_kit
        self.ids = {"account_id": plane.account_id}
        self.app_id = plane.app_id

    def meeting(self, title: str = "Weekly stand-up") -> str:
        made = self.kit.meetings.create(self.app_id, **self.ids, title=title)
        assert made.data is not None
        return made.data.id

    def participant(self, meeting: str, name: str = "ada") -> Any:
        added = self.kit.meetings.add_participant(
            meeting, **self.ids, app_id=self.app_id, custom_participant_id=name, preset_name="group_call_host"
        )
        assert added.data is not None
        return added.data


def cost(requests: Requests, call: Callable[[], Any]) -> list[str]:
    """Return the names of the requests of a call."""
    requests.clear()
    call()
    # Every 35th call or so of an account or app tells the others how many there were, whichever call that is.
    counting = [told.get("Key", {}).get("pk", {}).get("S", "").endswith("#RATE") for told in requests.params]
    return [name for name, beside in zip(requests.names, counting, strict=True) if not beside]


def test_a_get_is_one_request(plane: ControlPlane, requests: Requests) -> None:
    caller = Caller(plane)
    meeting = caller.meeting()
    ada = caller.participant(meeting)
    preset = caller.kit.presets.get(caller.app_id, **caller.ids).data[0].id
    gets: list[Callable[[], Any]] = [
        lambda: caller.kit.meetings.get_meeting_by_id(meeting, **caller.ids, app_id=caller.app_id),
        lambda: caller.kit.meetings.get_meeting_participant(
            ada.id, **caller.ids, app_id=caller.app_id, meeting_id=meeting
        ),
        lambda: caller.kit.presets.get_preset_by_id(preset, **caller.ids, app_id=caller.app_id),
        lambda: caller.kit.meetings.refresh_participant_token(
            ada.id, **caller.ids, app_id=caller.app_id, meeting_id=meeting
        ),
    ]
    for get in gets:
        assert cost(requests, get) == ["BatchGetItem"]


def test_adding_a_participant_is_one_read_and_one_write(plane: ControlPlane, requests: Requests) -> None:
    caller = Caller(plane)
    meeting = caller.meeting()
    assert cost(requests, lambda: caller.participant(meeting)) == ["BatchGetItem", "TransactWriteItems"]


def test_an_admission_is_two_reads_and_one_write(plane: ControlPlane, requests: Requests) -> None:
    caller = Caller(plane)
    meeting = caller.meeting()
    register(plane.deps, RegisterNode(NODE, "http://node:7000", "0.1.0"))

    def join(token: str) -> None:
        peer_id = PeerId(uuid7(plane.deps.now_ms(), plane.deps.entropy(10)))
        assert admit(plane.deps, NODE, AdmissionRequest(token, peer_id)).admission is not None

    for name in ("first", "second"):
        token = caller.participant(meeting, name).token
        assert cost(requests, lambda token=token: join(token)) == ["BatchGetItem"] * 2 + ["TransactWriteItems"]


def test_a_page_of_a_list_is_one_request(plane: ControlPlane, requests: Requests) -> None:
    caller = Caller(plane)
    meeting = caller.meeting("Quarterly review")
    caller.participant(meeting)
    lists: list[Callable[[], Any]] = [
        lambda: caller.kit.meetings.get(caller.app_id, **caller.ids),
        lambda: caller.kit.meetings.get(caller.app_id, **caller.ids, page_no=2, per_page=1),
        lambda: caller.kit.meetings.get(caller.app_id, **caller.ids, status="ACTIVE"),
        lambda: caller.kit.meetings.get(caller.app_id, **caller.ids, search="quart"),
        lambda: caller.kit.meetings.get(caller.app_id, **caller.ids, search="zzz"),
        lambda: caller.kit.meetings.get_meeting_participants(meeting, **caller.ids, app_id=caller.app_id),
        lambda: caller.kit.presets.get(caller.app_id, **caller.ids),
        lambda: caller.kit.apps.get(**caller.ids),
    ]
    for page in lists:
        assert cost(requests, page) == ["Query"], lists.index(page)
    assert cost(requests, lambda: caller.kit.meetings.get(caller.app_id, **caller.ids, search=meeting)) == [
        "BatchGetItem"
    ]
    assert cost(requests, lambda: caller.kit.meetings.get(caller.app_id, **caller.ids, search="quarterly re")) == [
        "BatchGetItem",
        "Query",
    ]


def test_a_page_of_sessions_is_one_request_and_one_more_for_those_that_go_on(
    plane: ControlPlane, requests: Requests
) -> None:
    caller = Caller(plane)
    quiet = plane.sdk().realtime_kit.apps.post(**caller.ids, name=f"quiet {uuid7(0, plane.deps.entropy(10))}")
    assert quiet.data is not None and quiet.data.app is not None and quiet.data.app.id is not None
    app_id = quiet.data.app.id
    caller.kit.sessions.get_sessions(app_id, **caller.ids)
    assert cost(requests, lambda: caller.kit.sessions.get_sessions(app_id, **caller.ids)) == ["Query"]
    assert cost(requests, lambda: caller.kit.sessions.get_sessions(caller.app_id, **caller.ids)) == [
        "Query",
        "BatchGetItem",
    ]


def test_nothing_scans() -> None:
    for path in (*(ROOT / "chalicelib").rglob("*.py"), ROOT / "app.py"):
        text = path.read_text()
        assert ".scan(" not in text and '"Scan"' not in text, path
