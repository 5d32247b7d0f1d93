"""Apps: isolated workspaces of an account (staging, production), and their API key pairs."""

from dataclasses import dataclass, field

from chalicelib.contract.ids import AccountId, AppId


@dataclass(frozen=True, slots=True)
class App:
    """A workspace; everything else belongs to one. `created_at_ms` is ms since 1970 UTC.

    `auto_create_rooms`: whether a LiveKit token makes the room it names, if there is none yet.
    """

    id: AppId
    account_id: AccountId
    name: str
    created_at_ms: int
    auto_create_rooms: bool = True


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key pair that signs LiveKit tokens (HS256), which is why the secret is kept in clear.

    It is good until `expires_at_ms`, for ever when that is None.
    """

    key: str
    secret: str = field(repr=False)
    app_id: AppId
    account_id: AccountId
    created_at_ms: int
    name: str = ""
    expires_at_ms: int | None = None

    def is_good(self, now_ms: int) -> bool:
        """Tell whether tokens that it signed are taken."""
        return self.expires_at_ms is None or now_ms < self.expires_at_ms


@dataclass(frozen=True, slots=True)
class ListedApiKey:
    """An API key pair as it is listed, without its secret; times are ms since 1970 UTC."""

    key: str
    name: str
    created_at_ms: int
    expires_at_ms: int | None = None

    def is_good(self, now_ms: int) -> bool:
        """Tell whether tokens that it signed are taken."""
        return self.expires_at_ms is None or now_ms < self.expires_at_ms


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The key pairs of an app, the oldest first; `version` grows with every change."""

    keys: tuple[ListedApiKey, ...] = ()
    version: int = 0

    def find(self, key: str) -> ListedApiKey | None:
        """Return a key pair of this app, or None."""
        return next((one for one in self.keys if one.key == key), None)
