"""VideoSDK's pages: ``page`` from 1, and ``perPage``."""

from typing import Annotated

from pydantic import Field

from chalicelib.api.page_query import Query, Whole
from chalicelib.contract.limits import MAX_PAGE_NO, MAX_PER_PAGE
from chalicelib.domain.paging import PageRequest

_DEFAULT_PER_PAGE = 20  # VideoSDK


class RoomPageQuery(Query):
    """Which page of a list."""

    page: Annotated[Whole, Field(ge=1, le=MAX_PAGE_NO, description="Page, from 1")] = 1
    per_page: Annotated[Whole, Field(ge=1, le=MAX_PER_PAGE, alias="perPage", description="Items of a page")] = (
        _DEFAULT_PER_PAGE
    )

    @property
    def request(self) -> PageRequest:
        """The page asked for."""
        return PageRequest(self.page, self.per_page)
