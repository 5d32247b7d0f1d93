"""What stands at ``/``: a page that tells a person, or JSON that tells a program, what is where."""

import json

from aiohttp import web

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Parley</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<body><h1>Parley is running</h1>
<p>This is a local installation: one origin for the API, the signalling of every LiveKit SDK, and the meeting page.</p>
<ul><li><a href="/health">/health</a>: are the API, the table and a media node there?</li>
<li><code>/client/v4/accounts/{account}/realtime/kit/&hellip;</code>: the API</li>
<li><a href="/docs">/docs</a>: its reference, made of <a href="/openapi.json">/openapi.json</a></li>
<li><code>/rtc/v1</code>: signalling</li><li><code>/meet/{meeting_id}?token=&hellip;</code>: join a meeting</li></ul>
<p>Credentials for every SDK: <code>source .parley/dev.env</code></p></body></html>
"""
_INDEX = {
    "name": "parley",
    "health": "/health",
    "api": "/client/v4",
    "docs": "/docs",
    "signalling": "/rtc/v1",
    "page": "/meet/{id}",
}


def landing_page(request: web.Request) -> web.Response:
    """Return the page, or the JSON index to a client that does not ask for HTML."""
    if "text/html" in request.headers.get("Accept", ""):
        csp = {"Content-Security-Policy": "default-src 'none'"}
        return web.Response(text=_PAGE, content_type="text/html", headers=csp)
    return web.Response(text=json.dumps(_INDEX), content_type="application/json")
