"""Each part of an installation gets the environment it needs and no other secret."""

from pathlib import Path

from infra.local.credentials import Credentials, dev_env
from infra.local.settings import read_settings
from infra.local.stack import InternalPorts, Stack, plan

ROOT = Path("/srv/parley")
CREDENTIALS = Credentials("seed-of-the-key", "node-secret", "acc", "pat", "app", "APIkey", "sec'ret")
PORTS = InternalPorts(database=1, emulator=2, control_plane=3, node=4)
DEVELOPER = {"PATH": "/bin", "AWS_PROFILE": "production", "AWS_SECRET_ACCESS_KEY": "real", "PARLEY_PORT": "9"}


def planned(dynoxide: Path | None) -> Stack:
    return plan(read_settings({}, ROOT), CREDENTIALS, PORTS, dynoxide, DEVELOPER, ROOT)


def test_no_part_sees_the_developers_own_aws_account() -> None:
    for child in planned(Path("/bin/dynoxide")).children:
        assert "AWS_PROFILE" not in child.env
        assert "real" not in child.env.values()


def test_the_node_gets_its_secret_but_no_signing_key_and_no_database() -> None:
    node = next(child for child in planned(Path("/bin/dynoxide")).children if child.name == "media node")
    assert node.env["PARLEY_NODE_SECRET"] == "node-secret"
    assert "seed-of-the-key" not in node.env.values()
    assert not [name for name in node.env if name.startswith("AWS_")]


def test_with_dynoxide_the_database_is_a_file_in_the_data_directory() -> None:
    stack = planned(Path("/bin/dynoxide"))
    database = next(child for child in stack.children if child.name == "database")
    control_plane = next(child for child in stack.children if child.name == "control plane")
    assert str(ROOT / ".parley" / "parley.db") in database.argv
    assert control_plane.env["AWS_ENDPOINT_URL_DYNAMODB"] == "http://127.0.0.1:1"
    assert control_plane.env["AWS_ENDPOINT_URL_SQS"] == "http://127.0.0.1:2"
    assert not stack.notice


def test_without_dynoxide_ministack_is_the_database_and_one_line_says_so() -> None:
    stack = planned(None)
    assert [child.name for child in stack.children] == ["ministack", "control plane", "media node"]
    assert "dynamodb" in stack.children[0].env["SERVICES"]
    assert stack.children[1].env["AWS_ENDPOINT_URL_DYNAMODB"] == "http://127.0.0.1:2"
    assert stack.notice.count("\n") == 0
    assert "ministack" in stack.notice


def test_a_child_never_shows_its_environment() -> None:
    assert "secret" not in repr(planned(None).children)


def test_dev_env_has_everything_the_sdks_read() -> None:
    values = dev_env(CREDENTIALS, "http://localhost:8000", 7882)
    assert values["CLOUDFLARE_BASE_URL"] == "http://localhost:8000/client/v4"
    assert values["LIVEKIT_URL"] == "ws://localhost:8000"
    assert set(values) == {
        "PARLEY_URL",
        "PARLEY_MEDIA_PORT",
        "CLOUDFLARE_BASE_URL",
        "CLOUDFLARE_API_TOKEN",
        "PARLEY_ACCOUNT_ID",
        "PARLEY_APP_ID",
        "LIVEKIT_URL",
        "LIVEKIT_API_KEY",
        "LIVEKIT_API_SECRET",
    }
