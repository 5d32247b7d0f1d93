"""Participants in DynamoDB: the participant, and the claim on its custom id that makes it unique in the meeting."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.contract.ids import AppId, MeetingId, ParticipantId, PresetId
from chalicelib.domain.paging import Page, PageRequest, page_at
from chalicelib.domain.participant import Participant
from chalicelib.services.ports import Entrance, Key
from chalicelib.stores import table
from chalicelib.stores.counted_list import Change, Slice, read_slice, write_counted
from chalicelib.stores.meeting_lists import place_of_participants
from chalicelib.stores.meeting_store import MeetingItem, meeting_key, meeting_of
from chalicelib.stores.preset_store import (
    PresetNameItem,
    PresetUseItem,
    preset_name_key,
    preset_name_of,
    preset_use_key,
)


class ParticipantItem(table.Item, discriminator="participant"):
    """``MTG#{app}#{meeting}`` / ``PART#{id}``."""

    app_id = UnicodeAttribute()
    meeting_id = UnicodeAttribute()
    participant_id = UnicodeAttribute()
    custom_participant_id = UnicodeAttribute()
    preset_name = UnicodeAttribute()
    preset_id = UnicodeAttribute()
    name = UnicodeAttribute(null=True)
    picture = UnicodeAttribute(null=True)
    token_generation = NumberAttribute()
    created_at_ms = NumberAttribute()
    updated_at_ms = NumberAttribute()
    version = NumberAttribute()


class CustomIdItem(table.Item, discriminator="custom_id"):
    """``MTG#{app}#{meeting}`` / ``CUSTOM#{custom_participant_id}``."""

    participant_id = UnicodeAttribute()


def participant_key(app_id: AppId, meeting_id: MeetingId, participant_id: ParticipantId) -> Key:
    """Return the key of a participant."""
    return f"MTG#{app_id}#{meeting_id}", f"PART#{participant_id}"


def custom_id_key(app_id: AppId, meeting_id: MeetingId, custom_participant_id: str) -> Key:
    """Return the key of the claim on a custom id; one too long for a sort key (1,024 bytes) is there as its hash."""
    raw = custom_participant_id.encode()
    claim = f"CUSTOM#{custom_participant_id}" if len(raw) <= 900 else f"CUSTOMHASH#{hashlib.sha256(raw).hexdigest()}"
    return f"MTG#{app_id}#{meeting_id}", claim


def participant_of(item: ParticipantItem) -> Participant:
    """Return the domain object of an item."""
    return Participant(
        id=ParticipantId(item.participant_id),
        app_id=AppId(item.app_id),
        meeting_id=MeetingId(item.meeting_id),
        custom_participant_id=item.custom_participant_id,
        preset_name=item.preset_name,
        preset_id=PresetId(item.preset_id),
        created_at_ms=int(item.created_at_ms),
        updated_at_ms=int(item.updated_at_ms),
        name=item.name,
        picture=item.picture,
        token_generation=int(item.token_generation),
        version=int(item.version),
    )


def _item(participant: Participant) -> ParticipantItem:
    return ParticipantItem(
        *participant_key(participant.app_id, participant.meeting_id, participant.id),
        app_id=participant.app_id,
        meeting_id=participant.meeting_id,
        participant_id=participant.id,
        custom_participant_id=participant.custom_participant_id,
        preset_name=participant.preset_name,
        preset_id=participant.preset_id,
        name=participant.name,
        picture=participant.picture,
        token_generation=participant.token_generation,
        created_at_ms=participant.created_at_ms,
        updated_at_ms=participant.updated_at_ms,
        version=participant.version,
    )


def _claim(participant: Participant) -> CustomIdItem:
    key = custom_id_key(participant.app_id, participant.meeting_id, participant.custom_participant_id)
    return CustomIdItem(*key, participant_id=participant.id)


def _use(participant: Participant) -> PresetUseItem:
    key = preset_use_key(participant.app_id, participant.preset_id, participant.meeting_id, participant.id)
    return PresetUseItem(
        *key,
        meeting_id=participant.meeting_id,
        participant_id=participant.id,
        custom_participant_id=participant.custom_participant_id,
    )


class DynamoParticipantStore:
    """The ParticipantStore of the real system."""

    def add(self, participant: Participant) -> None:
        """Store a new participant. Raises ConditionFailed when the id or the custom participant id is taken."""

        def fill(write: table.Transaction) -> None:
            write.save(_item(participant), condition=ParticipantItem.pk.does_not_exist())
            write.save(_claim(participant), condition=CustomIdItem.pk.does_not_exist())
            if participant.preset_id:
                write.save(_use(participant))

        place = place_of_participants(participant.app_id, participant.meeting_id)
        write_counted([Change(place, participant.id, 1)], fill)

    def replace(
        self, participant: Participant, *, observed_version: int, observed_preset: PresetId | None = None
    ) -> None:
        """Overwrite a participant still at `observed_version`. Raises ConditionFailed when it is not, or is gone."""
        if observed_preset is None or observed_preset == participant.preset_id:
            table.save(_item(participant), ParticipantItem.version == observed_version)
            return
        with table.transaction() as write:
            write.save(_item(participant), condition=ParticipantItem.version == observed_version)
            write.delete(_use(replace(participant, preset_id=observed_preset)))
            if participant.preset_id:
                write.save(_use(participant))

    def get(self, app_id: AppId, meeting_id: MeetingId, participant_id: ParticipantId) -> Participant | None:
        """Return a participant of this meeting, or None."""
        item = table.get(ParticipantItem, *participant_key(app_id, meeting_id, participant_id))
        return participant_of(item) if item else None

    def by_custom_id(self, app_id: AppId, meeting_id: MeetingId, custom_participant_id: str) -> Participant | None:
        """Return the participant with this custom id, or None."""
        claim = table.get(CustomIdItem, *custom_id_key(app_id, meeting_id, custom_participant_id))
        return self.get(app_id, meeting_id, ParticipantId(claim.participant_id)) if claim else None

    def delete(self, participant: Participant) -> None:
        """Remove a participant and the claim on its custom id. Raises ConditionFailed when it is gone already."""

        def fill(write: table.Transaction) -> None:
            write.delete(_item(participant), condition=ParticipantItem.pk.exists())
            write.delete(_claim(participant), condition=CustomIdItem.participant_id == participant.id)
            write.delete(_use(participant))

        place = place_of_participants(participant.app_id, participant.meeting_id)
        write_counted([Change(place, participant.id, -1)], fill)

    def entrance(self, app_id: AppId, meeting_id: MeetingId, custom_participant_id: str, preset_name: str) -> Entrance:
        """Read what adding a participant needs, in one request; one more when the custom id is taken."""
        keys = {
            MeetingItem: meeting_key(app_id, meeting_id),
            PresetNameItem: preset_name_key(app_id, preset_name),
            CustomIdItem: custom_id_key(app_id, meeting_id, custom_participant_id),
        }
        found = table.get_many(keys.values())
        meeting, preset = found.get(keys[MeetingItem]), found.get(keys[PresetNameItem])
        claim = found.get(keys[CustomIdItem])
        taken_by = ParticipantId(claim.participant_id) if isinstance(claim, CustomIdItem) else None
        return Entrance(
            meeting=meeting_of(meeting) if isinstance(meeting, MeetingItem) else None,
            preset=preset_name_of(preset) if isinstance(preset, PresetNameItem) else None,
            participant=self.get(app_id, meeting_id, taken_by) if taken_by else None,
        )

    def page(self, app_id: AppId, meeting_id: MeetingId, request: PageRequest) -> Page[Participant]:
        """Return a page of the meeting's participants, newest first."""
        offset = (request.page_no - 1) * request.per_page
        rows, total = read_slice(place_of_participants(app_id, meeting_id), Slice(offset, request.per_page))
        return page_at(offset, [participant_of(ParticipantItem.from_raw_data(row)) for row in rows], total)

    def newest_first(self, app_id: AppId, meeting_id: MeetingId) -> Iterator[Participant]:
        """Yield the meeting's participants, reading only as far as it is iterated."""
        for item in table.query(ParticipantItem, f"MTG#{app_id}#{meeting_id}", "PART#", newest_first=True):
            yield participant_of(item)
