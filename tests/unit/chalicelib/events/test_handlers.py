"""Stream records, queue messages and the schedule: what they lead to, and that bad ones do no harm."""

import json
from dataclasses import replace
from typing import Any

import pytest
from chalice.app import DynamoDBEvent, SQSEvent

from chalicelib.contract.ids import AppId, SessionId
from chalicelib.domain.session import SessionStatus
from chalicelib.events.queue import on_session_check
from chalicelib.events.schedule import on_sweep
from chalicelib.events.stream import emptied, on_table_change
from chalicelib.services.ports import StoreUnavailable
from chalicelib.services.session_ports import SessionCheck
from tests.session_life import NODE, Installation, installation


def image(**changes: Any) -> dict[str, Any]:
    whole = {
        "pk": {"S": "SES#app#ses"},
        "sk": {"S": "SESSION"},
        "kind": {"S": "session"},
        "app_id": {"S": "app"},
        "session_id": {"S": "ses"},
        "status": {"S": "ACTIVE"},
        "live_peers": {"N": "0"},
        "keep_alive_ms": {"N": "1500"},
        "empty_since_ms": {"N": "1000"},
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


CHECK = SessionCheck(AppId("app"), SessionId("ses"), 1000)


def test_a_session_that_became_empty_is_checked_when_its_grace_is_over() -> None:
    assert emptied(image(empty_since_ms=None), image()) == (CHECK, 2)
    assert emptied(image(empty_since_ms={"N": "900"}), image()) == (CHECK, 2)
    assert emptied(None, image()) == (CHECK, 2)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (image(), image()),
        (image(), image(empty_since_ms=None)),
        (image(), None),
        (image(empty_since_ms=None), image(status={"S": "ENDING"})),
        (image(empty_since_ms=None), image(kind={"S": "listed_session"})),
        (None, {"pk": {"S": "x"}, "sk": {"S": "y"}}),
    ],
)
def test_every_other_change_is_passed_over(old: Any, new: Any) -> None:
    assert emptied(old, new) is None


def stream(*changes: Any) -> DynamoDBEvent:
    records = [{"eventID": f"e{index}", "dynamodb": change} for index, change in enumerate(changes)]
    return DynamoDBEvent({"Records": records}, None)


def test_a_poisoned_record_is_buried_and_the_others_are_handled() -> None:
    place = installation()
    keys = {"pk": {"S": "SES#app#ses"}, "sk": {"S": "SESSION"}}
    poisoned = {"NewImage": image(keep_alive_ms={"N": "many"}), "Keys": keys, "SequenceNumber": "17"}
    event = stream({"NewImage": image()}, poisoned, {"NewImage": 7}, {"NewImage": image()})
    event.to_dict()["Records"].insert(0, {"eventID": "empty"})
    on_table_change(event, place.deps)
    assert place.queue.sent == [(CHECK, 2)] * 2
    assert [(source, record) for source, record, _, _ in place.dead_letters.kept] == [
        ("stream", "empty"),
        ("stream", "e1"),
        ("stream", "e2"),
    ]
    assert json.loads(place.dead_letters.kept[1][3]) == {"Keys": keys, "SequenceNumber": "17"}


def test_a_queue_and_a_table_that_are_away_do_not_stop_the_stream() -> None:
    class Away:
        def __getattr__(self, name: str) -> Any:
            raise StoreUnavailable(name)

    place = installation()
    on_table_change(stream({"NewImage": image()}), replace(place.deps, delays=Away(), dead_letters=Away()))


def messages(*bodies: str) -> SQSEvent:
    return SQSEvent({"Records": [{"messageId": f"m{i}", "body": body} for i, body in enumerate(bodies)]}, None)


def body_of(place: Installation, admission: Any) -> str:
    check = {"app_id": admission.app_id, "session_id": admission.session_id}
    return json.dumps({**check, "empty_since_ms": place.session(admission).empty_since_ms})


def test_a_check_ends_the_session_and_unreadable_ones_are_buried() -> None:
    place = installation()
    place.node()
    ada = place.join(place.token(place.meeting(keep_alive_s=0)))
    place.leave(ada, 1)
    on_session_check(messages("not json", "[]", '{"app_id": "a"}', body_of(place, ada)), place.deps)
    assert place.session(ada).status is SessionStatus.ENDED
    assert [record for _, record, _, _ in place.dead_letters.kept] == ["m0", "m1", "m2"]


def test_a_check_that_fails_is_delivered_again() -> None:
    class Away:
        def __getattr__(self, name: str) -> Any:
            raise StoreUnavailable(name)

    place = installation()
    body = json.dumps({"app_id": "a", "session_id": "s", "empty_since_ms": 1})
    with pytest.raises(StoreUnavailable):
        on_session_check(messages(body), replace(place.deps, sessions=Away()))


def test_the_schedule_sweeps() -> None:
    place = installation()
    place.node()
    ada = place.join(place.token(place.meeting()))
    place.pass_time(1, NODE)
    on_sweep(place.deps)
    assert place.session(ada).status is SessionStatus.ACTIVE
    place.pass_time(6)
    on_sweep(place.deps)
    assert place.session(ada).status is SessionStatus.ENDED
