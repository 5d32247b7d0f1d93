"""JSON schemas of models as components of one document: every name once, without the underscore of a private class."""

import json
from typing import Any, Literal

from pydantic import BaseModel

Json = dict[str, Any]
Mode = Literal["validation", "serialization"]
_PLACE = "#/components/schemas/"


class Schemas:
    """Collects the components that are referred to."""

    def __init__(self) -> None:
        self._components: dict[str, Json] = {}
        self._names: dict[tuple[type[BaseModel], Mode], str] = {}

    def reference(self, model: type[BaseModel], mode: Mode) -> Json:
        """Return a reference to a model's schema, which becomes a component."""
        name = self._names.get((model, mode))
        if name is None:
            schema = self._adopted(model, mode)
            name = self._named(_plain(model.__name__), schema)
            self._names[model, mode] = name
        return {"$ref": _PLACE + name}

    def inline(self, model: type[BaseModel]) -> Json:
        """Return a model's schema itself; only what it refers to becomes components."""
        return self._adopted(model, "validation")

    def resolved(self, schema: Json) -> Json:
        """Return the schema that a reference means, or the schema itself."""
        place = schema.get("$ref")
        return self._components[place.removeprefix(_PLACE)] if place else schema

    def components(self) -> dict[str, Json]:
        """Return the components by name."""
        return dict(sorted(self._components.items()))

    def _adopted(self, model: type[BaseModel], mode: Mode) -> Json:
        schema = model.model_json_schema(mode=mode, ref_template=_PLACE + "{model}")
        parts: dict[str, Json] = schema.pop("$defs", {})
        plain = {name: _plain(name) for name in parts}
        parts = {plain[name]: _with_names(part, plain) for name, part in parts.items()}
        taken = {name: self._free(name, part) for name, part in parts.items()}
        for name, part in parts.items():
            self._components[taken[name]] = _with_names(part, taken)
        return _with_names(_with_names(schema, plain), taken)

    def _named(self, name: str, schema: Json) -> str:
        free = self._free(name, schema)
        self._components[free] = schema
        return free

    def _free(self, name: str, schema: Json) -> str:
        """Return the name, or one with a number when another schema has it."""
        candidate, number = name, 2
        while self._components.get(candidate, schema) != schema:
            candidate, number = f"{name}{number}", number + 1
        return candidate


def _plain(name: str) -> str:
    return name.rsplit("__", 1)[-1].lstrip("_")


def _with_names(schema: Json, renamed: dict[str, str]) -> Json:
    text = json.dumps(schema)
    for old, new in renamed.items():
        text = text.replace(f'"{_PLACE}{old}"', f'"{_PLACE}{new}"')
    found: Json = json.loads(text)
    return found
