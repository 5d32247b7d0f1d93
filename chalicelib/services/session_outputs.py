"""What a session leaves behind beside its records: chat, transcript and summary (none yet), and a report of a peer."""

from typing import NoReturn

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AppId, PeerId, is_uuid
from chalicelib.domain.peer import as_of, stayed_ms
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.sessions import Attendee, get_session


def session_output(deps: Dependencies, app_id: AppId, session_id: str, name: str) -> NoReturn:
    """Say that a session has no such output. Raises ParleyError SESSION_NOT_FOUND or ENGINE_NOT_AVAILABLE."""
    get_session(deps, app_id, session_id)
    raise ParleyError(
        ErrorId.ENGINE_NOT_AVAILABLE, f"the session has no {name}: this installation has no engine that makes one"
    )


def reported_peer(deps: Dependencies, app_id: AppId, peer_id: str) -> Attendee:
    """Return one stay of a participant, by the id of its peer alone. Raises ParleyError PEER_NOT_FOUND."""
    session_id = deps.sessions.session_of_peer(app_id, PeerId(peer_id)) if is_uuid(peer_id) else None
    peer = deps.sessions.peer(app_id, session_id, PeerId(peer_id)) if session_id else None
    if peer is None or session_id is None:
        raise ParleyError(ErrorId.PEER_NOT_FOUND, "no such peer")
    seen = as_of(peer, get_session(deps, app_id, session_id).ending)
    return Attendee(seen, stayed_ms(seen, deps.now_ms()))
