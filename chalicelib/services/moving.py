"""Making those who are in one meeting participants of another, for their clients to be sent there."""

from collections.abc import Sequence

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.node_commands import LivePeer
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.participant import Participant
from chalicelib.domain.preset import PresetName
from chalicelib.domain.session import Session
from chalicelib.domain.waiting_room import Decision, known_at_the_door
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.meeting_epoch import epoch_of
from chalicelib.services.meetings import get_meeting
from chalicelib.services.participants import issue_token, preset_named, put_participant

MAX_MOVED = 100  # each takes two or three requests to the database, and an answer 29 s at most


def tokens_elsewhere(
    deps: Dependencies, session: Session, peers: Sequence[LivePeer], to_meeting_id: str, preset_name: str | None
) -> list[str]:
    """Return a token of the other meeting for each peer, whose participants are made or changed there.

    Raises ParleyError MEETING_NOT_FOUND, MEETING_INACTIVE, UNKNOWN_PRESET, INVALID_FIELD or BUSY.
    """
    if len(peers) > MAX_MOVED:
        raise ParleyError(ErrorId.INVALID_FIELD, f"at most {MAX_MOVED} participants move at a time")
    meeting = get_meeting(deps, session.app_id, to_meeting_id)
    if meeting.id == session.meeting_id:
        raise ParleyError(ErrorId.INVALID_FIELD, "they are in this meeting already")
    if not meeting.is_open:
        raise ParleyError(ErrorId.MEETING_INACTIVE, "the other meeting is inactive")
    preset = None if preset_name is None else preset_named(deps, session.app_id, preset_name)
    there = [_put(deps, session, peer, meeting, preset) for peer in peers]
    _let_in(deps, meeting, there)
    # Somebody who came with a LiveKit token has no preset: what that token granted goes along in the new one.
    grants = [None if each.preset_name else peer.grants for each, peer in zip(there, peers, strict=True)]
    both = zip(there, grants, strict=True)
    return [issue_token(deps, session.account_id, each, grants=given).text for each, given in both]


def _let_in(deps: Dependencies, meeting: Meeting, moved: Sequence[Participant]) -> None:
    """Whoever is sent to a meeting does not wait at its door."""
    epoch, now_ms = epoch_of(deps, meeting), deps.now_ms()
    deps.waiting_room.decide([known_at_the_door(each, epoch, Decision.ADMITTED, now_ms) for each in moved])


def _put(
    deps: Dependencies, session: Session, peer: LivePeer, meeting: Meeting, preset: PresetName | None
) -> Participant:
    here = deps.participants.get(session.app_id, session.meeting_id, peer.participant_id)
    fields = {"preset_name": here.preset_name if here else "", "preset_id": here.preset_id if here else ""}
    if preset is not None:
        fields = {"preset_name": preset.name, "preset_id": preset.id}
    profile = {"name": peer.name or None, "picture": here.picture if here else None}
    return put_participant(deps, session.app_id, meeting.id, peer.identity, {**profile, **fields})
