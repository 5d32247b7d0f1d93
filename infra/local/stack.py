"""What a local installation consists of: the programs, and exactly the environment each of them gets.

Pure but for the look for the binary. The node gets no AWS setting and no signing key; nothing gets the developer's own
AWS credentials or profile.
"""

import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.local.child import ChildSpec
from infra.local.credentials import Credentials
from infra.local.settings import Settings, SettingsError

ACCOUNT = "000000000000"
REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class InternalPorts:
    """TCP ports of 127.0.0.1 that only the parts of one installation use."""

    database: int
    emulator: int
    control_plane: int
    node: int


@dataclass(frozen=True, slots=True)
class Stack:
    """The programs in the order of their start, and what the supervisor says about the database."""

    children: tuple[ChildSpec, ...]
    database: str
    notice: str


def find_dynoxide(setting: str, root: Path) -> Path | None:
    """Return the database binary: the one that was set, or the one npm installed for this platform, or None.

    The setting "none" means: as on a platform without one. Raises SettingsError when the file is not there.
    """
    if setting == "none":
        return None
    if setting:
        if not Path(setting).is_file():
            raise SettingsError(f"PARLEY_DYNOXIDE={setting} is not a file")
        return Path(setting)
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine().lower())
    package = f"{platform.system().lower()}-{machine}"
    path = root / "infra/local/node_modules/@dynoxide" / package / "dynoxide"
    return path if path.is_file() else None


def plan(
    settings: Settings,
    credentials: Credentials,
    ports: InternalPorts,
    dynoxide: Path | None,
    environment: Mapping[str, str],
    root: Path,
) -> Stack:
    """Return the whole installation; without `dynoxide` the emulator serves the database too."""
    base = _base_environment(environment)
    emulator = _emulator(settings, ports, base, root, with_database=dynoxide is None)
    database_port = ports.emulator if dynoxide is None else ports.database
    control_plane = _control_plane(settings, credentials, ports, database_port, base, root)
    node = _node(settings, credentials, ports, base, root)
    if dynoxide is None:
        notice = "no dynoxide binary for this platform: ministack serves the database (kill -9 loses recent data)"
        return Stack((emulator, control_plane, node), "ministack", notice)
    database = ChildSpec(
        "database",
        (str(dynoxide), "serve", "--port", str(ports.database), "--db-path", str(settings.data_dir / "parley.db")),
        base,
        root,
        settings.data_dir / "logs" / "database.log",
    )
    return Stack((database, control_plane, node, emulator), "dynoxide", "")


def _base_environment(environment: Mapping[str, str]) -> dict[str, str]:
    dropped = ("AWS_", "PARLEY_", "LIVEKIT_", "CLOUDFLARE_")
    base = {name: value for name, value in environment.items() if not name.startswith(dropped)}
    return {**base, "PYTHONUNBUFFERED": "1"}


def _emulator(
    settings: Settings, ports: InternalPorts, base: dict[str, str], root: Path, *, with_database: bool
) -> ChildSpec:
    state = settings.data_dir / "ministack"
    env = {
        **base,
        "GATEWAY_PORT": str(ports.emulator),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "SERVICES": "sqs,dynamodb,dynamodbstreams" if with_database else "sqs",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(state),
        "S3_DATA_DIR": str(state / "s3"),
        "TMPDIR": str(settings.data_dir / "tmp"),  # its pid file goes there
        "LOG_LEVEL": "WARNING",
    }
    return ChildSpec(
        "ministack", (sys.executable, "-m", "ministack"), env, root, settings.data_dir / "logs" / "ministack.log"
    )


def _control_plane(
    settings: Settings,
    credentials: Credentials,
    ports: InternalPorts,
    database_port: int,
    base: dict[str, str],
    root: Path,
) -> ChildSpec:
    env = {
        **base,
        **dict(settings.passed_on),
        "PARLEY_STAGE": settings.stage,
        "PARLEY_TABLE": f"parley-{settings.stage}",
        "PARLEY_SIGNING_KEY": credentials.signing_key,
        "PARLEY_NODE_SECRET": credentials.node_secret,
        "PARLEY_QUEUE_URL": f"http://127.0.0.1:{ports.emulator}/{ACCOUNT}/parley-{settings.stage}-session-checks",
        "PARLEY_LOOPBACK_WEBHOOKS": "1",
        "PARLEY_CONTROL_PORT": str(ports.control_plane),
        "PARLEY_DATA_DIR": str(settings.data_dir),
        "PARLEY_URL": settings.url,
        "PARLEY_MEDIA_PORT": str(settings.media_port),
        "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{database_port}",
        "AWS_ENDPOINT_URL_SQS": f"http://127.0.0.1:{ports.emulator}",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }
    if settings.schedule_seconds is not None:
        env["PARLEY_SCHEDULE_SECONDS"] = str(settings.schedule_seconds)
    argv = (sys.executable, "-m", "infra.local.control_plane")
    return ChildSpec("control plane", argv, env, root, settings.data_dir / "logs" / "control-plane.log")


def _node(
    settings: Settings, credentials: Credentials, ports: InternalPorts, base: dict[str, str], root: Path
) -> ChildSpec:
    env = {
        **base,
        "PARLEY_NODE_HOST": "127.0.0.1",  # only the gateway reaches it, whatever address media is sent to
        "PARLEY_NODE_PORT": str(ports.node),
        "PARLEY_NODE_URL": f"http://127.0.0.1:{ports.node}",
        "PARLEY_MEDIA_PORT": str(settings.media_port),
        "PARLEY_MEDIA_ADDRESS": settings.media_address,
        "PARLEY_CONTROL_PLANE_URL": f"http://127.0.0.1:{ports.control_plane}",
        "PARLEY_NODE_SECRET": credentials.node_secret,
    }
    argv = (sys.executable, "-m", "media_node")
    return ChildSpec("media node", argv, env, root, settings.data_dir / "logs" / "node.log")
