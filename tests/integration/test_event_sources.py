"""Event sources feed the Chalice app's own handlers from a real database and a real queue."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from chalice.app import Chalice

from infra.local.control_plane import create_clients, wait_for_port
from infra.local.event_sources import Poller, Sources, pollers
from tests.local_database import dynoxide_binary
from tests.running_parley import free_port, wait_until

TABLE = "parley-events"


@contextmanager
def database(port: int, file: Path) -> Iterator[None]:
    process = subprocess.Popen(
        [dynoxide_binary(), "serve", "--port", str(port), "--db-path", str(file)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for_port(f"http://127.0.0.1:{port}", 20)
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def queues(port: int, folder: Path) -> Iterator[None]:
    env = {**os.environ, "GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "SERVICES": "sqs", "TMPDIR": str(folder)}
    process = subprocess.Popen(
        [sys.executable, "-m", "ministack"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for_port(f"http://127.0.0.1:{port}", 30)
        yield
    finally:
        process.terminate()
        process.wait(timeout=15)


def dynamodb(port: int) -> Any:
    return botocore.session.get_session().create_client(
        "dynamodb",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


def create_table(client: Any) -> None:
    client.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )


def put(client: Any, *names: str) -> None:
    for name in names:
        client.put_item(TableName=TABLE, Item={"pk": {"S": name}})


@contextmanager
def polling(app: Chalice, sources: Sources) -> Iterator[list[Poller]]:
    running = pollers(app, sources)
    for poller in running:
        poller.start()
    try:
        yield running
    finally:
        for poller in running:
            poller.stopped.set()
        for poller in running:
            poller.join(timeout=10)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    ports = {"db": free_port(socket.SOCK_STREAM), "sqs": free_port(socket.SOCK_STREAM)}
    env = {
        "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{ports['db']}",
        "AWS_ENDPOINT_URL_SQS": f"http://127.0.0.1:{ports['sqs']}",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    return {**env, "db": str(ports["db"]), "sqs": str(ports["sqs"])}


def stream_app(seen: list[str], poison: set[str]) -> Chalice:
    app = Chalice(app_name="streams")

    @app.on_dynamodb_record(stream_arn="arn:set-by-the-deployment", batch_size=10)
    def on_change(event: Any) -> dict[str, Any]:
        for record in event:
            name = record.keys["pk"]["S"]
            if name in poison:
                return {"batchItemFailures": [{"itemIdentifier": record.sequence_number}]}
            seen.append(name)
        return {}

    return app


def sources_of(env: dict[str, str], folder: Path, **more: Any) -> Sources:
    url = f"{env['AWS_ENDPOINT_URL_SQS']}/000000000000/parley-test-checks"
    return Sources(clients=create_clients(env), table=TABLE, queue_url=lambda _: url, data_dir=folder, **more)


def test_every_change_is_delivered_once_across_restarts_of_reader_and_database(
    environment: dict[str, str], tmp_path: Path
) -> None:
    seen: list[str] = []
    port, file = int(environment["db"]), tmp_path / "events.db"
    with database(port, file):
        client = dynamodb(port)
        create_table(client)
        put(client, "1", "2")
        with polling(stream_app(seen, set()), sources_of(environment, tmp_path)):
            wait_until(lambda: seen == ["1", "2"], 15)
        put(client, "3")
        with polling(stream_app(seen, set()), sources_of(environment, tmp_path)):
            wait_until(lambda: seen == ["1", "2", "3"], 15)
    with polling(stream_app(seen, set()), sources_of(environment, tmp_path)):
        time.sleep(0.5)  # the database is away: the poller must only wait
        with database(port, file):
            put(dynamodb(port), "4")
            wait_until(lambda: seen == ["1", "2", "3", "4"], 20, lambda: str(seen))


def test_a_record_that_cannot_be_handled_is_put_aside_and_the_rest_goes_on(
    environment: dict[str, str], tmp_path: Path
) -> None:
    seen: list[str] = []
    port = int(environment["db"])
    with database(port, tmp_path / "events.db"):
        client = dynamodb(port)
        create_table(client)
        put(client, "1", "poison", "3")
        with polling(stream_app(seen, {"poison"}), sources_of(environment, tmp_path)):
            wait_until(lambda: seen == ["1", "3"], 20, lambda: str(seen))
    aside = (tmp_path / "dead-letters.jsonl").read_text()
    assert "sequence_number" in aside
    assert "poison" not in aside


def test_messages_arrive_after_their_delay_and_only_failed_ones_stay(
    environment: dict[str, str], tmp_path: Path
) -> None:
    handled: list[str] = []
    app = Chalice(app_name="queues")

    @app.on_sqs_message(queue="parley-test-checks", batch_size=10)
    def on_check(event: Any) -> dict[str, Any]:
        failed = [record.to_dict()["messageId"] for record in event if record.body == "bad"]
        handled.extend(record.body for record in event if record.body != "bad")
        return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}

    with queues(int(environment["sqs"]), tmp_path):
        sources = sources_of(environment, tmp_path)
        with polling(app, sources):
            url = sources.queue_url("")
            wait_until(lambda: _exists(sources.clients.sqs, url), 20)
            began = time.monotonic()
            sources.clients.sqs.send_message(QueueUrl=url, MessageBody="bad")
            sources.clients.sqs.send_message(QueueUrl=url, MessageBody="late", DelaySeconds=2)
            sources.clients.sqs.send_message(QueueUrl=url, MessageBody="now")
            wait_until(lambda: handled == ["now", "late"], 20, lambda: str(handled))
            assert time.monotonic() - began >= 1.9
            wait_until(lambda: _hidden(sources.clients.sqs, url) == 1, 10)


def _exists(sqs: Any, url: str) -> bool:
    try:
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    except sqs.exceptions.QueueDoesNotExist:
        return False
    return True


def _hidden(sqs: Any, url: str) -> int:
    names = ["ApproximateNumberOfMessagesNotVisible"]
    return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"][names[0]])


def test_a_schedule_fires_at_the_period_that_was_set_and_survives_its_own_failure(
    environment: dict[str, str], tmp_path: Path
) -> None:
    fired: list[float] = []
    app = Chalice(app_name="schedules")

    @app.schedule("rate(1 minute)")
    def sweep(event: Any) -> None:
        fired.append(time.monotonic())
        raise RuntimeError("once more")

    with polling(app, sources_of(environment, tmp_path, schedule_seconds=0.2)):
        wait_until(lambda: len(fired) >= 3, 10)
