"""The commands of the README refuse a machine they cannot work on in one clear line, before they change anything."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
GOOD_NODE = 'if [ "$1" = -p ]; then echo 20; else echo v20.1.0; fi'
OLD_NODE = 'if [ "$1" = -p ]; then echo 18; else echo v18.20.1; fi'


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder with the Makefile and nothing installed; programs() says what its PATH offers."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for needed in (
        "constraints.txt",
        "requirements.txt",
        "media_node/requirements.txt",
        "infra/requirements.txt",
        "infra/local/requirements.txt",
        "tests/requirements.txt",
    ):
        (tmp_path / needed).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / needed).touch()
    (tmp_path / "bin").mkdir()
    for tool in ("rm", "touch", "find", "grep", "sed", "expand", "id"):
        (tmp_path / "bin" / tool).symlink_to(str(shutil.which(tool)))
    return tmp_path


def programs(machine: Path, **scripts: str) -> None:
    for name, script in scripts.items():
        path = machine / "bin" / name
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)


def make(machine: Path, target: str) -> subprocess.CompletedProcess[str]:
    make_program = shutil.which("make")
    assert make_program is not None
    return subprocess.run(
        [make_program, "--no-print-directory", target],
        cwd=machine,
        env={"PATH": str(machine / "bin")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that says what is wrong; make adds its own about the failed target."""
    assert done.returncode != 0
    (line,) = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert line.startswith("parley: ")
    return line


@pytest.mark.parametrize("target", ["run", "test", "check", "deploy-local"])
def test_without_node_nothing_is_installed(machine: Path, target: str) -> None:
    programs(machine, npm="exit 0", python3="exit 0")
    assert "Node.js is missing" in complaint(make(machine, target))
    assert not (machine / ".venv").exists()


def test_an_old_node_is_named_with_its_version(machine: Path) -> None:
    programs(machine, node=OLD_NODE, npm="exit 0")
    assert "v18.20.1 is too old: install version 20 or later" in complaint(make(machine, "run"))


def test_a_missing_npm_is_named(machine: Path) -> None:
    programs(machine, node=GOOD_NODE)
    assert "npm is missing" in complaint(make(machine, "run"))


def test_a_python_that_is_too_old_is_not_used(machine: Path) -> None:
    programs(machine, node=GOOD_NODE, npm="exit 0", python3="exit 1", python="exit 1")
    assert "Python 3.11 or later is missing" in complaint(make(machine, "run"))


def test_a_python_without_venv_leaves_nothing_behind(machine: Path) -> None:
    half = 'if [ "$1" = -m ]; then mkdir -p .venv/bin; exit 1; fi'
    programs(machine, node=GOOD_NODE, npm="exit 0", python3=half)
    (machine / "bin" / "mkdir").symlink_to(str(shutil.which("mkdir")))
    assert "cannot make virtual environments" in complaint(make(machine, "run"))
    assert not (machine / ".venv").exists()


def test_where_chromium_cannot_be_installed_one_line_says_how(machine: Path) -> None:
    programs(machine, node=GOOD_NODE, npm="exit 0")
    (machine / "bin" / "id").unlink()
    programs(machine, id="echo 1000")
    assert "CHROMIUM=" in complaint(make(machine, "chromium"))


def test_help_is_the_default_and_names_every_command(machine: Path) -> None:
    done = make(machine, "help")
    assert done.returncode == 0
    for target in ("run", "check", "test", "deploy-local", "lock", "clean"):
        assert f"\n{target} " in f"\n{done.stdout}"
