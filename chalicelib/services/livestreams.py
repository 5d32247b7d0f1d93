"""Livestreams: keeping their records, and refusing what needs an engine, since there is none yet."""

from typing import Any, NoReturn

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AppId, is_uuid, uuid7
from chalicelib.domain.livestream import Livestream, LivestreamFilter, LivestreamId, changed
from chalicelib.domain.paging import Page, PageRequest, page_of
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.meetings import get_meeting
from chalicelib.services.retrying import until_it_holds


def create_livestream(deps: Dependencies, app_id: AppId, name: str) -> Livestream:
    """Make a stand-alone livestream with a stream key of its own; nothing can be sent to it without an engine."""
    now_ms = deps.now_ms()
    livestream_id = LivestreamId(uuid7(now_ms, deps.entropy(10)))
    livestream = Livestream(livestream_id, app_id, name, _stream_key(deps), now_ms, now_ms)
    deps.livestreams.add(livestream)
    return livestream


def get_livestream(deps: Dependencies, app_id: AppId, livestream_id: str) -> Livestream:
    """Return a livestream of the app. Raises ParleyError LIVESTREAM_NOT_FOUND."""
    found = deps.livestreams.get(app_id, LivestreamId(livestream_id)) if is_uuid(livestream_id) else None
    if found is None:
        raise ParleyError(ErrorId.LIVESTREAM_NOT_FOUND, "no such livestream")
    return found


def list_livestreams(
    deps: Dependencies, app_id: AppId, page: PageRequest, wanted: LivestreamFilter, *, newest_first: bool
) -> Page[Livestream]:
    """Return a page of the app's livestreams by age."""
    return page_of(deps.livestreams.in_app(app_id, newest_first=newest_first), page, wanted.accepts)


def reset_stream_key(deps: Dependencies, app_id: AppId, livestream_id: str) -> Livestream:
    """Give a livestream a new stream key; the old one is worthless. Raises ParleyError LIVESTREAM_NOT_FOUND or BUSY."""
    return _changed(deps, app_id, livestream_id, {"stream_key": _stream_key(deps)})


def set_disabled(deps: Dependencies, app_id: AppId, livestream_id: str, disabled: bool) -> Livestream:
    """Open or close a livestream to senders. Raises ParleyError LIVESTREAM_NOT_FOUND or BUSY."""
    return _changed(deps, app_id, livestream_id, {"disabled": disabled})


def start_livestream(deps: Dependencies, app_id: AppId, meeting_id: str) -> NoReturn:
    """Refuse: nothing is stored. Raises ParleyError MEETING_NOT_FOUND or ENGINE_NOT_AVAILABLE."""
    get_meeting(deps, app_id, meeting_id)
    raise ParleyError(ErrorId.ENGINE_NOT_AVAILABLE, "this installation has no livestreaming engine")


def active_livestream(deps: Dependencies, app_id: AppId, meeting_id: str) -> NoReturn:
    """Say that no livestream of the meeting runs. Raises ParleyError MEETING_NOT_FOUND or LIVESTREAM_NOT_FOUND."""
    get_meeting(deps, app_id, meeting_id)
    raise ParleyError(ErrorId.LIVESTREAM_NOT_FOUND, "the meeting has no active livestream")


def active_livestream_session(deps: Dependencies, app_id: AppId, livestream_id: str) -> NoReturn:
    """Say that the livestream does not run. Raises ParleyError LIVESTREAM_NOT_FOUND, LIVESTREAM_SESSION_NOT_FOUND."""
    get_livestream(deps, app_id, livestream_id)
    raise ParleyError(ErrorId.LIVESTREAM_SESSION_NOT_FOUND, "the livestream has no active session")


def livestream_session() -> NoReturn:
    """Say that there is no such session: without an engine there never was one."""
    raise ParleyError(ErrorId.LIVESTREAM_SESSION_NOT_FOUND, "no such livestream session")


def _changed(deps: Dependencies, app_id: AppId, livestream_id: str, changes: dict[str, Any]) -> Livestream:
    def attempt() -> Livestream:
        stored = get_livestream(deps, app_id, livestream_id)
        livestream = changed(stored, changes, deps.now_ms())
        deps.livestreams.replace(livestream, observed_version=stored.version)
        return livestream

    return until_it_holds(attempt, deps.entropy, deps.sleep)


def _stream_key(deps: Dependencies) -> str:
    return deps.entropy(24).hex()
