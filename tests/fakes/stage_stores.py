"""Requests to come on stage in memory; tests/contract compares them."""

from collections.abc import Iterator

from chalicelib.contract.ids import AppId, ParticipantId, SessionId
from chalicelib.domain.stage import StageRequest


class FakeStageStore:
    """StageStore in memory."""

    def __init__(self) -> None:
        self._rows: dict[tuple[AppId, SessionId, ParticipantId], StageRequest] = {}

    def put(self, request: StageRequest) -> None:
        """See the port."""
        self._rows[request.app_id, request.session_id, request.participant_id] = request

    def delete(self, app_id: AppId, session_id: SessionId, participant_id: ParticipantId) -> None:
        """See the port."""
        self._rows.pop((app_id, session_id, participant_id), None)

    def in_session(self, app_id: AppId, session_id: SessionId) -> Iterator[StageRequest]:
        """See the port."""
        return iter([row for key, row in sorted(self._rows.items()) if key[:2] == (app_id, session_id)])
