"""Every call of the official SDK has a route here, if only one that says it is not built."""

import re
from pathlib import Path

import cloudflare.resources.realtime_kit as sdk

import app as composition

_CALL = re.compile(r'self\._(get|post|put|patch|delete)\(\s*path_template\(\s*"(/accounts/[^"]+)"')


def _without_names(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "{}", path)


def test_every_call_of_the_sdk_has_a_route() -> None:
    folder = Path(sdk.__file__).parent
    called = {
        (method.upper(), _without_names("/client/v4" + path))
        for source in folder.glob("*.py")
        for method, path in _CALL.findall(source.read_text())
    }
    served = {(method, _without_names(path)) for path, methods in composition.app.routes.items() for method in methods}
    assert len(called) == 54
    assert not called - served


def test_path_variables_have_one_name_per_place() -> None:
    names: dict[str, set[str]] = {}
    for path in composition.app.routes:
        parts = path.split("/")
        for index, part in enumerate(parts):
            if part.startswith("{"):
                names.setdefault(_without_names("/".join(parts[:index])), set()).add(part)
    assert {parent: found for parent, found in names.items() if len(found) > 1} == {}
