"""Settings: defaults, and clear refusals that show no secret."""

import base64

import pytest

from chalicelib.config import ConfigError, read_config

KEY = base64.urlsafe_b64encode(bytes(range(224, 256))).decode().rstrip("=")
NEEDED = {"PARLEY_SIGNING_KEY": KEY, "PARLEY_NODE_SECRET": "very-secret"}


def test_the_two_secrets_are_enough() -> None:
    config = read_config(NEEDED)
    assert (config.table, config.stage, config.signing_key) == ("parley-dev", "dev", bytes(range(224, 256)))
    assert config.node_lease_ms > 2 * config.heartbeat_interval_ms


def test_settings_are_read() -> None:
    config = read_config({**NEEDED, "PARLEY_STAGE": "prod", "PARLEY_QUEUE_URL": "q", "PARLEY_NODE_LEASE_MS": "9000"})
    assert (config.table, config.queue_url, config.node_lease_ms) == ("parley-prod", "q", 9000)


def test_webhooks_may_be_on_this_machine_only_where_it_is_said_so() -> None:
    assert not read_config(NEEDED).loopback_webhooks
    assert read_config({**NEEDED, "PARLEY_LOOPBACK_WEBHOOKS": "1"}).loopback_webhooks


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"PARLEY_SIGNING_KEY": ""}, "PARLEY_SIGNING_KEY"),
        ({"PARLEY_SIGNING_KEY": "c2hvcnQ"}, "PARLEY_SIGNING_KEY"),
        ({"PARLEY_SIGNING_KEY": "!" * 43}, "PARLEY_SIGNING_KEY"),
        ({"PARLEY_NODE_SECRET": ""}, "PARLEY_NODE_SECRET"),
        ({"PARLEY_NODE_LEASE_MS": "-1"}, "PARLEY_NODE_LEASE_MS"),
        ({"PARLEY_NODE_LEASE_MS": "0"}, "PARLEY_NODE_LEASE_MS"),
    ],
)
def test_a_wrong_setting_is_named(change: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        read_config({**NEEDED, **change})


def test_no_secret_is_in_the_text_of_the_settings() -> None:
    assert "very-secret" not in repr(read_config(NEEDED)) and "\\xe0" not in repr(read_config(NEEDED))
