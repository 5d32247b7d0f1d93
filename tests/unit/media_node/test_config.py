"""A node's environment: what is missing or wrong is said in one line."""

import pytest

from media_node.config import ConfigError, read_config

NEEDED = {"PARLEY_NODE_SECRET": "s", "PARLEY_CONTROL_PLANE_URL": "http://127.0.0.1:9/"}


def test_defaults_are_for_a_laptop() -> None:
    config = read_config(NEEDED)
    assert (config.port, config.media_port) == (7880, 7882)
    assert (config.host, config.media_host, config.media_addresses) == ("127.0.0.1", "127.0.0.1", ("127.0.0.1",))
    assert config.control_plane_url == "http://127.0.0.1:9"
    assert config.url == "http://127.0.0.1:7880"


def test_a_node_that_advertises_an_address_listens_everywhere() -> None:
    config = read_config(
        {**NEEDED, "PARLEY_MEDIA_ADDRESS": "192.0.2.1, 198.51.100.1", "PARLEY_NODE_URL": "http://n:1/"}
    )
    assert config.media_addresses == ("192.0.2.1", "198.51.100.1")
    assert (config.host, config.media_host) == ("0.0.0.0", "0.0.0.0")
    assert config.url == "http://n:1"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("PARLEY_NODE_SECRET", "", "PARLEY_NODE_SECRET is not set"),
        ("PARLEY_CONTROL_PLANE_URL", "", "PARLEY_CONTROL_PLANE_URL is not set"),
        ("PARLEY_CONTROL_PLANE_URL", "ftp://x", "PARLEY_CONTROL_PLANE_URL must begin with"),
        ("PARLEY_NODE_PORT", "x", "PARLEY_NODE_PORT must be a number"),
        ("PARLEY_MEDIA_PORT", "70000", "PARLEY_MEDIA_PORT must be a number"),
    ],
)
def test_what_is_wrong_is_named(name: str, value: str, text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        read_config({**NEEDED, name: value})
