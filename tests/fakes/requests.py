"""Chalice requests without a server: the event API Gateway sends, made by hand."""

from typing import Any

from chalice.app import Request


def fake_request(
    method: str = "GET",
    *,
    body: str | None = None,
    headers: dict[str, str] | None = None,
    query: dict[str, str | list[str]] | None = None,
) -> Request:
    """Return the request a view would see."""
    lists = {name: value if isinstance(value, list) else [value] for name, value in (query or {}).items()}
    event: dict[str, Any] = {
        "multiValueQueryStringParameters": lists or None,
        "headers": {"content-type": "application/json", **(headers or {})},
        "pathParameters": {},
        "requestContext": {"httpMethod": method, "resourcePath": "/"},
        "body": body,
        "stageVariables": None,
    }
    return Request(event)
