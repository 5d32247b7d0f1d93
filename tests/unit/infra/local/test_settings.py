"""Settings of a local installation: defaults that work, and one clear line for what does not."""

from pathlib import Path

import pytest

from infra.local.settings import SettingsError, read_settings

ROOT = Path("/srv/parley")


def test_without_any_variable_the_defaults_of_the_readme_hold() -> None:
    settings = read_settings({}, ROOT)
    assert (settings.url, settings.media_port) == ("http://localhost:8000", 7882)
    assert settings.data_dir == ROOT / ".parley"
    assert settings.bind == "127.0.0.1"
    assert settings.schedule_seconds is None


def test_variables_replace_them_and_empty_ones_do_not() -> None:
    env = {"PARLEY_PORT": "8001", "PARLEY_DATA_DIR": "/data", "PARLEY_SCHEDULE_SECONDS": "0.5", "PARLEY_BIND": ""}
    settings = read_settings(env, ROOT)
    assert (settings.port, settings.data_dir, settings.schedule_seconds) == (8001, Path("/data"), 0.5)
    assert settings.bind == "127.0.0.1"


@pytest.mark.parametrize(
    "env",
    [
        {"PARLEY_PORT": "http"},
        {"PARLEY_PORT": "0"},
        {"PARLEY_MEDIA_PORT": "70000"},
        {"PARLEY_SCHEDULE_SECONDS": "often"},
        {"PARLEY_SCHEDULE_SECONDS": "-1"},
    ],
)
def test_nonsense_is_refused_in_one_line_that_names_the_variable(env: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(env, ROOT)
    assert next(iter(env)) in str(caught.value)
    assert "\n" not in str(caught.value)
