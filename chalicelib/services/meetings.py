"""Meetings: making, reading, listing, changing and removing them."""

import dataclasses
from typing import Any

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AppId, MeetingId, is_uuid, uuid7
from chalicelib.domain.meeting import Meeting, MeetingFilter, MeetingOptions, changed
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.session import Session
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.key_ports import Purge
from chalicelib.services.purging import try_clean_up
from chalicelib.services.retrying import until_it_holds
from chalicelib.services.session_end import end_if_over


def create_meeting(deps: Dependencies, app_id: AppId, options: MeetingOptions) -> Meeting:
    """Make a meeting."""

    def attempt() -> Meeting:
        now_ms = deps.now_ms()
        meeting = Meeting(MeetingId(uuid7(now_ms, deps.entropy(10))), app_id, options, now_ms, now_ms)
        deps.meetings.add(meeting)
        return meeting

    # The lists it enters are counted in the same transaction, so that two made at the same moment may meet there.
    return until_it_holds(attempt, deps.entropy, deps.sleep)


def get_meeting(deps: Dependencies, app_id: AppId, meeting_id: str) -> Meeting:
    """Return a meeting of the app. Raises ParleyError MEETING_NOT_FOUND."""
    meeting = deps.meetings.get(app_id, MeetingId(meeting_id)) if is_uuid(meeting_id) else None
    if meeting is None:
        raise ParleyError(ErrorId.MEETING_NOT_FOUND, "no such meeting")
    return meeting


def list_meetings(deps: Dependencies, app_id: AppId, page: PageRequest, wanted: MeetingFilter) -> Page[Meeting]:
    """Return a page of the app's meetings, newest first unless the filter says otherwise."""
    return deps.meetings.page(app_id, wanted, page)


def replace_meeting(deps: Dependencies, app_id: AppId, meeting_id: str, options: MeetingOptions) -> Meeting:
    """Replace every option of a meeting but its status. Raises like change_meeting()."""
    # One level only: asdict() would copy the configs.
    changes = {field.name: getattr(options, field.name) for field in dataclasses.fields(options)}
    del changes["status"]
    return change_meeting(deps, app_id, meeting_id, changes)


def change_meeting(deps: Dependencies, app_id: AppId, meeting_id: str, changes: dict[str, Any]) -> Meeting:
    """Replace some options of a meeting (by field name) and return it.

    Raises ParleyError MEETING_NOT_FOUND, or BUSY when others keep changing it at the same time.
    """

    def attempt() -> Meeting:
        meeting = get_meeting(deps, app_id, meeting_id)
        replacement = changed(meeting, changes, deps.now_ms())
        deps.meetings.replace(replacement, observed=meeting)
        return replacement

    return until_it_holds(attempt, deps.entropy, deps.sleep)


def delete_meeting(deps: Dependencies, app_id: AppId, meeting_id: str) -> Meeting:
    """Remove a meeting, with its participants; its past sessions stay in the history.

    Raises ParleyError MEETING_NOT_FOUND, IN_USE while a session is live, or BUSY.
    """

    def attempt() -> Meeting:
        meeting = get_meeting(deps, app_id, meeting_id)
        live = _live_session(deps, meeting)
        if live is not None:
            message = f"the meeting has a live session with {live.live_peers} peers: end it first"
            raise ParleyError(ErrorId.IN_USE, message)
        deps.meetings.delete(meeting)
        return meeting

    gone = until_it_holds(attempt, deps.entropy, deps.sleep)
    try_clean_up(deps, Purge(app_id, gone.id))
    return gone


def _live_session(deps: Dependencies, meeting: Meeting) -> Session | None:
    """Return the meeting's session unless it is over; one that is over is ended on the way."""
    pointer = deps.sessions.pointer(meeting.app_id, meeting.id)
    if pointer is None or pointer.session_id is None or end_if_over(deps, meeting.app_id, pointer.session_id):
        return None
    return deps.sessions.get(meeting.app_id, pointer.session_id)
