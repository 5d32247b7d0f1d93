"""Reading bodies: what is refused before any field is looked at."""

import pytest

from chalicelib.api.request_body import Body, read_body, read_json
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.limits import MAX_BODY_BYTES, MAX_JSON_DEPTH
from tests.fakes.requests import fake_request


class _Thing(Body):
    name: str = "nobody"


def refusal(body: str) -> ErrorId:
    with pytest.raises(ParleyError) as refused:
        read_json(fake_request(body=body))
    return refused.value.error


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


def test_no_body_is_an_empty_object() -> None:
    assert read_json(fake_request()) == {} and read_json(fake_request(body="  ")) == {}


def test_unknown_fields_are_ignored() -> None:
    assert read_body(fake_request(body='{"name": "x", "colour": 1}'), _Thing) == _Thing(name="x")


@pytest.mark.parametrize(
    "body", ["{", "{'a': 1}", '{"a": NaN}', '{"a": Infinity}', '{"a": 1e999}', '"\\udfff"', "[" * 10**5, "1" * 5000]
)
def test_what_is_not_json_is_refused(body: str) -> None:
    assert refusal(body) is ErrorId.INVALID_JSON


def test_the_depth_is_capped() -> None:
    assert read_json(fake_request(body=nested(MAX_JSON_DEPTH))) is not None
    assert refusal(nested(MAX_JSON_DEPTH + 1)) is ErrorId.INVALID_JSON


def test_the_size_is_capped_in_bytes() -> None:
    fits = '"' + "é" * ((MAX_BODY_BYTES - 2) // 2) + '"'
    assert read_json(fake_request(body=fits))
    assert refusal(fits + "  ") is ErrorId.BODY_TOO_LARGE
