"""Whatever is sent to a described call, the answer is described too: status, content type, schema; and no 5xx but 501.

Cases are made by schemathesis from the OpenAPI document, right ones and wrong ones, the same in every run. `make
fuzz-api` makes 120 a call, at random, which is more than 20,000 in all.
"""

import base64
import os
import time
import uuid
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import content_type_conformance, response_schema_conformance, status_code_conformance

import app as composition
from chalicelib.api.openapi.document import build
from chalicelib.contract.ids import NodeId, PeerId, uuid7
from chalicelib.contract.node_messages import AdmissionRequest, RegisterNode
from chalicelib.contract.token_claims import NodeClaims
from chalicelib.domain.meeting import MeetingOptions
from chalicelib.services import node_registry
from chalicelib.services.admission import admit
from chalicelib.services.meetings import create_meeting
from chalicelib.services.participants import Home, add_participant, issue_token
from tests.integration.control_plane import ControlPlane, running_control_plane

CASES = int(os.environ.get("PARLEY_FUZZ_CASES", "4"))  # of one call, half of them wrong ones
AT_RANDOM = "PARLEY_FUZZ_CASES" in os.environ
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
SCHEMA = schemathesis.openapi.from_dict(build(composition.described, "fuzz"))
SCHEMA.config.generation.with_security_parameters = False
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]


@dataclass
class Place:
    """A running control plane with a meeting in it, and what proves who calls, by dialect."""

    plane: ControlPlane
    ids: dict[str, str]
    statuses: Counter[int]

    def seed(self) -> None:
        """Make one of everything, so that not every id leads nowhere."""
        deps, app = self.plane.deps, self.plane.app.app
        meeting = create_meeting(deps, app.id, MeetingOptions(title="fuzz"))
        home = Home(app.account_id, app.id, meeting.id)
        person = add_participant(deps, home, "ada", "group_call_host", {})
        ids = {"account_id": app.account_id, "app_id": app.id, "meeting_id": meeting.id, "participant_id": person.id}
        self.ids |= ids | self._past_session(issue_token(deps, app.account_id, person).text)
        kit = httpx.Client(
            base_url=f"{self.plane.url}/client/v4/accounts/{app.account_id}/realtime/kit/{app.id}",
            headers={"Authorization": f"Bearer {self.plane.api_token}"},
        )
        with kit:
            for name, path, body in (
                ("preset_id", "/presets", self._preset(kit)),
                (
                    "webhook_id",
                    "/webhooks",
                    {"name": "fuzz", "url": "https://example.org/", "events": ["meeting.ended"]},
                ),
                ("livestream_id", "/livestreams", {"name": "fuzz"}),
                ("api_key", "/api-keys", {}),
            ):
                answer = kit.post(path, json=body)
                if answer.status_code < 300:  # or a quota is reached, and what is there is used on
                    self.ids[name] = answer.json()["data"]["id"]

    def _past_session(self, token: str) -> dict[str, str]:
        deps = self.plane.deps
        node, peer = NodeId(f"nd_{deps.entropy(8).hex()}"), PeerId(uuid7(deps.now_ms(), deps.entropy(10)))
        node_registry.register(deps, RegisterNode(node, "http://127.0.0.1:9", "fuzz"))
        admitted = admit(deps, node, AdmissionRequest(token, peer)).admission
        assert admitted is not None
        node_registry.deregister(deps, node)
        return {"session_id": admitted.session_id, "peer_id": peer}

    def _preset(self, kit: httpx.Client) -> dict[str, Any]:
        (first, *_) = kit.get("/presets", params={"search": "webinar_viewer"}).json()["data"]
        whole = kit.get(f"/presets/{first['id']}").json()["data"]
        return {name: whole[name] for name in ("config", "permissions", "ui")} | {"name": str(uuid.uuid4())}

    def headers(self, path: str) -> dict[str, str]:
        """Return the credential of the dialect that a path belongs to."""
        key, now_s = self.plane.app.api_key, int(time.time())
        if path.startswith("/dyte/"):
            pair = base64.b64encode(f"{self.plane.app_id}:{self.plane.api_token}".encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        if path.startswith("/videosdk/"):
            claims = {"apikey": key.key, "permissions": ["allow_join", "allow_mod"], "iat": now_s, "exp": now_s + 600}
            return {"Authorization": jwt.encode(claims, key.secret, "HS256")}
        if path.startswith("/twirp/"):
            grants = {"roomCreate": True, "roomList": True, "roomAdmin": True}
            claims = {"iss": key.key, "sub": "fuzz", "nbf": now_s - 5, "exp": now_s + 600, "video": grants}
            return {"Authorization": f"Bearer {jwt.encode(claims, key.secret, 'HS256')}"}
        if path.startswith("/internal/"):
            node = NodeClaims(NodeId("nd_0123456789abcdef"), "fuzz", now_s + 600)
            return {"Authorization": f"Bearer {self.plane.deps.signer.sign_node(node, now_s)}"}
        return {"Authorization": f"Bearer {self.plane.api_token}"}


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PARLEY_RATE_LIMIT", "PARLEY_APP_RATE_LIMIT", "PARLEY_RECORDING_RATE_LIMIT"):
            patch.setenv(name, "10000000/300")
        with running_control_plane() as plane:
            made = Place(plane, {}, Counter())
            made.seed()
            yield made
            sent = sum(made.statuses.values())
            print(f"\n{sent} cases over {len(OPERATIONS)} calls: {dict(sorted(made.statuses.items()))}")


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_every_answer_is_described(place: Place, operation: Any) -> None:
    for mode in GenerationMode:
        try:
            _try(place, operation, mode)
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE  # nothing can be wrong where nothing is asked for


def _try(place: Place, operation: Any, mode: GenerationMode) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=max(1, CASES // 2),
        derandomize=not AT_RANDOM,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def sent(case: Case) -> None:
        _send(place, case)

    sent()


def _send(place: Place, case: Case) -> None:
    _make_telling(place, case)
    headers = place.headers(case.operation.path)
    # Not a random credential: that one is refused is tested elsewhere, and would be all that is seen here.
    for name in [name for name in case.headers if name.lower() in {"authorization", "x-auth-key"}]:
        del case.headers[name]
    answer = case.call(base_url=place.plane.url, headers=headers, timeout=20)
    place.statuses[answer.status_code] += 1
    expected = 503 if case.operation.path == "/health" else 501  # there is no media node here
    assert answer.status_code < 500 or answer.status_code == expected, (case.as_curl_command(), answer.text[:500])
    case.validate_response(answer, checks=CHECKS)
    if case.method == "DELETE" and answer.status_code == 200:
        place.seed()


def _make_telling(place: Place, case: Case) -> None:
    """Let most cases name things that exist: which ones do depends on the case alone."""
    chance = zlib.crc32(repr((case.path_parameters, case.body, case.query)).encode(errors="replace"))
    for name in case.path_parameters or {}:
        if name in place.ids and chance % 8:
            case.path_parameters[name] = place.ids[name]
    body = case.body
    if isinstance(body, dict) and chance % 3:
        if isinstance(body.get("preset_name"), str):
            body["preset_name"] = "group_call_participant"
        if isinstance(body.get("meeting_id"), str):
            body["meeting_id"] = place.ids["meeting_id"]


def test_enough_calls_are_described() -> None:
    assert len(OPERATIONS) > 100
