"""Blueprints whose views may raise: every exception becomes an answer in the envelope.

In Lambda an unknown path never reaches this code: API Gateway answers it with its own 403. The local gateway turns
that into ``route_not_found``, and so does a gateway response in the deployed API.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from chalice.app import Blueprint, Chalice, Request, Response
from pydantic import BaseModel

from chalicelib import telemetry
from chalicelib.api import call_gate
from chalicelib.api.errors import answer_to, enveloped

View = Callable[..., Response]
_INSTEAD = "parley.shown_instead"


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of an API, as the reference describes it: `body` and `query` are the models that validate it."""

    method: str
    path: str
    body: type[BaseModel] | None
    query: type[BaseModel] | None


class Routes(Blueprint):
    """A blueprint for the JSON APIs; `operations` lists what was registered.

    `answers` makes the answer to an exception of a view: in the envelope unless an API has another form for it.
    """

    def __init__(self, import_name: str, answers: Callable[[Exception], Response] = answer_to) -> None:
        super().__init__(import_name)
        self.operations: list[Operation] = []
        self._answers = answers
        self._views: list[View] = []

    @property
    def current_request(self) -> Request:
        """The request that is being answered, or what show_instead() put in its place."""
        request = super().current_request
        shown: Request = request.context.get(_INSTEAD, request)
        return shown

    def attach(self, app: Chalice) -> None:
        """Let the views see the app's requests, as registering the blueprint would, which mounts.py does not."""
        self._current_app = app

    def views(self) -> Iterator[tuple[Operation, View]]:
        """Yield what was registered with the views, which answer and never raise."""
        return zip(self.operations, self._views, strict=True)

    def route(
        self,
        path: str,
        *,
        body: type[BaseModel] | None = None,
        query: type[BaseModel] | None = None,
        **options: Any,
    ) -> Callable[[View], View]:
        """Register a view like Chalice does, with its exceptions mapped."""
        register = super().route(path, **options)
        for method in options.get("methods", ["GET"]):
            self.operations.append(Operation(method, path, body, query))

        def decorate(view: View) -> View:
            registered: View = register(_answering(view, self._answers))
            self._views.extend([registered] * len(options.get("methods", ["GET"])))
            return registered

        return decorate


def show_instead(request: Request, translated: Request) -> None:
    """Let the views that are called from now on see `translated`, made of the same event."""
    request.context[_INSTEAD] = translated


def _answering(view: View, answers: Callable[[Exception], Response]) -> View:
    @functools.wraps(view)
    def answer(**arguments: str) -> Response:
        try:
            return view(**arguments)
        except Exception as error:
            return answers(error)

    return answer


def middleware(now_ms: Callable[[], int]) -> Callable[[Request, Callable[[Request], Response]], Response]:
    """Return HTTP middleware that envelopes Chalice's own errors and logs one line per request."""

    def handle(request: Request, get_response: Callable[[Request], Response]) -> Response:
        started = now_ms()
        response = call_gate.leave(request, enveloped(get_response(request)))
        telemetry.request_done(
            request_id=getattr(request.lambda_context, "aws_request_id", ""),
            method=request.method,
            route=request.path,
            status=response.status_code,
            latency_ms=now_ms() - started,
            error_id=_error_id(response),
        )
        return response

    return handle


def refusals_in_form(
    prefix: str, reshaped: Callable[[Response], Response]
) -> Callable[[Request, Callable[[Request], Response]], Response]:
    """Return HTTP middleware that gives what Chalice itself refuses under `prefix` the form of the API there."""

    def handle(request: Request, get_response: Callable[[Request], Response]) -> Response:
        response = get_response(request)
        if not request.path.startswith(prefix):
            return response
        uniform = enveloped(response)
        return response if uniform is response else reshaped(uniform)

    return handle


def _error_id(response: Response) -> str | None:
    body = response.body
    if not isinstance(body, dict) or not isinstance(body.get("error"), dict):
        return None
    return str(body["error"].get("id"))
