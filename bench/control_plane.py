"""What the control plane itself costs: cold starts, a request's own time, lists, the zip of the Lambda.

    python -m bench.control_plane [--meetings 100000] [--no-zip]

Times are of this machine. "Own time" is without a database: stores in memory, the Lambda's handler called as Lambda
does. The lists are read from the local database with its HTTP; docs/dynamodb.md says what they cost on DynamoDB.
"""

import argparse
import contextlib
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from chalicelib.contract.ids import AppId, uuid7
from chalicelib.domain.meeting import MeetingFilter, MeetingOptions, MeetingStatus
from chalicelib.domain.paging import PageRequest

ROOT = Path(__file__).resolve().parent.parent
START_MS = 1_700_000_000_000
FEW = 100


def line(name: str, value: str) -> None:
    """Print one row of the result."""
    print(f"  {name:66} {value}", flush=True)


def imports(rounds: int = 7) -> None:
    """Compare the CPU time of importing the app with that of importing what it is built on."""
    print("import (cold start), CPU time, median of", rounds)
    base = "import chalice, pynamodb.models, pynamodb.attributes, pynamodb.connection"
    both: dict[str, list[float]] = {base: [], "import app": []}
    for _ in range(rounds):
        for what, times in both.items():  # in turns, so that the machine's moods meet both
            code = f"import time; began = time.process_time(); {what}; print(time.process_time() - began)"
            done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
            times.append(float(done.stdout))
    alone, ours = (statistics.median(times) * 1000 for times in both.values())
    line("chalice + pynamodb alone", f"{alone:6.0f} ms")
    line("app.py", f"{ours:6.0f} ms = {ours / alone:.2f} x")


class Lambda:
    """The handler over stores in memory, with one account, one app and a few meetings."""

    def __init__(self) -> None:
        import app as composition
        from chalicelib.services.accounts import create_account
        from chalicelib.services.apps import create_app
        from chalicelib.services.meetings import create_meeting
        from tests.fakes.dependencies import fake_dependencies

        deps = fake_dependencies(now_ms=composition.now_ms, entropy=os.urandom)
        composition._dependencies = lambda: deps  # type: ignore[assignment]
        account = create_account(deps, "bench")
        app = create_app(deps, account.account.id, "bench").app
        made = [create_meeting(deps, app.id, MeetingOptions(title=f"Meeting {number}")) for number in range(30)]
        self._app: Any = composition.app
        self._token = account.api_token
        self.ids = {"account_id": account.account.id, "app_id": app.id, "meeting_id": made[0].id}
        self.kit = composition.REALTIMEKIT + "/{app_id}"

    def call(self, method: str, path: str, body: Any = None) -> None:
        """Answer one request, as API Gateway sends it."""
        event = {
            "httpMethod": method,
            "headers": {"authorization": f"Bearer {self._token}", "content-type": "application/json"},
            "multiValueQueryStringParameters": None,
            "pathParameters": {name: value for name, value in self.ids.items() if f"{{{name}}}" in path},
            "requestContext": {"httpMethod": method, "resourcePath": path, "path": path, "identity": {}},
            "body": json.dumps(body) if body is not None else None,
            "stageVariables": None,
            "isBase64Encoded": False,
        }
        answer = self._app(event, None)
        assert answer["statusCode"] < 300, answer


def own_time(rounds: int = 400) -> None:
    """Measure what a warm request takes without a database."""
    print("own time of a warm request, stores in memory, p50 and p95 of", rounds)
    function = Lambda()
    numbers = iter(range(10**9))
    new = {"preset_name": "group_call_host", "name": "Ada"}
    one = function.kit + "/meetings/{meeting_id}"
    calls: dict[str, Callable[[], None]] = {
        "get a meeting": lambda: function.call("GET", one),
        "list 25 meetings": lambda: function.call("GET", function.kit + "/meetings"),
        "make a meeting": lambda: function.call("POST", function.kit + "/meetings", {"title": "Weekly"}),
        "add a participant, with its token": lambda: function.call(
            "POST", one + "/participants", {**new, "custom_participant_id": str(next(numbers))}
        ),
    }
    for name, call in calls.items():
        with contextlib.redirect_stdout(io.StringIO()):
            times = sorted(_seconds(call) * 1000 for _ in range(rounds))[: rounds - 1]
        line(name, f"{statistics.median(times):6.2f} ms   p95 {times[int(len(times) * 0.95)]:.2f} ms")


def _seconds(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _app_id(number: int) -> AppId:
    return AppId(uuid7(START_MS, number.to_bytes(10, "big")))


def lists(meetings: int) -> None:
    """Compare lists of a few meetings with lists of many, in one table."""
    from bench.database import database_of
    from bench.many_meetings import rows_of
    from chalicelib.stores.meeting_store import DynamoMeetingStore

    rare = str(meetings // 2)
    terms = {"m", "meeting", rare, "50"}
    apps = {FEW: _app_id(1), meetings: _app_id(2)}
    rows: Iterator[Any] = chain(*(rows_of(app, count, START_MS, terms) for count, app in apps.items()))
    print(f"a page of 25 meetings, median of 15, among {FEW:,} and among {meetings:,}")
    with database_of(rows):
        store = DynamoMeetingStore()
        for name, wanted, page_no in _questions(meetings, rare):
            took: dict[int, float] = {}
            for count, app in apps.items():
                filter_ = MeetingFilter(**(wanted if count == meetings or "search" not in wanted else {"search": "50"}))
                number = page_no if count == meetings else min(page_no, FEW // 25)
                page = PageRequest(number, 25)
                store.page(app, filter_, page)
                times = [
                    _seconds(lambda app=app, filter_=filter_, page=page: store.page(app, filter_, page))  # type: ignore[misc]
                    for _ in range(15)
                ]
                took[count] = statistics.median(times) * 1000
            line(name, f"{took[FEW]:6.1f} ms {took[meetings]:8.1f} ms")


def _questions(meetings: int, rare: str) -> Iterator[tuple[str, dict[str, Any], int]]:
    yield "first page", {}, 1
    yield "page in the middle", {}, meetings // 50
    yield "last page", {}, meetings // 25
    yield "of one status", {"status": MeetingStatus.ACTIVE}, 1
    yield "search for a word of one title", {"search": rare}, 1
    yield "search for a word of every title (of many only)", {"search": "meeting"}, 1
    yield "search for two words, one of every title (of many only)", {"search": f"meeting {rare}"}, 1
    yield "the second half in time", {"from_ms": START_MS + meetings // 2}, 1


def zip_size() -> None:
    """Package the Lambda as a deployment does and say how large it is."""
    from infra.local_deployment import write_assembly

    print("zip of the Lambda, packaged as for a deployment")
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        write_assembly(ROOT, "bench", Path(folder, "assembly"))
        largest = max(Path(folder).rglob("*.zip"), key=lambda path: path.stat().st_size, default=None)
        line("size", f"{largest.stat().st_size / 1e6:6.1f} MB" if largest else "no zip was made")


def main() -> None:
    """Read the command line and print everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--meetings", type=int, default=100_000)
    parser.add_argument("--no-zip", action="store_true", help="do not package the Lambda, which takes a minute")
    arguments = parser.parse_args()
    imports()
    own_time()
    lists(arguments.meetings)
    if not arguments.no_zip:
        zip_size()


if __name__ == "__main__":
    main()
