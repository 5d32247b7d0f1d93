"""The packaged app, deployed with its template to an AWS emulator that enforces rights, does what the local run does.

It is `make deploy-local` itself that runs here: what it prints and writes is all the test uses.
"""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from livekit import api

from chalicelib.contract.codec import from_json, to_json
from chalicelib.contract.ids import NodeId, PeerId
from chalicelib.contract.node_messages import (
    Admission,
    AdmissionAnswer,
    AdmissionRequest,
    EventBatch,
    EventType,
    Heartbeat,
    LeaveReason,
    NodeEvent,
    NodeRegistered,
    RegisterNode,
)
from tests.integration.callers import backend_of
from tests.running_parley import ROOT, free_port, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
NODE = NodeId("nd_deployed1")
DEPLOY_DEADLINE_S = 300.0  # packaging downloads what the Lambda needs the first time


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The variables of deployed.env."""
    data_dir = tmp_path_factory.mktemp("deployed") / "data"
    port = free_port(socket.SOCK_STREAM)
    env = {**os.environ, "PARLEY_DATA_DIR": str(data_dir), "PARLEY_DEPLOY_PORT": str(port)}
    output = data_dir.parent / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.deploy_local"], cwd=ROOT, env=env, stdout=file, stderr=file
        )
    try:
        said = output.read_text
        wait_until(lambda: "is deployed" in said() or process.poll() is not None, DEPLOY_DEADLINE_S, said)
        assert process.poll() is None, said()
        lines = (data_dir / "deployed.env").read_text().splitlines()
        pairs = (line.removeprefix("export ").partition("=") for line in lines if line.startswith("export "))
        yield {name: shlex.split(value)[0] for name, _, value in pairs}
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0


def post(deployed: dict[str, str], path: str, message: Any, token: str) -> Any:
    request = urllib.request.Request(
        deployed["PARLEY_URL"] + path,
        data=json.dumps(to_json(message)).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())["data"]


def aws(deployed: dict[str, str], service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=deployed["AWS_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


def session_item(deployed: dict[str, str], admission: Admission) -> dict[str, Any]:
    key = {"pk": {"S": f"SES#{admission.app_id}#{admission.session_id}"}, "sk": {"S": "SESSION"}}
    item = aws(deployed, "dynamodb").get_item(TableName=deployed["PARLEY_TABLE"], Key=key, ConsistentRead=True)
    found: dict[str, Any] = item["Item"]
    return found


def log_text(deployed: dict[str, str], function: str) -> str:
    logs = aws(deployed, "logs")
    groups = logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/parley-dev-{function}")["logGroups"]
    events = [logs.filter_log_events(logGroupName=group["logGroupName"])["events"] for group in groups]
    return "\n".join(event["message"] for found in events for event in found)


def test_a_meeting_a_participant_and_a_token_come_out_of_the_deployed_api(deployed: dict[str, str]) -> None:
    caller = backend_of(deployed)
    meeting = caller.meeting("deployed")
    assert caller.token(meeting, "ann").count(".") == 2
    found = caller.client.realtime_kit.meetings.get_meeting_by_id(meeting, **caller.ids, app_id=caller.app_id)
    assert found.data is not None
    assert found.data.title == "deployed"


async def test_livekits_server_api_speaks_protobuf_through_the_deployed_gateway(deployed: dict[str, str]) -> None:
    key, secret = deployed["LIVEKIT_API_KEY"], deployed["LIVEKIT_API_SECRET"]
    async with api.LiveKitAPI(deployed["PARLEY_URL"], key, secret) as client:
        made = await client.room.create_room(api.CreateRoomRequest(name="deployed", metadata="\u00fc"))
        listed = await client.room.list_rooms(api.ListRoomsRequest())
        assert [each.metadata for each in listed.rooms] == [made.metadata] == ["\u00fc"]
        with pytest.raises(api.TwirpError) as refused:
            await client.room.delete_room(api.DeleteRoomRequest(room="never"))
        assert (refused.value.code, refused.value.status) == ("not_found", 404)


def test_a_session_that_empties_is_ended_by_the_deployed_stream_and_queue_functions(deployed: dict[str, str]) -> None:
    caller = backend_of(deployed)
    token = caller.token(caller.meeting("short", keep_alive=0), "bob")
    register = RegisterNode(NODE, "http://127.0.0.1:9", "test")
    node = from_json(NodeRegistered, post(deployed, "/internal/nodes", register, deployed["PARLEY_NODE_SECRET"]))
    admitted = post(
        deployed, "/internal/admissions", AdmissionRequest(token, PeerId(str(uuid.uuid4()))), node.node_token
    )
    admission = from_json(AdmissionAnswer, admitted).admission
    assert admission is not None
    assert session_item(deployed, admission)["status"] == {"S": "ACTIVE"}
    left = NodeEvent(
        EventType.PEER_LEFT,
        admission.app_id,
        admission.session_id,
        admission.epoch,
        1,
        admission.peer_id,
        reason=LeaveReason.CLIENT_LEFT,
    )
    post(deployed, "/internal/events", EventBatch((left,)), node.node_token)

    def ended() -> bool:
        # The node stays alive: a session ended because its node was lost would prove nothing about the stream.
        post(deployed, f"/internal/nodes/{NODE}/heartbeats", Heartbeat(0, 0), node.node_token)
        return bool(session_item(deployed, admission)["status"] == {"S": "ENDED"})

    wait_until(ended, 40, lambda: log_text(deployed, "OnTableChange")[-2000:])
    wait_until(lambda: "SessionCheckQueued" in log_text(deployed, "OnTableChange"), 10)
    assert log_text(deployed, "OnSessionCheck")
