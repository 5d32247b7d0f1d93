"""``/openapi.json``, and ``/docs``, a reference for people that a browser makes of it. No credential, no CDN.

The description is built when it is asked for first: a cold start must not pay for it.
"""

import functools
import json
from collections.abc import Callable, Iterable
from pathlib import Path

from chalice.app import Response

from chalicelib.api.routing import Routes

_STATIC = Path(__file__).parent / "openapi" / "static"
_KINDS = {"reference.html": "text/html", "reference.js": "text/javascript", "reference.css": "text/css"}
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'"
)


def routes(mounted: Callable[[], Iterable[tuple[str, Routes]]], version: str) -> Routes:
    """Return the blueprint; `mounted` tells the prefixes and routes to describe."""
    blueprint = Routes(__name__)

    @functools.cache
    def document() -> str:
        from chalicelib.api.openapi.document import build

        return json.dumps(build(mounted(), version), separators=(",", ":"))

    @blueprint.route("/openapi.json", methods=["GET"])
    def describe() -> Response:
        return _answer(document(), "application/json")

    @blueprint.route("/docs", methods=["GET"])
    def page() -> Response:
        return _file("reference.html")

    @blueprint.route("/docs/reference.js", methods=["GET"])
    def script() -> Response:
        return _file("reference.js")

    @blueprint.route("/docs/reference.css", methods=["GET"])
    def style() -> Response:
        return _file("reference.css")

    return blueprint


def _file(name: str) -> Response:
    return _answer((_STATIC / name).read_text(), _KINDS[name])


def _answer(body: str, kind: str) -> Response:
    headers: dict[str, str | list[str]] = {
        "Content-Type": f"{kind}; charset=utf-8",
        "Cache-Control": "public, max-age=300",
        "Content-Security-Policy": _CSP,
        "X-Content-Type-Options": "nosniff",
    }
    return Response(body=body, status_code=200, headers=headers)
