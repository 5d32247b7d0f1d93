"""Changing what a peer may do while it is in the call. Plain values in and out."""

from dataclasses import fields, replace
from typing import Any

from chalicelib.contract.grants import Grants
from chalicelib.contract.node_commands import GrantsPatch


def patched(grants: Grants, patch: GrantsPatch) -> Grants:
    """Return the grants with what the patch sets."""
    return replace(grants, **_set(patch))


def merged(earlier: GrantsPatch, later: GrantsPatch) -> GrantsPatch:
    """Return one patch that does what both do, one after the other."""
    return replace(earlier, **_set(later))


def _set(patch: GrantsPatch) -> dict[str, Any]:
    values = {each.name: getattr(patch, each.name) for each in fields(patch)}
    return {name: value for name, value in values.items() if value is not None}
