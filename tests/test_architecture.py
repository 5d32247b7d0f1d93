"""The arrows of the design, enforced: who may import whom, and what pure code may not touch."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}

# For each package: the packages of ours it may import (itself always). Third-party rules stand below.
ALLOWED: dict[str, set[str]] = {
    "chalicelib.contract": set(),
    "chalicelib.domain": {"chalicelib.contract"},
    "chalicelib.telemetry": set(),
    "chalicelib.config": {"chalicelib.contract"},
    "chalicelib.services": {"chalicelib.contract", "chalicelib.domain", "chalicelib.config", "chalicelib.telemetry"},
    "chalicelib.stores": {"chalicelib.contract", "chalicelib.domain", "chalicelib.services"},
    "chalicelib.api": {"chalicelib.contract", "chalicelib.domain", "chalicelib.services", "chalicelib.telemetry"},
    "chalicelib.events": {"chalicelib.contract", "chalicelib.domain", "chalicelib.services", "chalicelib.telemetry"},
    "media_node.rtp": {"chalicelib.contract"},
    "media_node.room": {"chalicelib.contract"},
    "media_node.telemetry": set(),
    "media_node.config": {"chalicelib.contract"},
    "media_node.signalling": {"chalicelib.contract", "media_node.rtp", "media_node.room", "media_node.telemetry"},
    "media_node.transport": {"chalicelib.contract", "media_node.rtp", "media_node.telemetry"},
    "media_node.control_plane": {"chalicelib.contract", "media_node.telemetry"},
}
COMPOSITION = {
    "app",
    "media_node.__main__",
    "media_node.node",
    "media_node.hosted_session",
    "media_node.connected_peer",
}
ONLY_IN: dict[str, tuple[str, ...]] = {
    "aiortc": ("media_node.transport", "bench", "tests"),
    "aioice": ("media_node.transport", "bench", "tests"),
    "pylibsrtp": ("media_node.transport", "bench", "tests"),
    "pynamodb": ("chalicelib.stores", "bench", "tests"),
    "botocore": ("chalicelib.stores", "infra", "bench", "tests"),
    "boto3": ("infra", "bench", "tests"),
    "chalice": ("app", "chalicelib.api", "chalicelib.events", "infra", "bench", "tests"),
    "pydantic": ("chalicelib.api", "tests"),
    "google": ("chalicelib.api.twirp", "media_node", "bench", "tests"),
    "livekit": ("chalicelib.api.twirp", "media_node", "bench", "tests"),
    "aiohttp": (
        "media_node.signalling.ws_server",
        "media_node.signalling.connection_guard",
        "media_node.control_plane",
        "media_node.node",
        "media_node.__main__",
        "infra",
        "bench",
        "tests",
    ),
}
# Time, randomness and I/O come in as arguments here.
PURE = ("chalicelib.contract", "chalicelib.domain", "media_node.rtp", "media_node.room")
IMPURE_MODULES = {"time", "random", "secrets", "socket", "asyncio", "os", "threading", "requests", "logging"}
IMPURE_CALLS = re.compile(r"\b(datetime\.now|datetime\.utcnow|date\.today|uuid\.uuid[14]|open)\(")


def python_files() -> Iterator[Path]:
    yield ROOT / "app.py"
    for folder in ("chalicelib", "media_node", "infra", "bench", "tests"):
        yield from (ROOT / folder).rglob("*.py")


def module_name(path: Path) -> str:
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


MODULES = [(module_name(path), path) for path in python_files() if path.exists()]


@pytest.mark.parametrize(("module", "path"), MODULES, ids=[name for name, _ in MODULES])
def test_imports_point_one_way(module: str, path: Path) -> None:
    package = next((name for name in ALLOWED if within(module, name)), None)
    if package is None or module in COMPOSITION:
        return
    for imported in imports(path):
        if imported.split(".")[0] not in {"chalicelib", "media_node", "infra", "app", "tests", "bench"}:
            continue
        if imported in {"chalicelib", "media_node"}:
            continue
        permitted = ALLOWED[package] | {package}
        assert any(within(imported, name) for name in permitted), f"{module} must not import {imported}"


@pytest.mark.parametrize(("module", "path"), MODULES, ids=[name for name, _ in MODULES])
def test_each_library_is_touched_in_its_place_only(module: str, path: Path) -> None:
    for imported in imports(path):
        homes = ONLY_IN.get(imported.split(".")[0])
        assert homes is None or any(within(module, home) for home in homes), f"{module} must not import {imported}"


def test_the_two_halves_share_only_the_contract() -> None:
    for module, path in MODULES:
        for imported in imports(path):
            if within(module, "media_node"):
                assert (
                    not within(imported, "chalicelib")
                    or imported == "chalicelib"
                    or within(imported, "chalicelib.contract")
                ), f"{module} imports {imported}"
            if within(module, "chalicelib") or module == "app":
                assert not within(imported, "media_node"), f"{module} imports {imported}"


def test_pure_code_has_no_clock_no_chance_and_no_io() -> None:
    for module, path in MODULES:
        if not any(within(module, package) for package in PURE):
            continue
        touched = {name.split(".")[0] for name in imports(path)} & IMPURE_MODULES
        assert not touched, f"{module} imports {touched}"
        assert not IMPURE_CALLS.search(path.read_text()), f"{module} reads a clock, draws a random id or opens a file"


def test_the_contract_needs_only_the_standard_library() -> None:
    for module, path in MODULES:
        if within(module, "chalicelib.contract"):
            foreign = {name for name in imports(path) if name.split(".")[0] in {"jwt", "cryptography", "google"}}
            assert not foreign, f"{module} imports {foreign}"


def test_no_file_is_named_for_nothing() -> None:
    for module, _ in MODULES:
        assert not FORBIDDEN_NAMES & set(module.split(".")), module


def test_files_stay_readable() -> None:
    for module, path in MODULES:
        if not within(module, "tests"):
            lines = path.read_text().count("\n")
            assert lines <= 450, f"{module} has {lines} lines"
