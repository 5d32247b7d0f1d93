"""What a node is told by its environment: read_config names every variable, with its default."""

from collections.abc import Mapping
from dataclasses import dataclass

VERSION = "0.1.0"


class ConfigError(ValueError):
    """A variable is missing or wrong; the text is one line for whoever starts the node."""


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """`media_addresses` are what clients are told; `url` is where other nodes reach this one over HTTP."""

    node_secret: str
    control_plane_url: str
    url: str
    host: str = "127.0.0.1"
    port: int = 7880
    media_host: str = "127.0.0.1"
    media_port: int = 7882
    media_addresses: tuple[str, ...] = ("127.0.0.1",)
    region: str = ""
    max_connections: int = 2000


def read_config(environment: Mapping[str, str]) -> NodeConfig:
    """Return the configuration. Raises ConfigError."""
    port = _number(environment, "PARLEY_NODE_PORT", 7880)
    addresses = environment.get("PARLEY_MEDIA_ADDRESS") or "127.0.0.1"
    # A laptop's node is for the laptop alone, unless it advertises an address of its network.
    default_host = "127.0.0.1" if addresses == "127.0.0.1" else "0.0.0.0"
    return NodeConfig(
        node_secret=_required(environment, "PARLEY_NODE_SECRET"),
        control_plane_url=_url(environment, "PARLEY_CONTROL_PLANE_URL"),
        url=environment.get("PARLEY_NODE_URL", "").rstrip("/") or f"http://127.0.0.1:{port}",
        host=environment.get("PARLEY_NODE_HOST") or default_host,
        port=port,
        media_host=environment.get("PARLEY_MEDIA_HOST") or default_host,
        media_port=_number(environment, "PARLEY_MEDIA_PORT", 7882),
        media_addresses=tuple(part.strip() for part in addresses.split(",") if part.strip()),
        region=environment.get("PARLEY_REGION", ""),
        max_connections=_number(environment, "PARLEY_MAX_CONNECTIONS", 2000),
    )


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise ConfigError(f"{name} is not set")
    return value


def _url(environment: Mapping[str, str], name: str) -> str:
    value = _required(environment, name).rstrip("/")
    if not value.startswith(("http://", "https://")):
        raise ConfigError(f"{name} must begin with http:// or https://")
    return value


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise ConfigError(f"{name} must be a number from 0 to 65535")
    return int(text)
