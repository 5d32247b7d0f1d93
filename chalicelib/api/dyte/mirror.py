"""The calls of RealtimeKit that Dyte has, at Dyte's paths: the same views, with the request and the answer translated.

Nothing is decided here. What a call does, checks and answers is in realtimekit/; calls that are not built yet answer
501 here as they do there.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

from chalice.app import Request, Response

from chalicelib.api import authentication
from chalicelib.api.dyte.credential import credential_of
from chalicelib.api.dyte.translation import inward, outward, query_inward, status_outward
from chalicelib.api.errors import answer_to
from chalicelib.api.request_body import read_json
from chalicelib.api.routing import Operation, Routes, View, show_instead
from chalicelib.services.dependencies import Dependencies

APP = "/{app_id}"
# What Dyte has. The rest of an app (its API keys, its audit log) is managed with the account's credential only.
RESOURCES = {"meetings", "presets", "sessions", "recordings", "webhooks", "livestreams"}


def routes(deps: Callable[[], Dependencies], kit: Iterable[Routes]) -> Routes:
    """Return the blueprint; `kit` are RealtimeKit's, which must be registered with the same app."""
    blueprint = Routes(__name__, refusal)
    for resource in kit:
        for operation, view in resource.views():
            if _is_mirrored(operation.path):
                _mirror(blueprint, deps, operation, view)
    return blueprint


def refusal(error: Exception) -> Response:
    """Return the answer to an exception in Dyte's form."""
    return in_dytes_form(answer_to(error))


def in_dytes_form(response: Response) -> Response:
    """Return a refusal as Dyte would write it."""
    response.body = outward("", response.body)
    return response


def _is_mirrored(path: str) -> bool:
    _, app, resource, *_ = f"{path}//".split("/")
    return f"/{app}" == APP and resource in RESOURCES


def _mirror(blueprint: Routes, deps: Callable[[], Dependencies], operation: Operation, view: View) -> None:
    method, path = operation.method, operation.path.removeprefix(APP)

    @blueprint.route(path, methods=[method], body=operation.body, query=operation.query)
    def answer(**arguments: str) -> Response:
        request = blueprint.current_request
        credential = credential_of(request, deps())
        authentication.prove(request, credential.caller)
        show_instead(request, _translated(request, method, path))
        answered = view(account_id=credential.account_id, app_id=credential.app_id, **arguments)
        status = status_outward(method, path, answered.status_code)
        return Response(outward(path, answered.body), answered.headers, status)


def _translated(request: Request, method: str, path: str) -> Request:
    event: dict[str, Any] = dict(request.to_original_event())
    event["multiValueQueryStringParameters"] = query_inward(event.get("multiValueQueryStringParameters"))
    if method in {"POST", "PUT", "PATCH"} and (request.raw_body or path.endswith("/participants")):
        event["body"] = json.dumps(inward(method, path, read_json(request)))
        event["isBase64Encoded"] = False
    return Request(event, request.lambda_context)
