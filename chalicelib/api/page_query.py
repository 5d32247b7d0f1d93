"""Reading query parameters: pages, searches, times and choices. Every error points at the parameter."""

import enum
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeVar

from chalice.app import Request

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.limits import DEFAULT_PER_PAGE, MAX_PER_PAGE, MAX_TITLE_CHARS
from chalicelib.domain.paging import PageRequest

E = TypeVar("E", bound=enum.StrEnum)
_MAX_PAGE_NO = 1_000_000


def text(request: Request, name: str, max_chars: int = MAX_TITLE_CHARS) -> str:
    """Return a parameter, or an empty string. Raises ParleyError INVALID_FIELD when it is too long."""
    values: Mapping[str, str] = request.query_params or {}
    value = str(values.get(name) or "")
    if len(value) > max_chars:
        raise _invalid(name, f"at most {max_chars} characters")
    return value


def page(request: Request) -> PageRequest:
    """Return the page asked for: page_no from 1 (absent and 0 mean 1), per_page 1 to 100. Raises ParleyError."""
    number = _integer(request, "page_no", 1, _MAX_PAGE_NO)
    size = _integer(request, "per_page", DEFAULT_PER_PAGE, MAX_PER_PAGE)
    return PageRequest(page_no=max(1, number), per_page=size or DEFAULT_PER_PAGE)


def choice(request: Request, name: str, kind: type[E]) -> E | None:
    """Return a member of `kind`, or None when the parameter is absent. Raises ParleyError INVALID_FIELD."""
    value = text(request, name)
    if not value:
        return None
    try:
        return kind(value)
    except ValueError:
        raise _invalid(name, f"must be one of {', '.join(kind)}") from None


def newest_first(request: Request, *, default: bool = True) -> bool:
    """Read ``sort_order``: ASC, DESC, or DSC, which one part of the SDK says for DESC. Raises ParleyError."""
    value = text(request, "sort_order")
    if value not in {"", "ASC", "DESC", "DSC"}:
        raise _invalid("sort_order", "must be ASC or DESC")
    return default if not value else value != "ASC"


def time_ms(request: Request, name: str) -> int | None:
    """Return an ISO 8601 time as ms since 1970; one without a zone is UTC. Raises ParleyError INVALID_FIELD."""
    value = text(request, name)
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return int(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise _invalid(name, "must be an ISO 8601 time") from None


def _integer(request: Request, name: str, default: int, highest: int) -> int:
    value = text(request, name).removesuffix(".0")  # the SDKs type pages as floats
    if not value:
        return default
    if not (value.isascii() and value.isdecimal()) or len(value) > 9 or int(value) > highest:
        raise _invalid(name, f"must be an integer from 0 to {highest}")
    return int(value)


def _invalid(name: str, reason: str) -> ParleyError:
    return ParleyError(ErrorId.INVALID_FIELD, f"/{name}: {reason}", f"/{name}")
