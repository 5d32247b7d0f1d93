"""Settings of a local installation, from ``PARLEY_*`` variables. Pure: the environment comes in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_PORT = 8000
DEFAULT_MEDIA_PORT = 7882
# Settings of the control plane that reach it as they are; see chalicelib/config.py.
PASSED_ON = ("PARLEY_RATE_LIMIT", "PARLEY_APP_RATE_LIMIT", "PARLEY_RECORDING_RATE_LIMIT", "PARLEY_NODE_LEASE_MS")


class SettingsError(Exception):
    """A setting makes no sense; the message is one line that says what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`port`: TCP, the one origin. `media_port`: UDP. `bind`: address the origin listens on."""

    port: int
    media_port: int
    media_address: str
    bind: str
    data_dir: Path
    web_root: Path
    stage: str = "dev"
    schedule_seconds: float | None = None
    dynoxide: str = ""
    passed_on: tuple[tuple[str, str], ...] = ()

    @property
    def url(self) -> str:
        """The origin, as a browser on this machine writes it: getUserMedia works on localhost without TLS."""
        return f"http://localhost:{self.port}"


def read_settings(env: Mapping[str, str], root: Path) -> Settings:
    """Return the settings; `root` is the repository. Raises SettingsError."""
    return Settings(
        port=read_port(env, "PARLEY_PORT", DEFAULT_PORT),
        media_port=read_port(env, "PARLEY_MEDIA_PORT", DEFAULT_MEDIA_PORT),
        media_address=env.get("PARLEY_MEDIA_ADDRESS") or "127.0.0.1",
        bind=env.get("PARLEY_BIND") or "127.0.0.1",
        data_dir=(root / (env.get("PARLEY_DATA_DIR") or ".parley")).resolve(),
        web_root=(root / (env.get("PARLEY_WEB_ROOT") or "web/dist")).resolve(),
        schedule_seconds=_seconds(env, "PARLEY_SCHEDULE_SECONDS"),
        dynoxide=env.get("PARLEY_DYNOXIDE", ""),
        passed_on=tuple((name, env[name]) for name in PASSED_ON if env.get(name)),
    )


def read_port(env: Mapping[str, str], name: str, default: int) -> int:
    """Return the port number in the variable `name`. Raises SettingsError."""
    text = env.get(name) or str(default)
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise SettingsError(f"{name} must be a port number from 1 to 65535, not {text!r}")
    return int(text)


def _seconds(env: Mapping[str, str], name: str) -> float | None:
    text = env.get(name, "")
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 86400:
        raise SettingsError(f"{name} must be a number of seconds, not {text!r}")
    return seconds
