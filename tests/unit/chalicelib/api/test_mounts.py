"""The table of routes against what the modules register."""

from chalicelib.api.mounts import registered
from chalicelib.api.route_table import ROUTES


def test_the_table_has_every_route_that_a_module_registers() -> None:
    due = "run `python -m chalicelib.api.mounts` and commit chalicelib/api/route_table.py"
    assert tuple(registered()) == ROUTES, due


def test_no_route_is_registered_twice() -> None:
    routes = [(method, path) for method, path, _ in ROUTES]
    assert len(routes) == len(set(routes))
