"""What `make run` ends in: one origin that is healthy, stops whole, keeps its data, and refuses clearly."""

import http.client
import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.callers import backend_of
from tests.running_parley import RunningParley, is_alive, running_parley, wait_until

PARTS = ("control-plane", "database", "ministack", "node")


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[RunningParley]:
    with running_parley(tmp_path / "data") as running:
        yield running


def call(
    parley: RunningParley, method: str, path: str, body: bytes | None = None, token: str = ""
) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("localhost", parley.port, timeout=10)
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    status, content = answer.status, json.loads(answer.read())
    connection.close()
    return status, content


def meeting_titles(parley: RunningParley) -> list[str]:
    caller = backend_of(parley.env)
    page = caller.client.realtime_kit.meetings.get(caller.app_id, **caller.ids)
    return [meeting.title or "" for meeting in page.data or []]


def test_health_is_200_and_dev_env_is_all_an_sdk_needs(parley: RunningParley) -> None:
    status, health = call(parley, "GET", "/health")
    assert status == 200, health
    backend_of(parley.env).meeting("from the environment alone")
    assert "from the environment alone" in meeting_titles(parley)


def test_unknown_calls_and_large_bodies_get_the_envelope_of_the_api(parley: RunningParley) -> None:
    path = f"/client/v4/accounts/{parley.env['PARLEY_ACCOUNT_ID']}/realtime/kit/apps"
    token = parley.env["CLOUDFLARE_API_TOKEN"]
    assert call(parley, "GET", "/client/v4/nothing", token=token)[0] == 404
    status, answer = call(parley, "POST", path, b'{"name":"' + b"x" * 300_000 + b'"}', token)
    assert (status, answer["error"]["id"]) == (413, "body_too_large")


def test_secrets_are_for_the_owner_only(parley: RunningParley) -> None:
    for name in ("credentials.json", "dev.env"):
        assert (parley.data_dir / name).stat().st_mode & 0o077 == 0
    for log in (parley.data_dir / "logs").glob("*.log"):
        text = log.read_text(errors="replace")
        assert parley.env["CLOUDFLARE_API_TOKEN"] not in text
        assert parley.env["LIVEKIT_API_SECRET"] not in text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_ends_every_process_and_a_second_start_finds_the_data(
    fresh: RunningParley, number: signal.Signals
) -> None:
    backend_of(fresh.env).meeting("kept")
    before, pids = fresh.env, [fresh.child_pid(part) for part in PARTS]
    assert fresh.stop(number) == 0
    assert not [pid for pid in pids if is_alive(pid)]
    seconds = fresh.start()
    assert seconds < 5 * _slowness(), f"{seconds:.1f} s"
    assert fresh.env == before
    assert meeting_titles(fresh) == ["kept"]


def test_kill_9_of_the_supervisor_takes_everything_along_and_loses_nothing(fresh: RunningParley) -> None:
    backend_of(fresh.env).meeting("still here")
    pids = [fresh.child_pid(part) for part in PARTS]
    fresh.stop(signal.SIGKILL)
    wait_until(lambda: not [pid for pid in pids if is_alive(pid)], 5)
    fresh.start()
    assert meeting_titles(fresh) == ["still here"]


def test_a_part_that_dies_is_started_again(fresh: RunningParley) -> None:
    caller = backend_of(fresh.env)
    caller.meeting("before")
    for part in ("database", "control-plane", "node"):
        pid = fresh.child_pid(part)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda part=part, pid=pid: fresh.child_pid(part) != pid, 10)  # type: ignore[misc]
        wait_until(fresh.healthy, 20)
    assert meeting_titles(fresh) == ["before"]


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_port_in_use_is_one_line_that_says_what_to_do_and_nothing_is_started(
    tmp_path: Path, kind: socket.SocketKind
) -> None:
    refused = RunningParley(tmp_path / "data")
    with socket.socket(socket.AF_INET, kind) as holder:
        holder.bind(("127.0.0.1", refused.port if kind is socket.SOCK_STREAM else refused.media_port))
        if kind is socket.SOCK_STREAM:
            holder.listen()
        refused.launch()
        assert refused.wait(20) == 1
    lines = refused.output.read_text().splitlines()
    assert len(lines) == 1, lines
    assert "is in use" in lines[0]
    assert "make run PARLEY_" in lines[0]
    assert not (tmp_path / "data" / "logs").exists()


def test_two_installations_do_not_share_a_folder(parley: RunningParley) -> None:
    second = RunningParley(parley.data_dir)
    second.output = parley.data_dir.parent / "second.out"
    second.launch()
    assert second.wait(20) == 1
    assert str(parley.pid) in second.output.read_text()
    assert parley.healthy()


def test_without_the_database_binary_ministack_serves_the_table_too(tmp_path: Path) -> None:
    with running_parley(tmp_path / "data", PARLEY_DYNOXIDE="none") as running:
        backend_of(running.env).meeting("in ministack")
        assert running.output.read_text().splitlines()[0].startswith("no dynoxide binary")
        running.stop()
        running.start()
        assert meeting_titles(running) == ["in ministack"]


def _slowness() -> float:
    """How much longer than on an idle machine things take here: other work may share the processors."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
