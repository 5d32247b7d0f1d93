"""All methods of the official `cloudflare` SDK's realtime_kit, strict about the answers, as a stateful user sees them.

Each test says which methods it shows and is held to it; together they are every method of the SDK's source, so that a
new one fails here. The node of the sessions is the real node's room and command gate behind a small HTTP server.
"""

import ast
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cloudflare.resources.realtime_kit as sdk_source
import pytest
from cloudflare import BadRequestError, Cloudflare, ConflictError, InternalServerError, NotFoundError

from chalicelib.contract.ids import NodeId
from chalicelib.contract.node_messages import Admission, EventType, RegisterNode
from chalicelib.domain.default_presets import NAMES, default_presets
from chalicelib.domain.meeting import Meeting
from chalicelib.services import node_registry
from chalicelib.services.meetings import get_meeting
from chalicelib.services.session_end import end_if_over
from tests.fakes.clock import FakeClock
from tests.fakes.fleet import FakeFleet
from tests.fakes.session_stores import FakeDeadLetters, FakeDelayQueue
from tests.integration.control_plane import ControlPlane, running_control_plane
from tests.session_life import Installation

UNKNOWN = "01890000-0000-7000-8000-000000000000"
NODE = NodeId("nd_cloudflaresdk")
SHOWN: dict[str, list[str]] = {}


def shows(*methods: str) -> Callable[[Any], Any]:
    """Say which methods of the SDK a test calls and looks at the answers of."""

    def mark(test: Any) -> Any:
        SHOWN[test.__name__] = list(methods)
        return test

    return mark


def methods_of_the_sdk() -> set[str]:
    """Return ``resource.method`` for every method in the SDK's source that sends a request."""
    found = set()
    for path in Path(sdk_source.__file__).parent.glob("*.py"):
        for resource in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)):
            if resource.name.startswith("Async") or not resource.name.endswith("Resource"):
                continue
            for method in (node for node in resource.body if isinstance(node, ast.FunctionDef)):
                if "path_template" in ast.unparse(method):
                    found.add(f"{path.stem}.{method.name}")
    return found


def test_every_method_of_the_sdk_is_shown() -> None:
    shown = [method for methods in SHOWN.values() for method in methods]
    assert len(shown) == len(set(shown)) == 55
    assert set(shown) == methods_of_the_sdk()


class Recorder:
    """The SDK's realtime_kit, with the tenant filled in and the names of the methods noted."""

    def __init__(self, sdk: Cloudflare, tenant: dict[str, str]) -> None:
        self._kit, self._tenant, self.called = sdk.realtime_kit, tenant, set[str]()

    def __call__(self, called: str, /, *ids: str, **fields: Any) -> Any:
        """Call ``resource.method``; an id or more go first, then the fields of the body or the query."""
        self.called.add(called)
        resource, method = called.split(".")
        tenant = dict(self._tenant)
        of_account = resource == "apps"
        by_position = method in _APP_FIRST.get(resource, ())
        if of_account or by_position:
            app_id = tenant.pop("app_id")
            ids = (app_id, *ids) if by_position else ids
        return getattr(getattr(self._kit, resource), method)(*ids, **tenant, **fields)


# The id that the SDK takes first is the last one in the path; where that is the app's, it is this one.
_APP_FIRST = {
    "meetings": ("create", "get"),
    "presets": ("create", "get"),
    "sessions": ("get_sessions",),
    "recordings": ("get_recordings", "start_recordings", "start_track_recording"),
    "webhooks": ("create_webhook", "get_webhooks"),
    "livestreams": (
        "get_all_livestreams",
        "get_livestream_analytics_complete",
        "get_livestream_analytics_daywise",
        "get_org_analytics",
    ),
    "analytics": ("get_org_analytics",),
}


class WallClock(FakeClock):
    """The real time, where session_life asks for a clock."""

    def __init__(self) -> None:
        """Nothing to keep."""

    def __getattribute__(self, name: str) -> Any:
        """Return the time as `ms`."""
        return time.time_ns() // 1_000_000 if name == "ms" else object.__getattribute__(self, name)


class Node:
    """A media node for control: a room of the real code, without media, behind HTTP."""

    def __init__(self, plane: ControlPlane, clock: FakeClock) -> None:
        self.fleet = fleet = FakeFleet(clock, plane.deps.signer.signing_key)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                reply = fleet.post(f"http://{NODE}{self.path}", self.rfile.read(int(self.headers["content-length"])), 2)
                self.send_response(reply.status)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, format: str, *arguments: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{self.server.server_port}"
        node_registry.register(plane.deps, RegisterNode(NODE, url, "0.1.0"))


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARLEY_NODE_LEASE_MS", "600000")  # nobody sends heartbeats here
        with running_control_plane() as running:
            yield running


@pytest.fixture(scope="module")
def node(plane: ControlPlane) -> Iterator[Node]:
    made = Node(plane, WallClock())
    yield made
    made.server.shutdown()


@pytest.fixture
def place(plane: ControlPlane) -> Installation:
    """An account and an app of the test's own, and what nodes say of its sessions."""
    return Installation(plane.deps, WallClock(), FakeDelayQueue(), FakeDeadLetters())


@pytest.fixture
def kit(request: pytest.FixtureRequest, plane: ControlPlane, place: Installation) -> Iterator[Recorder]:
    recorder = Recorder(plane.sdk(place.api_token), {"account_id": place.app.account_id, "app_id": place.app.id})
    yield recorder
    assert recorder.called >= set(SHOWN[request.node.originalname])


def same(one: Any, other: Any) -> bool:
    """Compare two answers: every method of the SDK has classes of its own for the same thing."""
    return bool(one.model_dump() == other.model_dump())


def error_id(error: Any) -> str:
    """Return the stable id of an error, after a look at its form."""
    body = error.value.body
    assert body["success"] is False and body["errors"][0]["message"] == body["error"]["message"]
    assert body["error"]["code"] == error.value.status_code
    return str(body["error"]["id"])


def counts(answer: Any) -> tuple[int, int, int]:
    paging = answer.paging
    return paging.total_count, paging.start_offset, paging.end_offset


def has_no_engine(call: Callable[[], Any]) -> None:
    """A call that a later engine will answer says so, and that repeating it does not help."""
    with pytest.raises(InternalServerError) as refused:
        call()
    assert (refused.value.status_code, error_id(refused)) == (501, "engine_not_available")
    assert refused.value.response.headers["x-should-retry"] == "false"


def is_gone(error: str, *calls: Callable[[], Any]) -> None:
    for call in calls:
        with pytest.raises(NotFoundError) as refused:
            call()
        assert error_id(refused) == error


@shows("apps.post", "apps.get")
def test_apps(kit: Recorder, place: Installation) -> None:
    made = kit("apps.post", name="Staging of Ada").data.app
    assert made.id and made.name == "Staging of Ada" and made.created_at
    listed = kit("apps.get", page_no=1, per_page=10, search="staging", sort_order="ASC")
    assert [app.id for app in listed.data] == [made.id] and counts(listed) == (1, 1, 1)
    both = kit("apps.get", sort_order="DESC")
    assert [app.id for app in both.data] == [made.id, place.app.id]


@shows(
    "meetings.create",
    "meetings.get",
    "meetings.get_meeting_by_id",
    "meetings.update_meeting_by_id",
    "meetings.replace_meeting_by_id",
)
def test_meetings(kit: Recorder) -> None:
    made = kit(
        "meetings.create", title="Board", persist_chat=True, ai_config={"transcription": {"language": "de"}}
    ).data
    assert same(kit("meetings.get_meeting_by_id", made.id, name="Board").data, made)
    other = kit("meetings.create", title="Retro").data
    second = kit("meetings.get", page_no=2, per_page=1)
    assert [meeting.id for meeting in second.data] == [made.id] and counts(second) == (2, 2, 2)
    patched = kit("meetings.update_meeting_by_id", other.id, status="INACTIVE", title="Old retro").data
    assert (patched.status, patched.title, patched.created_at) == ("INACTIVE", "Old retro", other.created_at)
    found = {
        name: [meeting.id for meeting in kit("meetings.get", **query).data]
        for name, query in {
            "word": {"search": "retro"},
            "id": {"search": made.id},
            "status": {"status": "ACTIVE"},
            "time": {"end_time": made.created_at - timedelta(seconds=1)},
        }.items()
    }
    assert found == {"word": [other.id], "id": [made.id], "status": [made.id], "time": []}
    replaced = kit("meetings.replace_meeting_by_id", made.id, title="New board").data
    assert (replaced.title, replaced.persist_chat, replaced.ai_config) == ("New board", False, None)
    assert (replaced.id, replaced.created_at, replaced.status) == (made.id, made.created_at, "ACTIVE")
    replaced = kit("meetings.replace_meeting_by_id", other.id, title=None, session_keep_alive_time_in_secs=5).data
    assert (replaced.title, replaced.status, replaced.session_keep_alive_time_in_secs) == (None, "INACTIVE", 5)
    assert same(kit("meetings.get_meeting_by_id", other.id).data, replaced)
    is_gone(
        "meeting_not_found",
        lambda: kit("meetings.get_meeting_by_id", UNKNOWN),
        lambda: kit("meetings.replace_meeting_by_id", UNKNOWN, title="x"),
        lambda: kit("meetings.update_meeting_by_id", UNKNOWN, title="x"),
    )


@shows(
    "meetings.add_participant",
    "meetings.get_meeting_participants",
    "meetings.get_meeting_participant",
    "meetings.edit_participant",
    "meetings.refresh_participant_token",
    "meetings.delete_meeting_participant",
)
def test_participants(kit: Recorder) -> None:
    meeting = kit("meetings.create", title="With people").data.id
    people = [
        kit("meetings.add_participant", meeting, custom_participant_id=name, preset_name="webinar_viewer").data
        for name in ("ada", "bob", "eve")
    ]
    ada = people[0]
    assert ada.token and len({one.id for one in people}) == 3
    page = kit("meetings.get_meeting_participants", meeting, page_no=2, per_page=2)
    assert [one.id for one in page.data] == [ada.id] and counts(page) == (3, 3, 3)
    edited = kit(
        "meetings.edit_participant", ada.id, meeting_id=meeting, name="Ada", preset_name="group_call_host", picture=None
    ).data
    assert (edited.name, edited.preset_name) == ("Ada", "group_call_host") and edited.token != ada.token
    read = kit("meetings.get_meeting_participant", ada.id, meeting_id=meeting).data
    assert (read.name, read.preset_name, read.custom_participant_id) == ("Ada", "group_call_host", "ada")
    assert kit("meetings.refresh_participant_token", ada.id, meeting_id=meeting).data.token
    gone = kit("meetings.delete_meeting_participant", ada.id, meeting_id=meeting).data
    assert gone.custom_participant_id == "ada" and gone.preset_id
    is_gone(
        "participant_not_found",
        lambda: kit("meetings.get_meeting_participant", ada.id, meeting_id=meeting),
        lambda: kit("meetings.delete_meeting_participant", ada.id, meeting_id=meeting),
    )


def a_preset(name: str) -> dict[str, Any]:
    model = default_presets("app", [str(number) for number in range(len(NAMES))], 0)[0]  # type: ignore[arg-type]
    return {"name": name, "config": model.config, "permissions": model.permissions, "ui": model.ui}


@shows(
    "presets.create",
    "presets.get",
    "presets.get_preset_by_id",
    "presets.update",
    "presets.replace_preset_by_id",
    "presets.delete",
)
def test_presets(kit: Recorder) -> None:
    made = kit("presets.create", **a_preset("moderator")).data
    assert same(kit("presets.get_preset_by_id", made.id).data, made)
    assert made.ui.design_tokens.colors.brand.api_300 == "#844d1c" and made.ui.model_extra == {"config_diff": {}}
    found = kit("presets.get", search="MODER", page_no=1, per_page=5)
    assert [preset.name for preset in found.data] == ["moderator"] and counts(found) == (1, 1, 1)
    with pytest.raises(ConflictError) as taken:
        kit("presets.create", **a_preset("moderator"))
    assert error_id(taken) == "already_exists"
    patched = kit(
        "presets.update",
        made.id,
        name="chair",
        permissions={
            "chat": {"public": {"files": False}},
            "plugins": {"config": {UNKNOWN: {"handles_view_only": True}}},
        },
        extra_body={"ui": {"config_diff": {"root": ["a"]}}},
    ).data
    assert (patched.name, patched.permissions.chat.public.files, patched.permissions.chat.public.text) == (
        "chair",
        False,
        True,
    )
    assert patched.permissions.plugins.config[UNKNOWN].handles_view_only and same(patched.config, made.config)
    assert patched.ui.model_extra == {"config_diff": {"root": ["a"]}} and same(
        patched.ui.design_tokens, made.ui.design_tokens
    )
    meeting = kit("meetings.create").data.id
    ada = kit("meetings.add_participant", meeting, custom_participant_id="ada", preset_name="chair").data
    with pytest.raises(ConflictError) as used:
        kit("presets.delete", made.id)
    assert error_id(used) == "in_use" and "'ada'" in str(used.value.body)
    assert used.value.response.headers["x-should-retry"] == "false"
    whole = a_preset("chair")
    whole["permissions"] = {name: value for name, value in whole["permissions"].items() if name != "stage_enabled"}
    replaced = kit("presets.replace_preset_by_id", made.id, **whole).data
    assert replaced.permissions.stage_enabled is None and replaced.permissions.plugins.config == {}
    assert replaced.created_at == made.created_at and replaced.updated_at >= patched.updated_at
    kit("meetings.delete_meeting_participant", ada.id, meeting_id=meeting)
    assert same(kit("presets.delete", made.id).data, replaced)
    is_gone(
        "preset_not_found",
        lambda: kit("presets.get_preset_by_id", made.id),
        lambda: kit("presets.update", made.id, name="x"),
        lambda: kit("presets.replace_preset_by_id", made.id, **whole),
        lambda: kit("presets.delete", made.id),
    )
    with pytest.raises(BadRequestError) as wrong:
        kit("presets.create", **(a_preset("x") | {"config": a_preset("x")["config"] | {"view_type": "CIRCLE"}}))
    assert wrong.value.body["errors"][0]["source"] == {"pointer": "/config/view_type"}  # type: ignore[call-overload,index]


@shows(
    "webhooks.create_webhook",
    "webhooks.get_webhooks",
    "webhooks.get_webhook_by_id",
    "webhooks.edit_webhook",
    "webhooks.replace_webhook",
    "webhooks.delete_webhook",
)
def test_webhooks(kit: Recorder) -> None:
    events = ["meeting.started", "meeting.ended"]
    made = kit("webhooks.create_webhook", name="mine", url="https://example.org/a", events=events).data
    assert (made.enabled, made.events) == (True, events)
    assert same(kit("webhooks.get_webhook_by_id", made.id).data, made)
    assert [same(one, made) for one in kit("webhooks.get_webhooks").data] == [True]
    edited = kit("webhooks.edit_webhook", made.id, enabled=False, url="https://example.org/b").data
    assert (edited.enabled, edited.url, edited.name, edited.events) == (False, "https://example.org/b", "mine", events)
    replaced = kit(
        "webhooks.replace_webhook", made.id, name="other", url="https://example.org/c", events=["meeting.summary"]
    ).data
    assert (replaced.enabled, replaced.name, replaced.events) == (True, "other", ["meeting.summary"])
    assert replaced.created_at == made.created_at
    for field, wrong in {"url": "http://example.org", "events": ["meeting.exploded"], "name": ""}.items():
        given = {"name": "x", "url": "https://example.org", "events": events} | {field: wrong}
        with pytest.raises(BadRequestError) as refused:
            kit("webhooks.create_webhook", **given)
        assert refused.value.body["errors"][0]["source"]["pointer"].startswith(f"/{field}")  # type: ignore[call-overload,index]
    assert same(kit("webhooks.delete_webhook", made.id).data, replaced)
    is_gone(
        "webhook_not_found",
        lambda: kit("webhooks.get_webhook_by_id", made.id),
        lambda: kit("webhooks.edit_webhook", made.id, name="x"),
        lambda: kit("webhooks.delete_webhook", made.id),
    )
    assert kit("webhooks.get_webhooks").data == []


def in_session(place: Installation, node: Node, meeting: str, *names: str) -> tuple[Meeting, list[Admission]]:
    """Let participants be in a session of the meeting, connected."""
    stored = get_meeting(place.deps, place.app.id, meeting)
    admissions = [place.join(place.token(stored, name), node_id=NODE) for name in names]
    for seq, admission in enumerate(admissions, 1):
        node.fleet.enter(admission)
        place.report(admission, seq, EventType.PEER_CONNECTED, NODE)
    return stored, admissions


@shows(
    "active_session.get_active_session",
    "sessions.get_sessions",
    "sessions.get_session_details",
    "sessions.get_session_participants",
    "sessions.get_session_participant_details",
    "sessions.get_participant_data_from_peer_id",
    "sessions.get_session_chat",
    "sessions.get_session_transcripts",
    "sessions.get_session_summary",
    "sessions.generate_summary_of_transcripts",
)
def test_sessions(kit: Recorder, place: Installation, node: Node) -> None:
    meeting = kit("meetings.create", title="Stand-up", session_keep_alive_time_in_secs=0).data.id
    is_gone("no_active_session", lambda: kit("active_session.get_active_session", meeting))
    _, (ada, bob) = in_session(place, node, meeting, "ada", "bob")
    live = kit("active_session.get_active_session", meeting).data
    assert (live.id, live.status, live.live_participants, live.associated_id) == (ada.session_id, "LIVE", 2, meeting)
    for number, admission in enumerate((ada, bob)):
        place.report(admission, 3 + number, EventType.PEER_LEFT, NODE)
    assert end_if_over(place.deps, ada.app_id, ada.session_id)
    is_gone("no_active_session", lambda: kit("active_session.get_active_session", meeting))
    ended = kit("sessions.get_session_details", ada.session_id, include_breakout_rooms=True).data
    assert (ended.status, ended.live_participants, ended.max_concurrent_participants) == ("ENDED", 0, 2)
    listed = kit("sessions.get_sessions", associated_id=meeting, status="ENDED", search="stand")
    assert [session.id for session in listed.data.sessions] == [ada.session_id] and counts(listed) == (1, 1, 1)
    assert kit("sessions.get_sessions", status="LIVE").data.sessions == []
    people = kit(
        "sessions.get_session_participants",
        ada.session_id,
        sort_by="joinedAt",
        sort_order="DESC",
        per_page=1,
        page_no=2,
    ).data.participants
    assert [one.id for one in people] == [ada.peer_id] and people[0].peer_events is None
    one = kit(
        "sessions.get_session_participant_details",
        bob.participant_id,
        session_id=ada.session_id,
        include_peer_events=True,
    ).data.participant
    assert (one.custom_participant_id, one.user_id) == ("bob", bob.participant_id)
    assert [event.event_name for event in one.peer_events] == ["PEER_CREATED", "PEER_JOINING", "PEER_LEAVING"]
    report = kit(
        "sessions.get_participant_data_from_peer_id", ada.peer_id, filters="quality_stats", include_peer_events=True
    ).data.participant
    assert (report.id, report.session_id, report.custom_participant_id) == (ada.peer_id, ada.session_id, "ada")
    assert report.joined_at and report.left_at and report.duration is not None and len(report.peer_events) == 3
    is_gone("peer_not_found", lambda: kit("sessions.get_participant_data_from_peer_id", UNKNOWN))
    outputs = (
        lambda session: kit("sessions.get_session_chat", session),
        lambda session: kit("sessions.get_session_transcripts", session, format="VTT"),
        lambda session: kit("sessions.get_session_summary", session),
        lambda session: kit("sessions.generate_summary_of_transcripts", session),
    )
    for output in outputs:
        has_no_engine(lambda output=output: output(ada.session_id))
        is_gone("session_not_found", lambda output=output: output(UNKNOWN))


@shows("active_session.kick_participants", "active_session.kick_all_participants", "active_session.create_poll")
def test_active_session(kit: Recorder, place: Installation, node: Node) -> None:
    meeting = kit("meetings.create", title="Full house").data.id
    is_gone(
        "no_active_session",
        lambda: kit("active_session.kick_participants", meeting, custom_participant_ids=["ada"], participant_ids=[]),
        lambda: kit("active_session.kick_all_participants", meeting),
    )
    in_session(place, node, meeting, "ada", "bob", "eve")
    kicked = kit(
        "active_session.kick_participants", meeting, custom_participant_ids=["bob"], participant_ids=[]
    ).data.participants
    assert [one.name for one in kicked] == ["Bob"]
    asked = {"question": "Tea?", "options": ["yes", "no"]}
    poll = kit("active_session.create_poll", meeting, **asked, anonymous=True).data.poll
    assert (poll.question, [option.text for option in poll.options]) == ("Tea?", ["yes", "no"])
    assert poll.anonymous and [option.count for option in poll.options] == [0, 0]
    assert kit("active_session.kick_all_participants", meeting).data.kicked_participants_count
    is_gone("no_active_session", lambda: kit("active_session.get_active_session", meeting))


@shows(
    "recordings.start_recordings",
    "recordings.start_track_recording",
    "recordings.get_recordings",
    "recordings.get_active_recordings",
    "recordings.get_one_recording",
    "recordings.pause_resume_stop_recording",
)
def test_recordings(kit: Recorder) -> None:
    meeting = kit("meetings.create", title="For the record").data.id
    whole = {
        "meeting_id": meeting,
        "allow_multiple_recordings": True,
        "audio_config": {"codec": "AAC", "channel": "stereo"},
        "video_config": {
            "codec": "H264",
            "width": 1280,
            "height": 720,
            "watermark": {"size": {"width": 1, "height": 1}},
        },
        "max_seconds": 60,
        "storage_config": {"type": "aws", "access_key": "k", "secret": "s", "bucket": "b", "region": "r"},
        "realtimekit_bucket_config": {"enabled": True},
        "interactive_config": {"type": "ID3"},
    }
    has_no_engine(lambda: kit("recordings.start_recordings", **whole))
    has_no_engine(
        lambda: kit(
            "recordings.start_track_recording",
            meeting_id=meeting,
            user_ids=["ada"],
            layers={"default": {"file_name_prefix": "x", "media_kind": "audio"}},
        )
    )
    wrong: dict[str, Any] = {
        "/max_seconds": {"max_seconds": 59},
        "/video_config/width": {"video_config": {"width": 1921}},
        "/storage_config": {"storage_config": {"type": "sftp", "auth_method": "KEY", "password": "x"}},
    }
    for pointer, fields in wrong.items():
        with pytest.raises(BadRequestError) as refused:
            kit("recordings.start_recordings", meeting_id=meeting, **fields)
        assert refused.value.body["errors"][0]["source"] == {"pointer": pointer}  # type: ignore[call-overload,index]
    none = kit("recordings.get_recordings", status=["UPLOADED", "ERRORED"], meeting_id=meeting, expired=False)
    assert none.data == [] and counts(none) == (0, 0, 0)
    is_gone("meeting_not_found", lambda: kit("recordings.start_recordings", meeting_id=UNKNOWN))
    is_gone(
        "recording_not_found",
        lambda: kit("recordings.get_active_recordings", meeting),
        lambda: kit("recordings.get_one_recording", UNKNOWN),
        lambda: kit("recordings.pause_resume_stop_recording", UNKNOWN, action="pause"),
    )


@shows(
    "livestreams.start_livestreaming_a_meeting",
    "livestreams.stop_livestreaming_a_meeting",
    "livestreams.get_meeting_active_livestreams",
    "livestreams.get_all_livestreams",
    "livestreams.get_livestream_session_for_livestream_id",
    "livestreams.get_active_livestreams_for_livestream_id",
    "livestreams.get_livestream_session_details_for_session_id",
)
def test_livestreams(kit: Recorder, plane: ControlPlane, place: Installation) -> None:
    meeting = kit("meetings.create", title="On air").data.id
    has_no_engine(
        lambda: kit("livestreams.start_livestreaming_a_meeting", meeting, name="x", video_config={"width": 640})
    )
    is_gone(
        "livestream_not_found",
        lambda: kit("livestreams.get_meeting_active_livestreams", meeting),
        lambda: kit("livestreams.stop_livestreaming_a_meeting", meeting),
        lambda: kit("livestreams.get_livestream_session_for_livestream_id", UNKNOWN),
    )
    empty = kit("livestreams.get_all_livestreams").data
    assert empty.id is None and empty.paging.total_count == 0
    base = f"/accounts/{place.app.account_id}/realtime/kit/{place.app.id}/livestreams"
    raw = plane.sdk(place.api_token)
    made: Any = raw.post(base, body={"name": "talk"}, cast_to=object)
    found = kit("livestreams.get_all_livestreams", sort_order="DSC", status="IDLE", exclude_meetings=True).data
    assert (found.id, found.disabled, found.stream_key) == (made["data"]["id"], "false", made["data"]["stream_key"])
    whole: Any = raw.post(f"{base}/{found.id}/disable", body={}, cast_to=object)
    reset: Any = raw.post(f"{base}/{found.id}/reset-stream-key", body={}, cast_to=object)
    assert whole["data"]["disabled"] == "true" and reset["data"]["stream_key"] != found.stream_key
    one = kit("livestreams.get_livestream_session_for_livestream_id", found.id, page_no=1).data
    assert (one.livestream.disabled, one.livestream.stream_key) == ("true", reset["data"]["stream_key"])
    is_gone(
        "livestream_session_not_found",
        lambda: kit("livestreams.get_active_livestreams_for_livestream_id", found.id),
        lambda: kit("livestreams.get_livestream_session_details_for_session_id", UNKNOWN),
    )


@shows(
    "analytics.get_org_analytics",
    "livestreams.get_org_analytics",
    "livestreams.get_livestream_analytics_complete",
    "livestreams.get_livestream_analytics_daywise",
)
def test_analytics(kit: Recorder, place: Installation, node: Node) -> None:
    meeting = kit("meetings.create", session_keep_alive_time_in_secs=0).data.id
    _, (ada,) = in_session(place, node, meeting, "ada")
    place.report(ada, 2, EventType.PEER_LEFT, NODE)
    assert end_if_over(place.deps, ada.app_id, ada.session_id)
    today = datetime.now(UTC).date()
    first = today - timedelta(days=2)
    for name in ("analytics.get_org_analytics", "livestreams.get_org_analytics"):
        stats = kit(name, start_date=first.isoformat(), end_date=f"{today + timedelta(days=1)}T00:00:00Z").data
        assert stats.session_stats.sessions_count == 1
        days = {each.day: each.total_sessions for each in stats.session_stats.day_stats}
        assert len(days) == 4 and sum(days.values()) == 1 and days[first.isoformat()] == 0
        assert stats.recording_stats.recording_count == 0 and len(stats.recording_stats.day_stats) == 4
    now_s = int(time.time())
    none = kit(
        "livestreams.get_livestream_analytics_complete", start_time=now_s - 86_400, end_time=now_s, filters=""
    ).data
    assert (none.count, none.total_ingest_seconds, none.total_viewer_seconds) == (0, 0, 0)
    daily = kit("livestreams.get_livestream_analytics_daywise", start_time=now_s - 86_400, end_time=now_s).data
    assert [each.count for each in daily] == [0, 0]
    with pytest.raises(BadRequestError) as backwards:
        kit("analytics.get_org_analytics", start_date="2026-02-01", end_date="2026-01-01")
    assert backwards.value.body["errors"][0]["source"] == {"pointer": "/start_date"}  # type: ignore[call-overload,index]
