"""The parameters of a list of sessions."""

import pytest
from pydantic import ValidationError

from chalicelib.api.page_query import read_query
from chalicelib.api.realtimekit.sessions import _SessionQuery
from tests.fakes.requests import fake_request


@pytest.mark.parametrize(
    ("text", "bounds"), [("1:10", (1, 10)), ("5:", (5, None)), (":7", (0, 7)), ("3", (3, 3)), ("", (0, None))]
)
def test_a_range_of_participants_has_two_ends(text: str, bounds: tuple[int, int | None]) -> None:
    wanted = read_query(fake_request(query={"participants": text}), _SessionQuery).filter
    assert (wanted.fewest, wanted.most) == bounds


@pytest.mark.parametrize("text", [":", "a:b", "1:2:3", "-1", "1-2", "1" * 7, "１:２"])
def test_what_is_no_range_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read_query(fake_request(query={"participants": text}), _SessionQuery)
    assert refused.value.errors()[0]["loc"] == ("participants",)
