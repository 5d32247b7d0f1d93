"""Apps: isolated workspaces of an account (staging, production), and their API key pairs."""

from dataclasses import dataclass, field

from chalicelib.contract.ids import AccountId, AppId


@dataclass(frozen=True, slots=True)
class App:
    """A workspace; everything else belongs to one. `created_at_ms` is ms since 1970 UTC."""

    id: AppId
    account_id: AccountId
    name: str
    created_at_ms: int


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key pair that signs LiveKit tokens (HS256), which is why the secret is kept in clear."""

    key: str
    secret: str = field(repr=False)
    app_id: AppId
    account_id: AccountId
    created_at_ms: int
