"""Fixtures that more than one kind of test needs."""

from collections.abc import Iterator

import pytest

from tests.running_parley import RunningParley, running_parley


@pytest.fixture(scope="session")
def parley(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningParley]:
    """A whole installation, shared by the tests that only use it: attributes `url` and `env` (the lines of dev.env).

    Schedules fire every second. A test that stops or kills parts starts one of its own with running_parley().
    """
    with running_parley(tmp_path_factory.mktemp("parley") / "data") as running:
        yield running
