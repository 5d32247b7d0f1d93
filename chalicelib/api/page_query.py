"""Query parameters against pydantic models: pages, searches, times and choices. Every error points at the parameter.

A route names its model twice: where it is registered, for the API's description, and where it is read.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar, get_origin

from chalice.app import Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from chalicelib.contract.limits import DEFAULT_PER_PAGE, MAX_PAGE_NO, MAX_PER_PAGE, MAX_TITLE_CHARS
from chalicelib.domain.paging import PageRequest

_MAX_VALUES = 100  # of one parameter that may be repeated
_MAX_VALUE_CHARS = 1024


class Query(BaseModel):
    """Base of the models of query parameters; unknown ones are ignored, an empty one counts as absent."""

    model_config = ConfigDict(extra="ignore", defer_build=True)


Q = TypeVar("Q", bound=Query)


def read_query(request: Request, model: type[Q]) -> Q:
    """Return the parameters as `model`. Raises pydantic's ValidationError for the first wrong one.

    A field that is a list takes a repeated parameter, or one with commas; any other field the last of several.
    """
    given = request.query_params
    values: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        key = field.alias or name
        texts = [text for text in given.getlist(key) if text] if given is not None and key in given else []
        if texts:
            values[key] = _parts(texts) if _is_list(field.annotation) else texts[-1]
    return model.model_validate(values)


def _is_list(annotation: Any) -> bool:
    choices = getattr(annotation, "__args__", ())
    return get_origin(annotation) is list or any(get_origin(choice) is list for choice in choices)


def _parts(texts: list[str]) -> list[str]:
    return [part for text in texts for part in text.split(",") if part]


def _whole_number(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    digits = value.removesuffix(".0")  # the SDKs type pages as floats
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 9:
        raise ValueError("must be a whole number")
    return int(digits)


def _moment_ms(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value[:_MAX_VALUE_CHARS])
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return int(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise ValueError("must be an ISO 8601 time") from None


Text = Annotated[str, Field(max_length=MAX_TITLE_CHARS)]
Whole = Annotated[int, BeforeValidator(_whole_number)]
# An ISO 8601 time as ms since 1970; one without a zone is UTC.
TimeMs = Annotated[
    int, BeforeValidator(_moment_ms), WithJsonSchema({"type": "string", "format": "date-time", "maxLength": 64})
]
SortOrder = Literal["ASC", "DESC", "DSC"]  # DSC is what one part of the SDK says for DESC


class PageQuery(Query):
    """Which page of a list: absent and 0 mean the first page, and the usual size."""

    page_no: Annotated[Whole, Field(ge=0, le=MAX_PAGE_NO, description="Page, from 1")] = 1
    per_page: Annotated[Whole, Field(ge=0, le=MAX_PER_PAGE, description="Items of a page")] = DEFAULT_PER_PAGE

    @property
    def page(self) -> PageRequest:
        """The page asked for."""
        return PageRequest(page_no=max(1, self.page_no), per_page=self.per_page or DEFAULT_PER_PAGE)


class SearchQuery(PageQuery):
    """A page of what a search finds."""

    search: Annotated[Text, Field(description="Part of a name or title, or a whole id")] = ""


class OrderedQuery(SearchQuery):
    """A page of what a search finds, in an order."""

    sort_order: SortOrder | None = None

    def newest_first(self, *, default: bool = True) -> bool:
        """Tell whether the order asked for runs backwards in time."""
        return default if self.sort_order is None else self.sort_order != "ASC"


def page(request: Request) -> PageRequest:
    """Return the page asked for, of a call that has no other parameters."""
    return read_query(request, PageQuery).page
