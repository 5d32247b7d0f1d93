"""VideoSDK's credential: ``Authorization: <JWT>``, without a scheme. ``Bearer`` before it is taken too."""

from dataclasses import dataclass
from functools import partial
from urllib.parse import unquote

from chalice.app import Request

from chalicelib.api import call_gate
from chalicelib.api.call_gate import Caller
from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AccountId, AppId
from chalicelib.domain.meeting import Meeting
from chalicelib.services import callers
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.videosdk_rooms import answers_to, find_by_any_id
from chalicelib.services.videosdk_tokens import VideoSdkToken, verify_videosdk_token


@dataclass(frozen=True, slots=True)
class Backend:
    """A caller that was let in, and what its token is good for."""

    deps: Dependencies
    account_id: AccountId
    app_id: AppId
    token: VideoSdkToken

    def room(self, wanted: str) -> Meeting:
        """Return a room by either id. Raises ParleyError MEETING_NOT_FOUND, also when the token is for another one."""
        found = find_by_any_id(self.deps, self.app_id, wanted)
        if self.token.room and not answers_to(found, self.token.room):
            raise ParleyError(ErrorId.MEETING_NOT_FOUND, "no such room")
        return found

    def room_in_path(self, part: str) -> Meeting:
        """Return the room that a part of the path names, which a gateway may or may not have decoded.

        Raises ParleyError MEETING_NOT_FOUND.
        """
        try:
            return self.room(part)
        except ParleyError:
            if unquote(part) == part:
                raise
        return self.room(unquote(part))

    def check_every_room(self) -> None:
        """Raise ParleyError NOT_ALLOWED for a token that is confined to one room."""
        if self.token.room:
            raise ParleyError(ErrorId.NOT_ALLOWED, "the token is for one room only")


def backend_of(request: Request, deps: Dependencies, *, changes: bool = False) -> Backend:
    """Return who calls, and let the call in (call_gate.py).

    Raises what verify_videosdk_token() and call_gate.enter() raise, and ParleyError NOT_ALLOWED when the call changes
    something and the token is for asking to join.
    """
    header = (request.headers.get("authorization") or "").strip()
    text = header[7:].strip() if header[:7].lower() == "bearer " else header
    token = verify_videosdk_token(text, partial(callers.api_key, deps), deps.now_ms())
    key = token.key
    call_gate.enter(request, deps, Caller(key.account_id, key.app_id, f"api_key:{key.key}"))
    if changes and not token.may_change:
        raise ParleyError(ErrorId.NOT_ALLOWED, "a token with the permission ask_join is for looking only")
    return Backend(deps, key.account_id, key.app_id, token)
