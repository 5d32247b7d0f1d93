"""The same tests for webhooks, recordings and livestreams in DynamoDB and for their fakes."""

import dataclasses
from typing import Any

import pytest

from chalicelib.contract.ids import AppId, MeetingId, SessionId, uuid7
from chalicelib.domain.livestream import Livestream, LivestreamId
from chalicelib.domain.recording import Recording, RecordingId, RecordingStatus
from chalicelib.domain.webhook import Webhook, WebhookEvent, WebhookId
from chalicelib.services.ports import ConditionFailed
from chalicelib.stores.livestream_store import DynamoLivestreamStore
from chalicelib.stores.recording_store import DynamoRecordingStore
from chalicelib.stores.webhook_store import DynamoWebhookStore
from tests.fakes.clock import START_MS, FakeEntropy
from tests.fakes.record_stores import FakeLivestreamStore, FakeRecordingStore, FakeWebhookStore

APP, OTHER = AppId("01890000-0000-7000-8000-000000000001"), AppId("01890000-0000-7000-8000-000000000002")
new_entropy = FakeEntropy()


def new_id(offset_ms: int) -> str:
    return uuid7(START_MS + offset_ms, new_entropy(10))


def a_webhook(offset_ms: int = 0) -> Webhook:
    at = START_MS + offset_ms
    events = (WebhookEvent.MEETING_STARTED, WebhookEvent.SUMMARY)
    return Webhook(WebhookId(new_id(offset_ms)), APP, "my hook", "https://example.org/a", events, True, at, at)


def a_recording(offset_ms: int = 0) -> Recording:
    return Recording(
        id=RecordingId(new_id(offset_ms)),
        app_id=APP,
        meeting_id=MeetingId(new_id(0)),
        meeting_title="Ünïcode",
        status=RecordingStatus.UPLOADED,
        output_file_name="a.mp4",
        invoked_at_ms=START_MS + offset_ms,
        session_id=SessionId(new_id(0)),
        file_size=12_345_678_901,
        start_reason={"reason": "API_CALL", "caller": {"type": "USER", "user_Id": "1"}},
    )


def a_livestream(offset_ms: int = 0) -> Livestream:
    at = START_MS + offset_ms
    return Livestream(LivestreamId(new_id(offset_ms)), APP, "talk", "key", at, at, disabled=True)


CASES: dict[str, tuple[Any, Any, Any, dict[str, Any]]] = {
    "webhook": (FakeWebhookStore, DynamoWebhookStore, a_webhook, {"url": "https://example.org/b", "enabled": False}),
    "recording": (FakeRecordingStore, DynamoRecordingStore, a_recording, {"status": RecordingStatus.ERRORED}),
    "livestream": (FakeLivestreamStore, DynamoLivestreamStore, a_livestream, {"stream_key": "other"}),
}


@dataclasses.dataclass
class Case:
    store: Any
    make: Any
    changes: dict[str, Any]


@pytest.fixture(params=[f"{kind} {where}" for kind in CASES for where in ("fake", "dynamodb")])
def case(request: pytest.FixtureRequest) -> Case:
    kind, where = request.param.split()
    fake, real, make, changes = CASES[kind]
    if where == "fake":
        return Case(fake(), make, changes)
    request.getfixturevalue("fresh_table")
    return Case(real(), make, changes)


def test_a_record_comes_back_as_it_was_stored_and_only_in_its_app(case: Case) -> None:
    record = case.make()
    case.store.add(record)
    assert case.store.get(APP, record.id) == record
    assert case.store.get(OTHER, record.id) is None and list(case.store.in_app(OTHER, **_backwards(case))) == []
    with pytest.raises(ConditionFailed):
        case.store.add(record)


def test_records_are_listed_by_age(case: Case) -> None:
    records = [case.make(offset) for offset in (0, 5, 10)]
    for record in reversed(records):
        case.store.add(record)
    expected = records[::-1] if _backwards(case) else records
    assert list(case.store.in_app(APP, **_backwards(case))) == expected


def test_a_record_is_replaced_only_from_the_version_that_was_read(case: Case) -> None:
    record = case.make()
    newer = dataclasses.replace(record, version=2, **case.changes)
    with pytest.raises(ConditionFailed):
        case.store.replace(newer, observed_version=1)
    case.store.add(record)
    case.store.replace(newer, observed_version=1)
    with pytest.raises(ConditionFailed):
        case.store.replace(dataclasses.replace(record, version=2), observed_version=1)
    assert case.store.get(APP, record.id) == newer


@pytest.mark.parametrize("where", ["fake", "dynamodb"])
def test_a_webhook_is_removed_as_it_was_read(request: pytest.FixtureRequest, where: str) -> None:
    if where == "dynamodb":
        request.getfixturevalue("fresh_table")
    store: Any = FakeWebhookStore() if where == "fake" else DynamoWebhookStore()
    webhook = a_webhook()
    store.add(webhook)
    with pytest.raises(ConditionFailed):
        store.delete(dataclasses.replace(webhook, version=7))
    store.delete(webhook)
    assert store.get(APP, webhook.id) is None
    with pytest.raises(ConditionFailed):
        store.delete(webhook)


def _backwards(case: Case) -> dict[str, bool]:
    """Webhooks are few and have one order; the others are read from the newest on."""
    return {} if case.make is a_webhook else {"newest_first": True}
