"""The description: every route is in it, it has nothing else, and it is what it says it is."""

from collections import Counter
from typing import Any

import jsonschema_rs
import pytest

import app as composition
from chalicelib.api.openapi.catalogue import CALLS
from chalicelib.api.openapi.document import build

KIT = composition.REALTIMEKIT


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return build(composition.described, "test")


def test_every_route_is_described_and_nothing_else(document: dict[str, Any]) -> None:
    served = {(method, path) for path, methods in composition.app.routes.items() for method in methods}
    described = {
        (method.upper(), path)
        for path, calls in document["paths"].items()
        for method in calls
        if method != "parameters"
    }
    assert described == served


def test_every_call_of_the_main_tree_is_in_the_catalogue_and_the_other_way_round() -> None:
    registered = {
        (operation.method, operation.path)
        for prefix, part in composition.described
        if prefix == KIT
        for operation in part.operations
    }
    assert registered - CALLS.keys() == set(), "add them to chalicelib/api/openapi/catalogue.py"
    assert CALLS.keys() - registered == set(), "not registered any more"


def test_no_call_is_registered_twice() -> None:
    counted = Counter(
        (prefix + operation.path, operation.method)
        for prefix, part in composition.described
        for operation in part.operations
    )
    assert [call for call, times in counted.items() if times > 1] == []


def test_references_lead_somewhere_and_operation_ids_are_unique(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    def places(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [place for child in node.values() for place in places(child)]
        return [place for child in node for place in places(child)] if isinstance(node, list) else []

    missing = {place for place in places(document) if place.removeprefix("#/components/schemas/") not in schemas}
    assert missing == set()
    ids = [
        call["operationId"]
        for calls in document["paths"].values()
        for name, call in calls.items()
        if name != "parameters"
    ]
    assert len(ids) == len(set(ids))


def test_examples_keep_to_their_schemas(document: dict[str, Any]) -> None:
    wrong = []
    for path, calls in document["paths"].items():
        for method, call in calls.items():
            if method == "parameters":
                continue
            contents = [answer.get("content", {}) for answer in call["responses"].values()]
            contents.append(call.get("requestBody", {}).get("content", {}))
            for content in contents:
                for part in content.values():
                    if "example" in part and not _accepts(document, part["schema"], part["example"]):
                        wrong.append((method, path, part["example"]))
    assert wrong == []


def _accepts(document: dict[str, Any], schema: dict[str, Any], value: Any) -> bool:
    whole = {**schema, "components": document["components"]}
    return bool(jsonschema_rs.Draft202012Validator(whole).is_valid(value))


def test_extensions_are_marked(document: dict[str, Any]) -> None:
    assert document["paths"][KIT + "/{app_id}/audit-log"]["get"]["x-parley-extension"] is True
    assert "x-parley-extension" not in document["paths"][KIT + "/{app_id}/meetings"]["get"]
