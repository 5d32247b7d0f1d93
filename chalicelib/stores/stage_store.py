"""Requests to come on stage in DynamoDB, with the session that they belong to."""

from collections.abc import Iterator

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.contract.ids import AppId, ParticipantId, SessionId
from chalicelib.domain.stage import StageRequest
from chalicelib.stores import table
from chalicelib.stores.session_items import session_partition


class StageRequestItem(table.Item, discriminator="stage_request"):
    """``SES#{app}#{session}`` / ``STAGE#{participant}``."""

    app_id = UnicodeAttribute()
    session_id = UnicodeAttribute()
    participant_id = UnicodeAttribute()
    identity = UnicodeAttribute()
    name = UnicodeAttribute()
    asked_at_ms = NumberAttribute()


class DynamoStageStore:
    """The StageStore of the real system."""

    def put(self, request: StageRequest) -> None:
        """Store a request, in place of an earlier one."""
        item = StageRequestItem(
            session_partition(request.app_id, request.session_id),
            f"STAGE#{request.participant_id}",
            app_id=request.app_id,
            session_id=request.session_id,
            participant_id=request.participant_id,
            identity=request.identity,
            name=request.name,
            asked_at_ms=request.asked_at_ms,
        )
        table.save(item)

    def delete(self, app_id: AppId, session_id: SessionId, participant_id: ParticipantId) -> None:
        """Remove a request if there is one."""
        item = StageRequestItem(session_partition(app_id, session_id), f"STAGE#{participant_id}")
        with table.translated(item.key):
            item.delete()

    def in_session(self, app_id: AppId, session_id: SessionId) -> Iterator[StageRequest]:
        """Yield the session's requests by participant."""
        return map(_request_of, table.query(StageRequestItem, session_partition(app_id, session_id), "STAGE#"))


def _request_of(item: StageRequestItem) -> StageRequest:
    return StageRequest(
        AppId(item.app_id),
        SessionId(item.session_id),
        ParticipantId(item.participant_id),
        item.identity,
        item.name,
        int(item.asked_at_ms),
    )
