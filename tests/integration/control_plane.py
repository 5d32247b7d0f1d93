"""The real control plane for tests: the Chalice app over HTTP, on a local database, with one account and one app."""

import base64
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from cloudflare import Cloudflare

import app as composition
from chalicelib.services.accounts import create_account
from chalicelib.services.apps import NewApp, create_app
from chalicelib.services.dependencies import Dependencies
from infra.local.http_server import HttpServer
from tests.local_database import bound_table, local_database

NODE_SECRET = "node-secret-of-the-tests"


@dataclass(frozen=True)
class ControlPlane:
    """A running control plane and the credentials of one account in it."""

    url: str
    account_id: str
    api_token: str
    app: NewApp
    deps: Dependencies

    @property
    def app_id(self) -> str:
        """The app's id."""
        return self.app.app.id

    def sdk(self, api_token: str | None = None) -> Cloudflare:
        """Return the official SDK, strict about what it is answered, without retries."""
        return Cloudflare(
            base_url=f"{self.url}/client/v4",
            api_token=api_token or self.api_token,
            max_retries=0,
            _strict_response_validation=True,
        )


@contextmanager
def running_control_plane() -> Iterator[ControlPlane]:
    """Start everything on free ports, yield it, stop it."""
    with local_database(), bound_table() as table_name, pytest.MonkeyPatch.context() as patch:
        settings = {
            "PARLEY_TABLE": table_name,
            "PARLEY_STAGE": "test",
            "PARLEY_SIGNING_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("="),
            "PARLEY_NODE_SECRET": NODE_SECRET,
            "PARLEY_QUEUE_URL": os.environ.get("PARLEY_QUEUE_URL", ""),
            "POWERTOOLS_METRICS_NAMESPACE": "Parley",
        }
        for name, value in settings.items():
            patch.setenv(name, value)
        composition._dependencies.cache_clear()
        deps = composition.dependencies()
        account = create_account(deps, "test account")
        made = create_app(deps, account.account.id, "dev")
        with HttpServer(composition.app) as server:
            yield ControlPlane(server.url, account.account.id, account.api_token, made, deps)
        composition._dependencies.cache_clear()
