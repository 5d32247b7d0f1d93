"""Admission: who a token lets in, into which session, on which node. The first peer makes the session.

With a participant token: two consistent batch reads and one transaction. docs/node-protocol.md has the exchange,
guests.py says whom a token stands for.
"""

from dataclasses import dataclass

from chalicelib import telemetry
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.grants import Grants
from chalicelib.contract.ids import NodeId, ParticipantId, SessionId, is_uuid, uuid7
from chalicelib.contract.limits import MAX_NAME_CHARS
from chalicelib.contract.node_messages import Admission, AdmissionAnswer, AdmissionRequest, OwnedElsewhere
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.node import Node, lease_is_over
from chalicelib.domain.participant import Participant
from chalicelib.domain.peer import Peer
from chalicelib.domain.preset import grants_of
from chalicelib.domain.room import RoomSettings
from chalicelib.domain.session import ActivePointer, Session, SessionStatus, ending_of
from chalicelib.domain.waiting_room import is_host
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.guests import Guest, guest_of
from chalicelib.services.ports import ConditionFailed
from chalicelib.services.retrying import until_it_holds
from chalicelib.services.session_end import end_if_over
from chalicelib.services.session_ports import Doorway, Inside
from chalicelib.services.waiting_room import ask_at_the_door


@dataclass(frozen=True, slots=True)
class _Entry:
    """A peer at the door: everything about it that is known before the session is."""

    request: AdmissionRequest
    guest: Guest
    meeting: Meeting
    participant: Participant
    node: Node


def admit(deps: Dependencies, node_id: NodeId, request: AdmissionRequest) -> AdmissionAnswer:
    """Let the bearer of a token into its meeting's session on this node, or say which node owns the session.

    The same `peer_id` again gets the same answer and counts once. Raises ParleyError TOKEN_*, MEETING_*,
    NODE_NOT_REGISTERED, NO_NODE_AVAILABLE, ALREADY_EXISTS, NOT_ALLOWED, UNKNOWN_PRESET,
    WAITING_FOR_ADMISSION, NOT_ADMITTED or BUSY.
    """
    if not is_uuid(request.peer_id):
        raise ParleyError(ErrorId.INVALID_FIELD, "peer_id must be a UUID", "/peer_id")
    guest = guest_of(deps, request.token, make=not request.check_only)
    if guest.participant_id is None:
        return _check_newcomer(deps, node_id, request, guest)

    def attempt() -> AdmissionAnswer:
        return _attempt(deps, node_id, request, guest)

    return until_it_holds(attempt, deps.entropy, deps.sleep)


def _attempt(deps: Dependencies, node_id: NodeId, request: AdmissionRequest, guest: Guest) -> AdmissionAnswer:
    assert guest.participant_id is not None
    door = deps.sessions.doorway(guest.app_id, guest.meeting_id, guest.participant_id, node_id)
    entry = _entry(deps, door, request, guest)
    preset_id = entry.participant.preset_id if guest.grants is None else None
    inside = deps.sessions.inside(guest.app_id, door.pointer, preset_id, request.peer_id)
    grants = _grants(guest, inside)
    if request.check_only:
        _pass_the_door(deps, door, entry, inside, _alive(deps, inside))
        return _checked(deps, entry.meeting, inside, entry.participant.id)
    session = _living(deps, inside)
    host = _pass_the_door(deps, door, entry, inside, session)
    if session is None:
        session = _begin(deps, entry, door.pointer, host=host)
    elif session.owner_node_id != node_id:
        assert inside.owner is not None, "a session without an owner's record is over"
        return AdmissionAnswer(owned_elsewhere=OwnedElsewhere(inside.owner.node_id, inside.owner.url))
    elif inside.peer is None:
        most = _most(deps, entry.meeting, session, entry.participant.id)
        deps.sessions.add_peer(session, _peer(entry, session.session_id, deps.now_ms()), most, host=host)
    else:
        _check_repeated(inside.peer, entry)
    return AdmissionAnswer(admission=_admission(entry, session, grants))


def _entry(deps: Dependencies, door: Doorway, request: AdmissionRequest, guest: Guest) -> _Entry:
    if door.node is None or door.node.gone_at_ms is not None:
        raise ParleyError(ErrorId.NODE_NOT_REGISTERED, "register this node first")
    if lease_is_over(door.node, deps.now_ms()):
        # Not "not registered": that would make a node that was cut off for a moment drop its calls.
        raise ParleyError(ErrorId.BUSY, "this node's heartbeats are late")
    if door.meeting is None:
        raise ParleyError(ErrorId.MEETING_NOT_FOUND, "no such meeting")
    if not door.meeting.is_open:
        raise ParleyError(ErrorId.MEETING_INACTIVE, "the meeting is inactive")
    participant = door.participant
    if participant is None or participant.token_generation > guest.generation:
        raise ParleyError(ErrorId.TOKEN_REVOKED, "the token was revoked")
    return _Entry(request, guest, door.meeting, participant, door.node)


def _grants(guest: Guest, inside: Inside) -> Grants:
    if guest.grants is not None:
        return guest.grants
    if inside.preset is None:
        raise ParleyError(ErrorId.UNKNOWN_PRESET, "the participant's preset does not exist any more")
    return grants_of(inside.preset)


def _check_newcomer(deps: Dependencies, node_id: NodeId, request: AdmissionRequest, guest: Guest) -> AdmissionAnswer:
    """Answer a check for somebody whom a join would make a participant, in a meeting that it may have to make too."""
    door = deps.sessions.doorway(guest.app_id, guest.meeting_id, None, node_id)
    if door.meeting is None:
        return AdmissionAnswer()
    inside = deps.sessions.inside(guest.app_id, door.pointer, None, request.peer_id)
    return _checked(deps, door.meeting, inside, None)


def _checked(
    deps: Dependencies, meeting: Meeting, inside: Inside, participant_id: ParticipantId | None
) -> AdmissionAnswer:
    session = _alive(deps, inside)
    if session is not None:
        _most(deps, meeting, session, participant_id)
    return AdmissionAnswer()


def _pass_the_door(deps: Dependencies, door: Doorway, entry: _Entry, inside: Inside, session: Session | None) -> bool:
    """Return whether this is somebody who may let others in. Raises ParleyError WAITING_FOR_ADMISSION, NOT_ADMITTED."""
    if entry.guest.grants is not None or inside.preset is None:
        return False  # whoever signed this LiveKit token let its bearer in already
    permissions = inside.preset.permissions
    ask_at_the_door(deps, door, entry.participant, permissions, session, check_only=entry.request.check_only)
    return is_host(permissions)


def _alive(deps: Dependencies, inside: Inside) -> Session | None:
    session = inside.session
    if session is None or ending_of(session, inside.owner, deps.now_ms()) is not None:
        return None
    return session


def _most(deps: Dependencies, meeting: Meeting, session: Session, participant_id: ParticipantId | None) -> int:
    """Return how many peers there may be once this one is in; 0 is no limit. Raises ParleyError MEETING_FULL."""
    most = meeting.room.max_participants
    if not most or session.live_peers < most:
        return most
    # Somebody who comes back takes the place of the old connection, which the node drops when the new one is there.
    peers = deps.sessions.peers(session.app_id, session.session_id)
    again = sum(1 for peer in peers if peer.participant_id == participant_id and peer.left_at_ms is None)
    if again and session.live_peers - again < most:
        return most + again
    raise ParleyError(ErrorId.MEETING_FULL, f"the meeting is full: {most} participants")


def _living(deps: Dependencies, inside: Inside) -> Session | None:
    """Return the session if it lives; one that is over is ended first. Raises ConditionFailed to look again."""
    session = inside.session
    if session is None or session.status is SessionStatus.ENDED:
        return None
    if ending_of(session, inside.owner, deps.now_ms()) is None:
        return session
    end_if_over(deps, session.app_id, session.session_id)
    raise ConditionFailed(())


def _begin(deps: Dependencies, entry: _Entry, pointer: ActivePointer | None, *, host: bool) -> Session:
    if entry.node.draining:
        raise ParleyError(ErrorId.NO_NODE_AVAILABLE, "this node takes no new sessions")
    now_ms = deps.now_ms()
    options = entry.meeting.options
    session = Session(
        account_id=entry.guest.account_id,
        app_id=entry.guest.app_id,
        session_id=SessionId(uuid7(now_ms, deps.entropy(10))),
        meeting_id=entry.meeting.id,
        meeting_title=options.title or "",
        owner_node_id=entry.node.node_id,
        epoch=(pointer.epoch if pointer else 0) + 1,
        status=SessionStatus.ACTIVE,
        live_peers=1,
        max_concurrent_peers=1,
        peer_balance_ms=-now_ms,
        keep_alive_ms=round(options.session_keep_alive_time_in_secs * 1000),
        created_at_ms=now_ms,
        started_at_ms=now_ms,
        updated_at_ms=now_ms,
        host_came=host,
    )
    deps.sessions.create(session, _peer(entry, session.session_id, now_ms), pointer)
    telemetry.count("SessionStarted")
    return session


def _peer(entry: _Entry, session_id: SessionId, now_ms: int) -> Peer:
    return Peer(
        app_id=entry.guest.app_id,
        session_id=session_id,
        peer_id=entry.request.peer_id,
        participant_id=entry.participant.id,
        identity=entry.participant.custom_participant_id,
        name=_name(entry),
        preset_name=entry.participant.preset_name,
        joined_at_ms=now_ms,
    )


def _check_repeated(peer: Peer, entry: _Entry) -> None:
    if peer.participant_id != entry.participant.id or peer.left_at_ms is not None:
        raise ParleyError(ErrorId.ALREADY_EXISTS, "this peer_id was used before; choose another one", "/peer_id")


def _admission(entry: _Entry, session: Session, grants: Grants) -> Admission:
    return Admission(
        peer_id=entry.request.peer_id,
        app_id=session.app_id,
        meeting_id=session.meeting_id,
        meeting_title=session.meeting_title,
        session_id=session.session_id,
        epoch=session.epoch,
        session_started_at_ms=session.started_at_ms,
        participant_id=entry.participant.id,
        identity=entry.participant.custom_participant_id,
        grants=grants,
        name=_name(entry),
        picture=entry.participant.picture or "",
        metadata=entry.guest.metadata,
        attributes=entry.guest.attributes,
        max_participants=entry.meeting.room.max_participants,
        room_metadata=_room_metadata(entry.meeting, session),
        room_name=entry.meeting.room.name,
        kind=entry.guest.kind,
    )


def _name(entry: _Entry) -> str:
    return (entry.guest.name or entry.participant.name or "")[:MAX_NAME_CHARS]


def _room_metadata(meeting: Meeting, session: Session) -> str | None:
    """Return what was set in the session, else what the room was made with; None leaves it to the node."""
    if session.room_metadata is not None:
        return session.room_metadata
    return meeting.room.metadata if meeting.room != RoomSettings() else None
