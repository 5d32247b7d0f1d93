"""What the use cases need from the outside world: small protocols, and the errors their implementations raise.

No implementation is here. The real ones are in ``chalicelib/stores``, the fakes in ``tests/fakes``; both pass the same
tests in ``tests/contract``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from chalicelib.contract.ids import AccountId, AppId, MeetingId, ParticipantId, PresetId
from chalicelib.domain.account import Account
from chalicelib.domain.app import ApiKey, App, KeyRing
from chalicelib.domain.meeting import Meeting, MeetingFilter
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.participant import Participant
from chalicelib.domain.preset import Preset, PresetName, PresetUse

Key = tuple[str, str]


class ConditionFailed(Exception):
    """A conditional write did not hold and nothing was written; `keys` are the (pk, sk) whose condition failed."""

    def __init__(self, keys: tuple[Key, ...] = ()) -> None:
        super().__init__(f"condition failed on {keys}")
        self.keys = keys


class Contention(Exception):
    """Another transaction held an item, or the table throttled: nothing was written, the call may be repeated."""


class StoreUnavailable(Exception):
    """The database did not answer, or answered with an error of its own: a write may or may not have happened."""


class AccountStore(Protocol):
    """Accounts and their API tokens. A token is only ever seen as its SHA-256 in hex."""

    def add(self, account: Account, token_sha256: str) -> None:
        """Store an account with its first API token. Raises ConditionFailed when either exists."""
        ...

    def account_of_token(self, token_sha256: str) -> AccountId | None:
        """Return the account an API token belongs to, or None."""
        ...


class AppStore(Protocol):
    """Apps. Names are unique in an account."""

    def add(self, app: App, presets: tuple[Preset, ...], key: ApiKey) -> None:
        """Store an app, its first presets and its first key pair, all or nothing.

        Raises ConditionFailed when an id or the name is taken, or the account has MAX_APPS apps.
        """
        ...

    def get(self, account_id: AccountId, app_id: AppId) -> App | None:
        """Return an app of this account, or None."""
        ...

    def replace(self, app: App, *, observed: App) -> None:
        """Write the name and settings of an app whose name is still as observed.

        Raises ConditionFailed when it is not, or when another app of the account has the new name.
        """
        ...

    def delete(self, app: App, ring: KeyRing) -> None:
        """Remove an app with its key pairs and free its name; what else belongs to it is to be purged.

        Raises ConditionFailed when the app is gone or has meetings, or when the ring is not as observed.
        """
        ...

    def in_account(self, account_id: AccountId, *, newest_first: bool) -> Iterator[App]:
        """Yield the account's apps by creation time, reading only as far as it is iterated."""
        ...

    def api_key(self, key: str) -> ApiKey | None:
        """Return an API key pair by its public half, or None."""
        ...


class MeetingStore(Protocol):
    """Meetings."""

    def add(self, meeting: Meeting) -> None:
        """Store a new meeting. Raises ConditionFailed when its id exists or its room's name is taken."""
        ...

    def get(self, app_id: AppId, meeting_id: MeetingId) -> Meeting | None:
        """Return a meeting of this app, or None."""
        ...

    def by_room_name(self, app_id: AppId, name: str) -> Meeting | None:
        """Return the meeting with this unique name, or None."""
        ...

    def get_many(self, app_id: AppId, meeting_ids: Sequence[MeetingId]) -> dict[MeetingId, Meeting]:
        """Return those of the meetings that there are."""
        ...

    def replace(self, meeting: Meeting, *, observed: Meeting) -> None:
        """Overwrite a meeting that is still as `observed`. Raises ConditionFailed when it is not."""
        ...

    def delete(self, observed: Meeting) -> None:
        """Remove a meeting that is still as `observed`, and its room's name. Raises ConditionFailed when it is not."""
        ...

    def page(self, app_id: AppId, wanted: MeetingFilter, request: PageRequest) -> Page[Meeting]:
        """Return a page of the app's meetings that the filter accepts, by time of creation."""
        ...

    def newest_first(self, app_id: AppId) -> Iterator[Meeting]:
        """Yield the app's meetings, reading only as far as it is iterated."""
        ...


class PresetStore(Protocol):
    """Presets. A name is unique within an app. Participants hold the id of theirs, so a name may change."""

    def add(self, preset: Preset) -> None:
        """Store a new preset. Raises ConditionFailed when its id or its name is taken."""
        ...

    def replace(self, preset: Preset, *, observed: Preset) -> None:
        """Overwrite a preset as it was observed. Raises ConditionFailed when it is not, or when a new name is taken."""
        ...

    def delete(self, observed: Preset) -> None:
        """Remove a preset as it was observed. Raises ConditionFailed when it is not."""
        ...

    def named(self, app_id: AppId, name: str) -> PresetName | None:
        """Return which preset has this name, or None."""
        ...

    def by_id(self, app_id: AppId, preset_id: PresetId) -> Preset | None:
        """Return the preset with this id, or None."""
        ...

    def in_app(self, app_id: AppId) -> Iterator[PresetName]:
        """Yield the app's presets by name."""
        ...

    def uses(self, app_id: AppId, preset_id: PresetId) -> Iterator[PresetUse]:
        """Yield the participants who have this preset, reading only as far as it is iterated."""
        ...


@dataclass(frozen=True, slots=True)
class Entrance:
    """What adding a participant depends on; what is absent is None."""

    meeting: Meeting | None
    preset: PresetName | None
    participant: Participant | None


class ParticipantStore(Protocol):
    """Participants of meetings. `custom_participant_id` is unique within a meeting."""

    def add(self, participant: Participant) -> None:
        """Store a new participant. Raises ConditionFailed when the id or the custom participant id is taken."""
        ...

    def replace(
        self, participant: Participant, *, observed_version: int, observed_preset: PresetId | None = None
    ) -> None:
        """Overwrite a participant still at `observed_version`, `observed_preset` being the one it had if that changes.

        Raises ConditionFailed when it is not, or is gone.
        """
        ...

    def get(self, app_id: AppId, meeting_id: MeetingId, participant_id: ParticipantId) -> Participant | None:
        """Return a participant of this meeting, or None."""
        ...

    def by_custom_id(self, app_id: AppId, meeting_id: MeetingId, custom_participant_id: str) -> Participant | None:
        """Return the participant with this custom id, or None."""
        ...

    def delete(self, participant: Participant) -> None:
        """Remove a participant and the claim on its custom id. Raises ConditionFailed when it is gone already."""
        ...

    def entrance(self, app_id: AppId, meeting_id: MeetingId, custom_participant_id: str, preset_name: str) -> Entrance:
        """Read what adding a participant needs, in one request; one more when the custom id is taken."""
        ...

    def page(self, app_id: AppId, meeting_id: MeetingId, request: PageRequest) -> Page[Participant]:
        """Return a page of the meeting's participants, newest first."""
        ...

    def newest_first(self, app_id: AppId, meeting_id: MeetingId) -> Iterator[Participant]:
        """Yield the meeting's participants, reading only as far as it is iterated."""
        ...
