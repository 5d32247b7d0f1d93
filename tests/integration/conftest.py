"""Fixtures of the tests that use a whole installation."""

import pytest

from tests.integration.callers import Backend, backend_of
from tests.running_parley import RunningParley


@pytest.fixture(scope="session")
def backend(parley: RunningParley) -> Backend:
    """A backend developer's side of the shared installation."""
    return backend_of(parley.env)
