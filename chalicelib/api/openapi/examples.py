"""Examples made from schemas: enough to show the form, the same at every build."""

import re
from typing import Any

from chalicelib.api.openapi.schemas import Schemas

Json = dict[str, Any]

_BY_NAME: dict[str, Any] = {
    "title": "Stand-up",
    "name": "Ada",
    "custom_participant_id": "ada",
    "preset_name": "group_call_host",
    "picture": "https://example.org/ada.png",
    "url": "https://example.org/events",
    "meeting_display_name": "Stand-up",
    "token_lifetime_in_secs": 3600,
    "session_keep_alive_time_in_secs": 60,
}
_BY_FORMAT = {
    "date-time": "2026-05-04T09:30:00.000Z",
    "date": "2026-05-04",
    "uuid": "0199d9c2-7a5e-7c1b-8f5d-2f6f4f0a1b2c",
}
_FOR_PATTERNS = ("#2160fd", "https://example.org/", "rtmp://example.org/live", "eu")
_MOST_LEVELS = 8


def example_of(schema: Json, schemas: Schemas, name: str = "", level: int = 0) -> Any:
    """Return a value that the schema accepts; of optional fields only those with a telling example."""
    schema = schemas.resolved(schema)
    for told in ("const", "default"):
        if schema.get(told) not in (None, "", [], {}):
            return schema[told]
    if schema.get("examples"):
        return schema["examples"][0]
    if schema.get("enum"):
        return schema["enum"][0]
    for choices in ("anyOf", "oneOf", "allOf"):
        if schema.get(choices):
            return example_of(schema[choices][0], schemas, name, level)
    return _of_type(schema, schemas, name, level)


def _of_type(schema: Json, schemas: Schemas, name: str, level: int) -> Any:
    kind = schema.get("type")
    if kind == "object":
        return _object(schema, schemas, level)
    if kind == "array":
        wanted = level < _MOST_LEVELS and (schema.get("minItems") or "items" in schema)
        return [example_of(schema["items"], schemas, "", level + 1)] if wanted and schema["items"] else []
    if kind == "string":
        return _text(schema, name)
    if kind in {"integer", "number"}:
        return _BY_NAME.get(name, schema.get("minimum", 1))
    return {"boolean": True, "null": None}.get(str(kind))


def _object(schema: Json, schemas: Schemas, level: int) -> Json:
    required = set(schema.get("required", ()))
    properties = schema.get("properties", {})
    shown = [name for name in properties if name in required or (level < 1 and name in _BY_NAME)]
    return {name: example_of(properties[name], schemas, name, level + 1) for name in shown}


def _text(schema: Json, name: str) -> str:
    if schema.get("format") in _BY_FORMAT:
        return _BY_FORMAT[schema["format"]]
    if name.endswith("_id") and name not in _BY_NAME:
        return _BY_FORMAT["uuid"]
    told = str(_BY_NAME.get(name, name or "text"))
    pattern = schema.get("pattern", "")
    return next((one for one in (told, *_FOR_PATTERNS) if re.search(pattern, one)), told)
