"""``/{app_id}/audit-log`` and ``/audit-log``: who did what, in an app and with the apps of an account.

An extension to RealtimeKit. It is paged by a cursor, not by numbers: new entries come while somebody reads.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from chalice.app import Response
from pydantic import Field

from chalicelib.api.authentication import account_of, app_of
from chalicelib.api.envelope import iso, success
from chalicelib.api.page_query import Query, Text, TimeMs, Whole, read_query
from chalicelib.api.routing import Routes
from chalicelib.contract.limits import DEFAULT_PER_PAGE, MAX_PER_PAGE
from chalicelib.domain.audit import AuditEntry, AuditFilter
from chalicelib.services.audit import read_entries
from chalicelib.services.dependencies import Dependencies


class _AuditQuery(Query):
    per_page: Annotated[Whole, Field(ge=1, le=MAX_PER_PAGE)] = DEFAULT_PER_PAGE
    before: Annotated[Text, Field(description="`next` of the page before")] = ""
    actor: Text = ""
    action: Annotated[Text, Field(description="Part of the method and path")] = ""
    outcome: Literal["success", "failure"] | None = None
    start_time: TimeMs | None = None
    end_time: TimeMs | None = None

    @property
    def filter(self) -> AuditFilter:
        succeeded = None if self.outcome is None else self.outcome == "success"
        return AuditFilter(self.actor, self.action, succeeded, self.start_time, self.end_time)


def routes(deps: Callable[[], Dependencies]) -> Routes:
    """Return the blueprint."""
    blueprint = Routes(__name__)

    @blueprint.route("/audit-log", methods=["GET"], query=_AuditQuery)
    def of_account(account_id: str) -> Response:
        request = blueprint.current_request
        account = account_of(request, deps(), account_id)
        query = read_query(request, _AuditQuery)
        return _answer(*read_entries(deps(), account, None, query.filter, query.before, query.per_page))

    @blueprint.route("/{app_id}/audit-log", methods=["GET"], query=_AuditQuery)
    def of_app(account_id: str, app_id: str) -> Response:
        request = blueprint.current_request
        app = app_of(request, deps(), account_id, app_id)
        query = read_query(request, _AuditQuery)
        return _answer(*read_entries(deps(), app.account_id, app.id, query.filter, query.before, query.per_page))

    return blueprint


def _answer(entries: Sequence[AuditEntry], after: str | None) -> Response:
    return success({"entries": [_rendered(entry) for entry in entries], "next": after})


def _rendered(entry: AuditEntry) -> dict[str, Any]:
    return {
        "id": entry.entry_id,
        "app_id": entry.app_id,
        "actor": entry.actor,
        "action": entry.action,
        "target": entry.target,
        "at": iso(entry.at_ms),
        "outcome": "success" if entry.error_id is None else "failure",
        "status": entry.status,
        "error_id": entry.error_id,
        "request_id": entry.request_id,
    }
