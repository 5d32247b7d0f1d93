"""Stores of accounts, apps, presets, meetings and participants in memory, as tests/contract holds them to be."""

import dataclasses
import threading
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

from chalicelib.contract.ids import AccountId, AppId, MeetingId, ParticipantId, PresetId
from chalicelib.contract.limits import MAX_APPS
from chalicelib.domain.account import Account
from chalicelib.domain.app import ApiKey, App, KeyRing, ListedApiKey
from chalicelib.domain.meeting import Meeting, MeetingFilter
from chalicelib.domain.paging import Page, PageRequest, page_of
from chalicelib.domain.participant import Participant
from chalicelib.domain.preset import Preset, PresetName, PresetUse
from chalicelib.services.key_ports import Purge
from chalicelib.services.ports import ConditionFailed, Entrance

K = TypeVar("K")
V = TypeVar("V")


class _Rows(Generic[K, V]):
    """Rows with conditional writes, all or nothing."""

    def __init__(self) -> None:
        self.rows: dict[K, V] = {}
        self.lock = threading.RLock()

    def insert(self, rows: dict[K, V]) -> None:
        with self.lock:
            if rows.keys() & self.rows.keys():
                raise ConditionFailed
            self.rows.update(rows)


class FakeAccountStore:
    """AccountStore in memory."""

    def __init__(self) -> None:
        self._accounts = _Rows[str, Account]()
        self._tokens = _Rows[str, AccountId]()

    def add(self, account: Account, token_sha256: str) -> None:
        """See the port."""
        with self._accounts.lock:
            if account.id in self._accounts.rows:
                raise ConditionFailed
            self._tokens.insert({token_sha256: account.id})
            self._accounts.insert({account.id: account})

    def account_of_token(self, token_sha256: str) -> AccountId | None:
        """See the port."""
        return self._tokens.rows.get(token_sha256)


class FakePresetStore:
    """PresetStore in memory."""

    def __init__(self) -> None:
        self.rows = _Rows[tuple[AppId, str], Preset]()
        self.participants = _Rows[tuple[AppId, MeetingId, ParticipantId], Participant]()

    def add(self, preset: Preset) -> None:
        """See the port."""
        with self.rows.lock:
            if self.by_id(preset.app_id, preset.id):
                raise ConditionFailed
            self.rows.insert({(preset.app_id, preset.name): preset})

    def replace(self, preset: Preset, *, observed: Preset) -> None:
        """See the port."""
        with self.rows.lock:
            self._check(observed)
            if preset.name != observed.name and (preset.app_id, preset.name) in self.rows.rows:
                raise ConditionFailed
            del self.rows.rows[observed.app_id, observed.name]
            self.rows.rows[preset.app_id, preset.name] = preset

    def delete(self, observed: Preset) -> None:
        """See the port."""
        with self.rows.lock:
            self._check(observed)
            del self.rows.rows[observed.app_id, observed.name]

    def named(self, app_id: AppId, name: str) -> PresetName | None:
        """See the port."""
        return next((preset for preset in self.in_app(app_id) if preset.name == name), None)

    def by_id(self, app_id: AppId, preset_id: PresetId) -> Preset | None:
        """See the port."""
        found = (preset for (app, _), preset in self.rows.rows.items() if app == app_id)
        return next((preset for preset in found if preset.id == preset_id), None)

    def in_app(self, app_id: AppId) -> Iterator[PresetName]:
        """See the port."""
        found = [preset for (app, _), preset in self.rows.rows.items() if app == app_id]
        for preset in sorted(found, key=lambda preset: preset.name):
            yield PresetName(preset.id, preset.name, preset.created_at_ms, preset.updated_at_ms)

    def uses(self, app_id: AppId, preset_id: PresetId) -> Iterator[PresetUse]:
        """See the port."""
        for one in list(self.participants.rows.values()):
            if (one.app_id, one.preset_id) == (app_id, preset_id):
                yield PresetUse(one.meeting_id, one.id, one.custom_participant_id)

    def _check(self, observed: Preset) -> None:
        stored = self.by_id(observed.app_id, observed.id)
        if stored is None or stored.version != observed.version:
            raise ConditionFailed


class FakeAppStore:
    """AppStore in memory; it writes presets too, as the real one does."""

    def __init__(self, presets: FakePresetStore) -> None:
        self._presets = presets
        self._apps = _Rows[tuple[AccountId, AppId], App]()
        self._keys = _Rows[str, ApiKey]()
        self.rings: dict[AppId, KeyRing] = {}
        self.purges: list[Purge] = []

    def add(self, app: App, presets: tuple[Preset, ...], key: ApiKey) -> None:
        """See the port."""
        with self._apps.lock:
            mine = list(self.in_account(app.account_id, newest_first=False))
            if len(mine) >= MAX_APPS or app.name in {one.name for one in mine}:
                raise ConditionFailed
            if (app.account_id, app.id) in self._apps.rows or key.key in self._keys.rows:
                raise ConditionFailed
            self._presets.rows.insert({(app.id, preset.name): preset for preset in presets})
            self._apps.insert({(app.account_id, app.id): app})
            self._keys.insert({key.key: key})
            self.rings[app.id] = KeyRing((_listed(key),), 1)

    def replace(self, app: App, *, observed: App) -> None:
        """See the port."""
        with self._apps.lock:
            stored = self.get(observed.account_id, observed.id)
            others = {one.name for one in self.in_account(app.account_id, newest_first=False) if one.id != app.id}
            if stored is None or stored.name != observed.name or app.name in others:
                raise ConditionFailed
            self._apps.rows[(app.account_id, app.id)] = app

    def delete(self, app: App, ring: KeyRing) -> None:
        """See the port."""
        with self._apps.lock:
            if (app.account_id, app.id) not in self._apps.rows or self.rings.get(app.id, KeyRing()) != ring:
                raise ConditionFailed
            del self._apps.rows[(app.account_id, app.id)]
            for key in ring.keys:
                del self._keys.rows[key.key]
            self.rings.pop(app.id, None)
            self.purges.append(Purge(app.id))

    def get(self, account_id: AccountId, app_id: AppId) -> App | None:
        """See the port."""
        return self._apps.rows.get((account_id, app_id))

    def in_account(self, account_id: AccountId, *, newest_first: bool) -> Iterator[App]:
        """See the port."""
        found = [app for (account, _), app in self._apps.rows.items() if account == account_id]
        yield from sorted(found, key=lambda app: app.id, reverse=newest_first)

    def api_key(self, key: str) -> ApiKey | None:
        """See the port."""
        return self._keys.rows.get(key)

    @property
    def pairs(self) -> dict[str, ApiKey]:
        """Every key pair by its public half."""
        return self._keys.rows


class FakeApiKeyStore:
    """ApiKeyStore in memory, over the key pairs of a FakeAppStore."""

    def __init__(self, apps: FakeAppStore) -> None:
        self._apps = apps

    def ring(self, app_id: AppId) -> KeyRing:
        """See the port."""
        return self._apps.rings.get(app_id, KeyRing())

    def change(
        self,
        app_id: AppId,
        observed: KeyRing,
        *,
        add: ApiKey | None = None,
        expire: tuple[str, int] | None = None,
        remove: tuple[str, ...] = (),
    ) -> None:
        """See the port."""
        pairs = self._apps.pairs
        if self.ring(app_id).version != observed.version or (expire and expire[0] not in pairs):
            raise ConditionFailed
        if add is not None:
            pairs[add.key] = add
        if expire is not None:
            pairs[expire[0]] = dataclasses.replace(pairs[expire[0]], expires_at_ms=expire[1])
        for key in remove:
            pairs.pop(key, None)
        mine = sorted((pair.created_at_ms, pair.key) for pair in pairs.values() if pair.app_id == app_id)
        self._apps.rings[app_id] = KeyRing(tuple(_listed(pairs[key]) for _, key in mine), observed.version + 1)


class FakePurgeStore:
    """PurgeStore in memory: it knows what to purge, and finds nothing to remove."""

    def __init__(self, *noted: list[Purge]) -> None:
        self._noted = noted

    def pending(self) -> Iterator[Purge]:
        """See the port."""
        yield from [purge for notes in self._noted for purge in notes]

    def clear(self, purge: Purge, limit: int) -> int:
        """See the port."""
        return 0

    def done(self, purge: Purge) -> None:
        """See the port."""
        for notes in self._noted:
            if purge in notes:
                notes.remove(purge)


def _listed(key: ApiKey) -> ListedApiKey:
    return ListedApiKey(key.key, key.name, key.created_at_ms, key.expires_at_ms)


class FakeMeetingStore:
    """MeetingStore in memory."""

    def __init__(self) -> None:
        self.purges: list[Purge] = []
        self._rows = _Rows[tuple[AppId, MeetingId], Meeting]()

    def add(self, meeting: Meeting) -> None:
        """See the port."""
        with self._rows.lock:
            if meeting.room.name and self.by_room_name(meeting.app_id, meeting.room.name):
                raise ConditionFailed
            self._rows.insert({(meeting.app_id, meeting.id): meeting})

    def get(self, app_id: AppId, meeting_id: MeetingId) -> Meeting | None:
        """See the port."""
        return self._rows.rows.get((app_id, meeting_id))

    def by_room_name(self, app_id: AppId, name: str) -> Meeting | None:
        """See the port."""
        return next((one for one in self.newest_first(app_id) if one.room.name == name), None)

    def get_many(self, app_id: AppId, meeting_ids: Sequence[MeetingId]) -> dict[MeetingId, Meeting]:
        """See the port."""
        found = (self.get(app_id, meeting_id) for meeting_id in meeting_ids)
        return {meeting.id: meeting for meeting in found if meeting is not None}

    def replace(self, meeting: Meeting, *, observed: Meeting) -> None:
        """See the port."""
        with self._rows.lock:
            self._check(observed)
            self._rows.rows[(meeting.app_id, meeting.id)] = meeting

    def delete(self, observed: Meeting) -> None:
        """See the port."""
        with self._rows.lock:
            self._check(observed)
            del self._rows.rows[(observed.app_id, observed.id)]
            self.purges.append(Purge(observed.app_id, observed.id))

    def page(self, app_id: AppId, wanted: MeetingFilter, request: PageRequest) -> Page[Meeting]:
        """See the port."""
        found = list(self.newest_first(app_id))
        return page_of(found if wanted.descending else found[::-1], request, wanted.accepts)

    def _check(self, observed: Meeting) -> None:
        stored = self.get(observed.app_id, observed.id)
        if stored is None or stored.version != observed.version:
            raise ConditionFailed

    def newest_first(self, app_id: AppId) -> Iterator[Meeting]:
        """See the port."""
        found = [meeting for (app, _), meeting in self._rows.rows.items() if app == app_id]
        yield from sorted(found, key=lambda meeting: meeting.id, reverse=True)


class FakeParticipantStore:
    """ParticipantStore in memory."""

    def __init__(self) -> None:
        self.meetings, self.presets = FakeMeetingStore(), FakePresetStore()
        self.rows = self._rows = _Rows[tuple[AppId, MeetingId, ParticipantId], Participant]()

    def add(self, participant: Participant) -> None:
        """See the port."""
        home = participant.app_id, participant.meeting_id
        with self._rows.lock:
            if self.by_custom_id(*home, participant.custom_participant_id):
                raise ConditionFailed
            self._rows.insert({(*home, participant.id): participant})

    def replace(
        self, participant: Participant, *, observed_version: int, observed_preset: PresetId | None = None
    ) -> None:
        """See the port."""
        with self._rows.lock:
            stored = self.get(participant.app_id, participant.meeting_id, participant.id)
            if stored is None or stored.version != observed_version:
                raise ConditionFailed
            self._rows.rows[(participant.app_id, participant.meeting_id, participant.id)] = participant

    def get(self, app_id: AppId, meeting_id: MeetingId, participant_id: ParticipantId) -> Participant | None:
        """See the port."""
        return self._rows.rows.get((app_id, meeting_id, participant_id))

    def by_custom_id(self, app_id: AppId, meeting_id: MeetingId, custom_participant_id: str) -> Participant | None:
        """See the port."""
        people = self.newest_first(app_id, meeting_id)
        return next((one for one in people if one.custom_participant_id == custom_participant_id), None)

    def delete(self, participant: Participant) -> None:
        """See the port."""
        with self._rows.lock:
            if self._rows.rows.pop((participant.app_id, participant.meeting_id, participant.id), None) is None:
                raise ConditionFailed

    def entrance(self, app_id: AppId, meeting_id: MeetingId, custom_participant_id: str, preset_name: str) -> Entrance:
        """See the port."""
        return Entrance(
            self.meetings.get(app_id, meeting_id),
            self.presets.named(app_id, preset_name),
            self.by_custom_id(app_id, meeting_id, custom_participant_id),
        )

    def page(self, app_id: AppId, meeting_id: MeetingId, request: PageRequest) -> Page[Participant]:
        """See the port."""
        return page_of(self.newest_first(app_id, meeting_id), request)

    def newest_first(self, app_id: AppId, meeting_id: MeetingId) -> Iterator[Participant]:
        """See the port."""
        with self._rows.lock:
            found = [row for key, row in self._rows.rows.items() if key[:2] == (app_id, meeting_id)]
        yield from sorted(found, key=lambda participant: participant.id, reverse=True)


@dataclasses.dataclass
class ResourceStores:
    """One set of the five stores over the same rows."""

    presets: FakePresetStore = dataclasses.field(default_factory=FakePresetStore)
    accounts: FakeAccountStore = dataclasses.field(default_factory=FakeAccountStore)
    meetings: FakeMeetingStore = dataclasses.field(default_factory=FakeMeetingStore)
    participants: FakeParticipantStore = dataclasses.field(default_factory=FakeParticipantStore)

    def __post_init__(self) -> None:
        self.apps = FakeAppStore(self.presets)
        self.presets.participants = self.participants.rows
        self.participants.meetings, self.participants.presets = self.meetings, self.presets
