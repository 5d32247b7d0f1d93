"""Strict JSON form of the contract's dataclasses.

A field is a str, int, float, bool, Enum, another dataclass, ``tuple[T, ...]``, ``dict[str, str]``, or one of these
``| None``. Unknown keys are ignored, so that an old node talks to a new control plane and the reverse.
"""

import dataclasses
import enum
import types
import typing
from typing import Any, TypeVar

T = TypeVar("T")


class ContractError(ValueError):
    """A message of the other side does not fit the contract; `pointer` is the JSON pointer of the field."""

    def __init__(self, pointer: str, reason: str) -> None:
        super().__init__(f"{pointer or '/'}: {reason}")
        self.pointer = pointer
        self.reason = reason


def to_json(message: Any) -> Any:
    """Return the JSON value (dicts, lists, scalars) of a contract dataclass; None fields are left out."""
    if dataclasses.is_dataclass(message) and not isinstance(message, type):
        pairs = ((f.name, getattr(message, f.name)) for f in dataclasses.fields(message))
        return {name: to_json(value) for name, value in pairs if value is not None}
    if isinstance(message, enum.Enum):
        return message.value
    if isinstance(message, tuple | list):
        return [to_json(item) for item in message]
    return dict(message) if isinstance(message, dict) else message


def from_json(kind: type[T], value: Any, pointer: str = "") -> T:
    """Build `kind` from a parsed JSON value. Raises ContractError on a missing field or a wrong type."""
    return typing.cast(T, _read(kind, value, pointer))


def _read(kind: Any, value: Any, pointer: str) -> Any:
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        inner = [arm for arm in typing.get_args(kind) if arm is not type(None)]
        return None if value is None else _read(inner[0], value, pointer)
    if origin is tuple:
        if not isinstance(value, list):
            raise ContractError(pointer, "must be a list")
        item = typing.get_args(kind)[0]
        return tuple(_read(item, entry, f"{pointer}/{index}") for index, entry in enumerate(value))
    if origin is dict:
        if not isinstance(value, dict) or not all(isinstance(entry, str) for entry in value.values()):
            raise ContractError(pointer, "must be an object of strings")
        return dict(value)
    if isinstance(kind, typing.NewType):
        return _read(kind.__supertype__, value, pointer)
    if dataclasses.is_dataclass(kind):
        return _read_dataclass(kind, value, pointer)
    return _read_scalar(kind, value, pointer)


def _read_scalar(kind: Any, value: Any, pointer: str) -> Any:
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        try:
            return kind(value)
        except ValueError:
            raise ContractError(pointer, f"must be one of {[member.value for member in kind]}") from None
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ContractError(pointer, f"must be of type {kind.__name__}")
    return value


def _read_dataclass(kind: Any, value: Any, pointer: str) -> Any:
    if not isinstance(value, dict):
        raise ContractError(pointer, "must be an object")
    hints = typing.get_type_hints(kind)
    fields: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        if value.get(field.name) is not None:
            fields[field.name] = _read(hints[field.name], value[field.name], f"{pointer}/{field.name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ContractError(f"{pointer}/{field.name}", "is required")
    return kind(**fields)
