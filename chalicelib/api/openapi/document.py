"""The OpenAPI 3.1 document, made of the routes, the models that validate and the catalogue of answers."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel

from chalicelib.api.openapi import models
from chalicelib.api.openapi.apis import API_OF_PREFIX, Api
from chalicelib.api.openapi.catalogue import CALLS, Call
from chalicelib.api.openapi.examples import example_of
from chalicelib.api.openapi.schemas import Schemas
from chalicelib.api.routing import Operation, Routes
from chalicelib.contract.limits import MAX_IDEMPOTENCY_KEY_CHARS

Mounted = Iterable[tuple[str, Routes]]
Json = dict[str, Any]

_VARIABLE = re.compile(r"\{(\w+)\}")
_UUID = {"type": "string", "format": "uuid"}
_VARIABLES: dict[str, Json] = {
    "account_id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    "api_key": {"type": "string", "pattern": "^API[A-Z2-7]{16}$"},
    "node_id": {"type": "string", "pattern": "^nd_[0-9a-z]{8,32}$"},
    "service": {"type": "string", "examples": ["livekit.RoomService"]},
    "method": {"type": "string", "examples": ["ListRooms"]},
}
_ERRORS = {
    400: "The request is wrong; `source.pointer` names the field",
    401: "No credential, or one that is not known",
    403: "Not allowed",
    404: "No such thing, or not this tenant's",
    405: "No such method here",
    409: "It exists already, is in use, or a quota is reached",
    412: "Not in this state",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "The Idempotency-Key was used for another request",
    429: "Over a rate limit; `Retry-After` says when to come back",
    501: "Not available yet, or there is no engine for it",
    503: "Try again shortly",
}
_WRITES = {"POST", "PUT", "PATCH"}
_MORE_ERRORS = {"GET": (501,), "DELETE": (409,), "PATCH": (409,), "PUT": (409, 501), "POST": (409, 422, 501)}

_INTRODUCTION = """One API, several dialects: RealtimeKit's tree is the main one, and the others are translations of it.
Calls marked as extensions are Parley's own.

**Errors** carry `error.id`, which is stable; what must not be retried has the header `x-should-retry: false`.
**Rate limits** are told by the headers `RateLimit` and `RateLimit-Policy`. **An `Idempotency-Key`**
makes a POST safe to repeat for 24 hours."""


def build(mounted: Mounted, version: str) -> Json:
    """Return the document of everything that is mounted: (prefix, routes) pairs."""
    schemas = Schemas()
    found = [(_api(prefix, operation), prefix, operation) for prefix, part in mounted for operation in part.operations]
    paths: dict[str, Json] = {}
    for api, prefix, operation in found:
        path = paths.setdefault(prefix + operation.path, {})
        path[operation.method.lower()] = _described(schemas, api, prefix, operation)
    for prefix_and_path, path in paths.items():
        path["parameters"] = [_variable(name) for name in _VARIABLE.findall(prefix_and_path)]
    tags = list(dict.fromkeys(operation["tags"][0] for path in paths.values() for operation in _calls(path)))
    return {
        "openapi": "3.1.0",
        "info": {"title": "Parley", "version": version, "description": _INTRODUCTION, "license": _LICENSE},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in tags],
        "paths": paths,
        "components": {"schemas": schemas.components(), "securitySchemes": _security_schemes()},
    }


_LICENSE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}


def _calls(path: Json) -> Iterable[Json]:
    return (value for name, value in path.items() if name != "parameters")


def _api(prefix: str, operation: Operation) -> Api:
    whole = prefix + operation.path
    return next(api for start, api in API_OF_PREFIX if whole.startswith(start))


def _described(schemas: Schemas, api: Api, prefix: str, operation: Operation) -> Json:
    call = CALLS.get((operation.method, operation.path)) if api.catalogued else None
    call = call or Call(api.tag, _plain_summary(operation))
    described: Json = {
        "operationId": _operation_id(operation.method, prefix + operation.path),
        "summary": call.summary,
        "tags": [call.tag],
        "security": [{name: []} for name in api.security],
        "parameters": _parameters(schemas, api, operation),
        "responses": _responses(schemas, api, operation, call),
    }
    if operation.method in _WRITES:
        described |= _body(schemas, operation)
    if call.extension:
        described["x-parley-extension"] = True
    return described


def _plain_summary(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


def _operation_id(method: str, path: str) -> str:
    words = re.sub(r"[^A-Za-z0-9]+", "_", path.removeprefix("/client/v4/accounts/{account_id}/realtime/kit")).strip("_")
    return f"{method.lower()}_{words}"


def _variable(name: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": _VARIABLES.get(name, _UUID)}


def _parameters(schemas: Schemas, api: Api, operation: Operation) -> list[Json]:
    found: list[Json] = []
    if operation.query is not None:
        schema = schemas.inline(operation.query)
        for name, field in schema.get("properties", {}).items():
            parameter = {"name": name, "in": "query", "required": False, "schema": _without_null(field)}
            if "description" in field:
                parameter["description"] = field["description"]
            found.append(parameter)
    if operation.method == "POST" and api.catalogued:
        key = {"type": "string", "minLength": 1, "maxLength": MAX_IDEMPOTENCY_KEY_CHARS, "pattern": "^[!-~]+$"}
        text = "The same key and request get the first answer again"
        found.append({"name": "Idempotency-Key", "in": "header", "required": False, "schema": key, "description": text})
    return found


def _without_null(field: Json) -> Json:
    """A parameter is there or not; it is never null."""
    kept = {name: value for name, value in field.items() if name not in {"anyOf", "title", "description"}}
    choices = [choice for choice in field.get("anyOf", ()) if choice.get("type") != "null"]
    if kept.get("default", 0) in (None, ""):
        del kept["default"]
    if len(choices) == 1:
        return {**choices[0], **kept}
    return {**kept, "anyOf": choices} if choices else kept


def _body(schemas: Schemas, operation: Operation) -> Json:
    if operation.body is None:
        content: Json = {"schema": {"type": "object"}}
        return {"requestBody": {"required": False, "content": {"application/json": content}}}
    schema = schemas.reference(operation.body, "validation")
    content = {"schema": schema, "example": example_of(schema, schemas)}
    required = bool(schemas.resolved(schema).get("required"))
    return {"requestBody": {"required": required, "content": {"application/json": content}}}


def _responses(schemas: Schemas, api: Api, operation: Operation, call: Call) -> Json:
    responses: Json = {}
    if not call.never:
        statuses: Sequence[int] = api.successes.get(operation.method, (call.status,))
        schema = _answer_schema(schemas, call) if api.enveloped else api.plain
        if _content_type(operation.path) != "application/json":
            schema = {"type": "string"}
        for status in statuses:
            content = {"schema": schema, "example": example_of(schema, schemas)} if schema else {"schema": schema}
            responses[str(status)] = {"description": "Done", "content": {_content_type(operation.path): content}}
    failure = schemas.reference(api.failure, "serialization")
    for status in sorted(_error_statuses(api, operation)):
        answer: Json = {"description": _ERRORS[status], "content": {"application/json": {"schema": failure}}}
        if status == 429:
            answer["headers"] = {"Retry-After": {"description": "Seconds", "schema": {"type": "integer", "minimum": 1}}}
        responses[str(status)] = answer
    return responses


def _content_type(path: str) -> str:
    kinds = {"/docs": "text/html", "/docs/reference.js": "text/javascript", "/docs/reference.css": "text/css"}
    return kinds.get(path, "application/json")


def _error_statuses(api: Api, operation: Operation) -> set[int]:
    if not api.security:
        return {503}
    found = {400, 401, 403, 404, 405, 429, 503, *_MORE_ERRORS[operation.method]}
    if operation.method in _WRITES:
        found |= {413, 415}
    return found | set(api.more_errors)


def _answer_schema(schemas: Schemas, call: Call) -> Json:
    properties: Json = {"success": {"const": True}, "data": _data_schema(schemas, call.data)}
    if call.paged:
        properties["paging"] = schemas.reference(models.Paging, "serialization")
    return {"type": "object", "properties": properties, "required": list(properties)}


def _data_schema(schemas: Schemas, data: Any) -> Json:
    if isinstance(data, type) and issubclass(data, BaseModel):
        return schemas.reference(data, "serialization")
    if isinstance(data, list):
        return {"type": "array", "items": _data_schema(schemas, data[0]) if data else {}}
    if isinstance(data, dict):
        properties = {name: _data_schema(schemas, part) for name, part in data.items()}
        return {"type": "object", "properties": properties, "required": list(properties)}
    return {}


def _security_schemes() -> Json:
    return {
        "apiToken": {"type": "http", "scheme": "bearer", "description": "API token of an account"},
        "authKey": {"type": "apiKey", "in": "header", "name": "X-Auth-Key", "description": "The same token"},
        "liveKitToken": {"type": "http", "scheme": "bearer", "description": "JWT signed with an app's API secret"},
        "organization": {"type": "http", "scheme": "basic", "description": "org_id:api_key, see docs/adapters.md"},
        "videoSdkToken": {"type": "apiKey", "in": "header", "name": "Authorization", "description": "JWT, no scheme"},
        "nodeToken": {"type": "http", "scheme": "bearer", "description": "What a media node registered for"},
    }
