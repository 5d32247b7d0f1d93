"""Files of a local installation survive damage and crashes, and give nothing away."""

import dataclasses
import subprocess
from pathlib import Path

import pytest

from infra.local.credentials import Credentials, dev_env, load_or_make, save, write_dev_env
from infra.local.settings import SettingsError
from infra.local.stream_positions import StreamPositions


def test_credentials_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    made = load_or_make(path)
    assert load_or_make(path) == made
    assert path.stat().st_mode & 0o777 == 0o600
    seeded = dataclasses.replace(made, app_id="app", api_secret="s")
    save(path, seeded)
    assert load_or_make(path) == seeded
    assert path.stat().st_mode & 0o777 == 0o600
    assert made.signing_key not in repr(made)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"unknown": 1}'])
def test_damaged_credentials_are_not_replaced_but_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "credentials.json"
    path.write_text(content)
    with pytest.raises(SettingsError, match="is damaged"):
        load_or_make(path)
    assert path.read_text() == content


def test_a_shell_that_sources_dev_env_has_the_values_as_they_are(tmp_path: Path) -> None:
    credentials = Credentials("seed", "node", "acc", "to'ken $HOME", "app", "key", "`secret`")
    write_dev_env(tmp_path / "dev.env", dev_env(credentials, "http://localhost:8000", 7882))
    shown = subprocess.run(
        ["bash", "-c", '. ./dev.env; printf "%s|%s" "$CLOUDFLARE_API_TOKEN" "$LIVEKIT_API_SECRET"'],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == "to'ken $HOME|`secret`"


def test_positions_are_kept_per_shard_and_forgotten_with_their_stream(tmp_path: Path) -> None:
    path = tmp_path / "positions.json"
    positions = StreamPositions(path)
    positions.put("stream-1", "a", "5")
    positions.put("stream-1", "b", "7")
    again = StreamPositions(path)
    assert (again.get("stream-1", "a"), again.get("stream-1", "b")) == ("5", "7")
    assert again.get("stream-2", "a") is None
    again.put("stream-2", "a", "1")
    assert StreamPositions(path).get("stream-1", "b") is None


@pytest.mark.parametrize("content", ["", "[]", '{"stream": 1}', '{"stream": "s", "shards": []}'])
def test_a_damaged_position_file_means_reading_from_the_oldest_record(tmp_path: Path, content: str) -> None:
    path = tmp_path / "positions.json"
    path.write_text(content)
    assert StreamPositions(path).get("s", "a") is None
