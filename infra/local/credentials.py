"""The secrets of a local installation: made at the first start, kept in the data directory, readable by the owner only.

Nothing here is used in AWS: there the signing key and the node secret are parameters of the stack.
"""

import base64
import dataclasses
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.files import replace_text
from infra.local.settings import SettingsError

_PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class Credentials:
    """`signing_key`: seed of the Ed25519 key (base64url). What the seed makes (seed.py) is empty before it ran."""

    signing_key: str = field(repr=False)
    node_secret: str = field(repr=False)
    account_id: str = ""
    api_token: str = field(default="", repr=False)
    app_id: str = ""
    api_key: str = ""
    api_secret: str = field(default="", repr=False)


def new_credentials() -> Credentials:
    """Return fresh secrets, and nothing yet of what is in the table."""
    return Credentials(
        signing_key=base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode(),
        node_secret=secrets.token_urlsafe(32),
    )


def load_or_make(path: Path) -> Credentials:
    """Return the credentials saved at `path`, or make and save them. Raises SettingsError when the file is damaged."""
    try:
        return Credentials(**json.loads(path.read_text()))
    except FileNotFoundError:
        made = new_credentials()
        save(path, made)
        return made
    except (ValueError, TypeError):
        raise SettingsError(f"{path} is damaged: restore it, or delete its folder to start afresh") from None


def save(path: Path, credentials: Credentials) -> None:
    """Write the credentials so that only the owner can read them."""
    replace_text(path, json.dumps(dataclasses.asdict(credentials), indent=2) + "\n", _PRIVATE)


def write_dev_env(path: Path, values: Mapping[str, str]) -> None:
    """Write a file a shell can source: one ``export NAME='value'`` per line."""
    lines = ["# Written at every start. Source it, and every official SDK works: . " + path.name]
    lines += [f"export {name}='{_quoted(value)}'" for name, value in values.items()]
    replace_text(path, "\n".join(lines) + "\n", _PRIVATE)


def _quoted(value: str) -> str:
    return value.replace("'", "'\\''")


def dev_env(credentials: Credentials, url: str, media_port: int) -> dict[str, str]:
    """Return the variables of dev.env: what the cloudflare SDK, the LiveKit SDKs and curl need."""
    return {
        "PARLEY_URL": url,
        "PARLEY_MEDIA_PORT": str(media_port),
        "CLOUDFLARE_BASE_URL": f"{url}/client/v4",
        "CLOUDFLARE_API_TOKEN": credentials.api_token,
        "PARLEY_ACCOUNT_ID": credentials.account_id,
        "PARLEY_APP_ID": credentials.app_id,
        "LIVEKIT_URL": "ws" + url.removeprefix("http"),
        "LIVEKIT_API_KEY": credentials.api_key,
        "LIVEKIT_API_SECRET": credentials.api_secret,
    }
