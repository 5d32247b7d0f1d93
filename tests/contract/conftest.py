"""A local database for the whole run, and a fresh table for every test that asks for one."""

from collections.abc import Iterator

import pytest

from tests.local_database import bound_table, local_database


@pytest.fixture(scope="session")
def database() -> Iterator[str]:
    """Run dynoxide in memory and return its URL."""
    with local_database() as url:
        yield url


@pytest.fixture
def fresh_table(database: str) -> Iterator[str]:
    """Bind a table of the test's own and return its name."""
    with bound_table() as name:
        yield name
