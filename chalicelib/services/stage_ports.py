"""What the stage needs: a store. ports.py says where implementations are and which errors they raise."""

from collections.abc import Iterator
from typing import Protocol

from chalicelib.contract.ids import AppId, ParticipantId, SessionId
from chalicelib.domain.stage import StageRequest


class StageStore(Protocol):
    """Requests to come on stage, one for each participant of a session."""

    def put(self, request: StageRequest) -> None:
        """Store a request, in place of an earlier one."""
        ...

    def delete(self, app_id: AppId, session_id: SessionId, participant_id: ParticipantId) -> None:
        """Remove a request if there is one."""
        ...

    def in_session(self, app_id: AppId, session_id: SessionId) -> Iterator[StageRequest]:
        """Yield the session's requests by participant."""
        ...
