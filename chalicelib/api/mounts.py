"""Which modules answer which routes, and loading them when the first request for one comes.

A cold start must not pay for a hundred routes to answer one. So the app registers the routes of route_table.py, which
says in which module each is, and a module is imported by its first request. The table is written by

    python -m chalicelib.api.mounts

from what the modules register, and a test says when that is due.
"""

import importlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalice.app import Chalice, Response

from chalicelib.api.route_table import ROUTES

if TYPE_CHECKING:
    from chalicelib.api.routing import Routes, View
    from chalicelib.services.dependencies import Dependencies

# The names of path variables must be the same in every route: API Gateway has one per path level.
REALTIMEKIT = "/client/v4/accounts/{account_id}/realtime/kit"
DYTE = "/dyte/v2"
VIDEOSDK = "/videosdk/v2"
PROTOBUF = "application/protobuf"

KIT = (
    "active_session",
    "analytics",
    "api_keys",
    "apps",
    "audit",
    "connected_meetings",
    "live_control",
    "livestreams",
    "meetings",
    "participants",
    "polls",
    "presets",
    "recordings",
    "session_outputs",
    "sessions",
    "stage",
    "waiting_room",
    "webhooks",
)


@dataclass(frozen=True, slots=True)
class Part:
    """A module ``chalicelib.api.{name}`` whose ``routes()`` makes a blueprint, and where that is mounted."""

    name: str
    prefix: str = ""
    content_types: tuple[str, ...] = ("application/json",)


PARTS = (
    *(Part(f"realtimekit.{name}", REALTIMEKIT) for name in KIT),
    Part("dyte.mirror", DYTE),
    Part("dyte.orgs", DYTE),
    Part("videosdk.rooms", VIDEOSDK),
    Part("videosdk.sessions", VIDEOSDK),
    Part("videosdk.not_available_yet", VIDEOSDK),
    Part("internal.nodes"),
    Part("internal.admissions"),
    Part("internal.events"),
    Part("health"),
    Part("twirp.routes", content_types=("application/json", PROTOBUF)),
    Part("documentation"),
)
_HEAD = '''"""Every route of the API with the module that answers it. Written by ``python -m chalicelib.api.mounts``."""

# ruff: noqa: E501
# fmt: off'''
_BY_NAME = {part.name: part for part in PARTS}


class Mounts:
    """The routes of an app, each part of which is loaded once. Safe to use from several threads."""

    def __init__(self, app: Chalice, deps: "Callable[[], Dependencies]", version: str) -> None:
        """Register every route of the table with `app`."""
        self._app, self._deps, self._version = app, deps, version
        self._loaded: dict[str, tuple[Routes, dict[tuple[str, str], View]]] = {}
        self._loading = threading.RLock()
        for method, path, name in ROUTES:
            self._register(method, path, _BY_NAME[name])

    def described(self) -> "list[tuple[str, Routes]]":
        """Return all parts with their prefixes: what ``/openapi.json`` tells of."""
        return [(part.prefix, self._part(part.name)[0]) for part in PARTS]

    def _register(self, method: str, path: str, part: Part) -> None:
        def view(**arguments: str) -> Response:
            answer = self._part(part.name)[1][method, path]
            return answer(**arguments)

        name = f"{method} {path}"
        self._app.route(path, methods=[method], name=name, content_types=list(part.content_types))(view)

    def _part(self, name: str) -> "tuple[Routes, dict[tuple[str, str], View]]":
        with self._loading:
            if name not in self._loaded:
                blueprint = self._blueprint(name)
                blueprint.attach(self._app)
                prefix = _BY_NAME[name].prefix
                views = {(one.method, prefix + one.path): view for one, view in blueprint.views()}
                self._loaded[name] = blueprint, views
            return self._loaded[name]

    def _blueprint(self, name: str) -> "Routes":
        module: Any = importlib.import_module(f"chalicelib.api.{name}")
        if name == "dyte.mirror":
            routes = module.routes(self._deps, [self._part(f"realtimekit.{resource}")[0] for resource in KIT])
        elif name == "documentation":
            routes = module.routes(self.described, self._version)
        else:
            routes = module.routes(self._deps)
        made: Routes = routes
        return made


def registered() -> Iterator[tuple[str, str, str]]:
    """Yield (method, path, part) of every route that a module registers, in the order of the table."""
    mounts = Mounts(Chalice(app_name="table", configure_logs=False), _nothing, "")
    for part in PARTS:
        _, views = mounts._part(part.name)
        yield from ((method, path, part.name) for method, path in views)


def _nothing() -> "Dependencies":
    raise AssertionError("no route answers while the table is made")


def main() -> None:
    """Write route_table.py."""
    path = Path(__file__).with_name("route_table.py")
    lines = "\n".join(f"    {row!r},".replace("'", '"') for row in registered())
    # One line a route, however long: a route that is added shows as one line in a diff.
    path.write_text(f"{_HEAD}\nROUTES: tuple[tuple[str, str, str], ...] = (\n{lines}\n)\n")


if __name__ == "__main__":
    main()
