"""Webhooks, recordings, livestreams and what sessions leave behind, over fakes."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AppId
from chalicelib.contract.limits import MAX_WEBHOOKS_PER_APP
from chalicelib.contract.node_messages import EventType
from chalicelib.domain.livestream import LivestreamFilter
from chalicelib.domain.paging import PageRequest
from chalicelib.domain.recording import Recording, RecordingFilter, RecordingId, RecordingStatus
from chalicelib.domain.usage import day_of
from chalicelib.domain.webhook import WebhookEvent
from chalicelib.services import livestreams, recordings, webhooks
from chalicelib.services.session_outputs import reported_peer, session_output
from chalicelib.services.usage import DailyRecordings, daily_recordings
from tests.session_life import Installation, installation

UNKNOWN = "01890000-0000-7000-8000-000000000000"
HOOK: dict[str, Any] = {
    "name": "mine",
    "url": "https://example.org/hook",
    "events": (WebhookEvent.MEETING_STARTED,),
    "enabled": True,
}


@pytest.fixture
def place() -> Installation:
    return installation()


def refusal(error: ErrorId, act: Any) -> ParleyError:
    with pytest.raises(ParleyError) as refused:
        act()
    assert refused.value.error is error
    return refused.value


def test_a_webhook_to_nowhere_is_pointed_at_also_when_it_is_changed(place: Installation) -> None:
    app_id = place.app.id
    webhook = webhooks.create_webhook(place.deps, app_id, HOOK)
    for url in ("http://example.org", "http://127.0.0.1/"):
        made = refusal(
            ErrorId.INVALID_FIELD, lambda url=url: webhooks.create_webhook(place.deps, app_id, HOOK | {"url": url})
        )
        changed = refusal(
            ErrorId.INVALID_FIELD, lambda url=url: webhooks.change_webhook(place.deps, app_id, webhook.id, {"url": url})
        )
        assert made.pointer == changed.pointer == "/url"
    assert webhooks.list_webhooks(place.deps, app_id) == (webhook,)


def test_an_app_has_so_many_webhooks_and_no_more(place: Installation) -> None:
    for _ in range(MAX_WEBHOOKS_PER_APP):
        webhooks.create_webhook(place.deps, place.app.id, HOOK)
    refusal(ErrorId.QUOTA_REACHED, lambda: webhooks.create_webhook(place.deps, place.app.id, HOOK))


def test_a_webhook_of_another_app_is_not_there(place: Installation) -> None:
    webhook = webhooks.create_webhook(place.deps, place.app.id, HOOK)
    other = AppId(UNKNOWN)
    refusal(ErrorId.WEBHOOK_NOT_FOUND, lambda: webhooks.get_webhook(place.deps, other, webhook.id))
    refusal(ErrorId.WEBHOOK_NOT_FOUND, lambda: webhooks.delete_webhook(place.deps, other, webhook.id))
    refusal(ErrorId.WEBHOOK_NOT_FOUND, lambda: webhooks.get_webhook(place.deps, place.app.id, "HOOK#1"))


def a_recording(place: Installation, status: RecordingStatus, meeting_id: Any, **fields: Any) -> Recording:
    recording = Recording(
        RecordingId(place.peer_id()),
        place.app.id,
        meeting_id,
        "standup",
        status,
        "a.mp4",
        place.clock.ms,
        **fields,
    )
    place.deps.recordings.add(recording)
    return recording


def test_a_start_is_refused_since_there_is_no_engine_but_only_for_a_meeting(place: Installation) -> None:
    meeting = place.meeting()
    refusal(ErrorId.ENGINE_NOT_AVAILABLE, lambda: recordings.start_recording(place.deps, place.app.id, meeting.id))
    refusal(ErrorId.ENGINE_NOT_AVAILABLE, lambda: livestreams.start_livestream(place.deps, place.app.id, meeting.id))
    refusal(ErrorId.MEETING_NOT_FOUND, lambda: recordings.start_recording(place.deps, place.app.id, UNKNOWN))
    refusal(ErrorId.MEETING_NOT_FOUND, lambda: livestreams.start_livestream(place.deps, place.app.id, UNKNOWN))
    page = recordings.list_recordings(place.deps, place.app.id, PageRequest(), RecordingFilter(), newest_first=True)
    assert page.total_count == 0


def test_only_a_recording_that_runs_is_active_and_may_be_stopped(place: Installation) -> None:
    deps, app_id, meeting = place.deps, place.app.id, place.meeting()
    over = a_recording(place, RecordingStatus.UPLOADED, meeting.id)
    refusal(ErrorId.RECORDING_NOT_FOUND, lambda: recordings.active_recording(deps, app_id, meeting.id))
    refusal(ErrorId.RECORDING_OVER, lambda: recordings.act_on_recording(deps, app_id, over.id))
    running = a_recording(place, RecordingStatus.RECORDING, meeting.id)
    assert recordings.active_recording(deps, app_id, meeting.id) == running
    refusal(ErrorId.ENGINE_NOT_AVAILABLE, lambda: recordings.act_on_recording(deps, app_id, running.id))
    refusal(ErrorId.RECORDING_NOT_FOUND, lambda: recordings.act_on_recording(deps, app_id, UNKNOWN))


def test_recordings_count_for_the_day_they_were_asked_for(place: Installation) -> None:
    today, day = day_of(place.clock.ms), timedelta(days=1)
    a_recording(place, RecordingStatus.UPLOADED, UNKNOWN, duration_s=90)
    a_recording(place, RecordingStatus.ERRORED, UNKNOWN)
    place.clock.advance(86_400_000)
    a_recording(place, RecordingStatus.UPLOADED, UNKNOWN, duration_s=5)
    assert daily_recordings(place.deps, place.app.id, today - day, today) == (
        DailyRecordings(today - day),
        DailyRecordings(today, 2, 90),
    )


def test_a_livestream_gets_a_new_key_and_is_closed_and_opened(place: Installation) -> None:
    deps, app_id = place.deps, place.app.id
    made = livestreams.create_livestream(deps, app_id, "talk")
    assert len(made.stream_key) == 48 and made.stream_key not in repr(made)
    renewed = livestreams.reset_stream_key(deps, app_id, made.id)
    assert renewed.stream_key != made.stream_key
    assert livestreams.set_disabled(deps, app_id, made.id, True).disabled
    assert not livestreams.set_disabled(deps, app_id, made.id, False).disabled
    assert livestreams.get_livestream(deps, app_id, made.id).stream_key == renewed.stream_key
    refusal(ErrorId.LIVESTREAM_NOT_FOUND, lambda: livestreams.reset_stream_key(deps, AppId(UNKNOWN), made.id))
    refusal(ErrorId.LIVESTREAM_SESSION_NOT_FOUND, lambda: livestreams.active_livestream_session(deps, app_id, made.id))


def test_livestreams_are_listed_by_state_and_time(place: Installation) -> None:
    deps, app_id = place.deps, place.app.id
    first = livestreams.create_livestream(deps, app_id, "first")
    place.clock.advance(1000)
    second = livestreams.create_livestream(deps, app_id, "second")

    def found(**wanted: Any) -> list[str]:
        page = livestreams.list_livestreams(deps, app_id, PageRequest(), LivestreamFilter(**wanted), newest_first=True)
        return [livestream.name for livestream in page.items]

    assert found() == found(status="IDLE") == found(exclude_meetings=True) == ["second", "first"]
    assert found(status="LIVE") == []
    assert found(from_ms=second.created_at_ms) == ["second"]
    assert found(to_ms=first.created_at_ms) == ["first"]


def test_a_session_has_no_transcript_and_says_why(place: Installation) -> None:
    place.node()
    admission = place.join(place.token(place.meeting()))
    refused = refusal(
        ErrorId.ENGINE_NOT_AVAILABLE,
        lambda: session_output(place.deps, place.app.id, admission.session_id, "transcript"),
    )
    assert "transcript" in refused.message
    refusal(ErrorId.SESSION_NOT_FOUND, lambda: session_output(place.deps, place.app.id, UNKNOWN, "transcript"))


def test_a_peer_is_reported_by_its_id_alone(place: Installation) -> None:
    place.node()
    admission = place.join(place.token(place.meeting()))
    place.report(admission, 1, EventType.PEER_CONNECTED)
    place.pass_time(9, "nd_aaaaaaaa")  # type: ignore[arg-type]
    live = reported_peer(place.deps, place.app.id, admission.peer_id)
    assert (live.stayed_ms, live.peer.left_at_ms) == (9_000, None)
    place.leave(admission, 2)
    assert reported_peer(place.deps, place.app.id, admission.peer_id).peer.left_at_ms == place.clock.ms
    refusal(ErrorId.PEER_NOT_FOUND, lambda: reported_peer(place.deps, place.app.id, UNKNOWN))
    refusal(ErrorId.PEER_NOT_FOUND, lambda: reported_peer(place.deps, AppId(UNKNOWN), admission.peer_id))
