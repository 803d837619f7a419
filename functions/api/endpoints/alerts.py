"""What is wrong, and who looks after it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from functions.api.answer import Answer
from functions.api.keep_versioned import Asked
from functions.api.list_alerts import AlertFilter
from functions.api.models.alerts import MoveAlert, SilenceAlert
from functions.api.models.faults import validated
from functions.api.query_parameters import limit_of, only, time_of
from functions.api.refusals import InvalidParameter, invalid_field
from functions.api.wire.alert_answers import alert_answer, listed_alert
from functions.api.wire.answers import etag
from functions.api.wire.page_tokens import page_token, parse_page_token
from shared.model import limits
from shared.model.alerts import moves
from shared.model.alerts.alert import Alert, AlertState
from shared.model.alerts.rule import Severity
from shared.model.errors import ItemNotFound

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from functions.api.request import Request
    from functions.api.services import Services

_ALERT_ID: Final = re.compile(r"[0-9a-z]{1,64}")
_STATES: Final = {state.value: frozenset({state}) for state in AlertState} | {
    "live": frozenset(state for state in AlertState if state.is_live)
}


def list_alerts(request: Request, services: Services) -> Answer:
    parameters = request.parameters("state", "severity", "template_id", "from", "limit", "cursor")
    limit, cursor = limit_of(parameters), only(parameters, "cursor")
    filters = {name: only(parameters, name) for name in ("state", "severity", "template_id", "from")}
    wanted = AlertFilter(
        states=_one_of(filters, "state", _STATES),
        severity=_one_of(filters, "severity", {one.value: one for one in Severity}),
        template_id=filters["template_id"],
        since=time_of(parameters, "from"),
    )
    list_key = f"{request.tenant} GET /v1/alerts {sorted(filters.items())}"
    after = None if cursor is None else parse_page_token(cursor, list_key=list_key)
    page = services.alerts().list(request.tenant, wanted, limit=limit, after=after)
    body: dict[str, Any] = {"items": [listed_alert(one) for one in page.alerts]}
    if page.next is not None:
        body["next_cursor"] = page_token(page.next, list_key=list_key)
    return Answer(body=body, facts={"listed": len(page.alerts)})


def get_alert(request: Request, services: Services, alert_id: str) -> Answer:
    return _answer(services.alerts().alerts.get_alert(request.tenant, _id(alert_id)))


def acknowledge_alert(request: Request, services: Services, alert_id: str) -> Answer:
    asked, now, by = _said(request), services.clock.now(), _key_of(request)
    return _moved(request, services, alert_id, lambda alert: moves.acknowledged(alert, by=by, note=asked.note, now=now))


def resolve_alert(request: Request, services: Services, alert_id: str) -> Answer:
    asked, now, by = _said(request), services.clock.now(), _key_of(request)
    return _moved(request, services, alert_id, lambda alert: moves.resolved(alert, by=by, note=asked.note, now=now))


def silence_alert(request: Request, services: Services, alert_id: str) -> Answer:
    asked, now, by = validated(SilenceAlert, request.json_object()), services.clock.now(), _key_of(request)
    until = _until(asked, now)
    return _moved(
        request,
        services,
        alert_id,
        lambda alert: moves.silenced(alert, until=until, by=by, note=asked.note, now=now),
    )


def _until(asked: SilenceAlert, now: datetime) -> datetime:
    if asked.until is None:
        return now + timedelta(seconds=asked.duration or 0)
    if not now < asked.until <= now + timedelta(seconds=limits.MAX_SILENCE_SECONDS):
        raise invalid_field("/until", "out-of-range", "in the future, and at most 31 days ahead")
    return asked.until


def _said(request: Request) -> MoveAlert:
    return validated(MoveAlert, request.json_object() if request.body.strip() else {})


def _moved(request: Request, services: Services, alert_id: str, decide: Callable[[Alert], Alert]) -> Answer:
    asked = Asked(
        tenant=request.tenant, item_id=_id(alert_id), by=_key_of(request), precondition=request.precondition()
    )
    return _answer(services.alerts().change(asked, decide))


def _key_of(request: Request) -> str:
    return request.authenticated().key_id


def _one_of(filters: dict[str, str | None], name: str, known: dict[str, Any]) -> Any:
    value = filters[name]
    if value is not None and value not in known:
        raise InvalidParameter(name, f"one of {', '.join(known)} is expected")
    return None if value is None else known[value]


def _id(alert_id: str) -> str:
    if not _ALERT_ID.fullmatch(alert_id):
        raise ItemNotFound("alert", alert_id)
    return alert_id


def _answer(alert: Alert) -> Answer:
    # It counts between its versions.
    return Answer(
        body=alert_answer(alert), headers={"ETag": etag(alert)}, facts={"alert_id": alert.id}, outlives_etag=True
    )
