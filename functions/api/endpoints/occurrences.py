"""Why occurrences ran or did not, and what is ahead."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from functions.api.answer import Answer
from functions.api.endpoints.templates import key_of
from functions.api.forecast_occurrences import Resolution
from functions.api.query_parameters import limit_of, only, time_of
from functions.api.refusals import InvalidParameter
from functions.api.wire.occurrence_answers import explained_answer, forecast_answer
from functions.api.wire.page_tokens import page_token, parse_page_token
from shared.model.job import epoch_ms, from_epoch_ms
from shared.model.times import format_time

if TYPE_CHECKING:
    from datetime import datetime

    from functions.api.request import Request
    from functions.api.services import Services

_DAY: Final = timedelta(days=1)
# How far a list of occurrences reaches; each page of it is bounded by itself.
_LONGEST_SPAN: Final = timedelta(days=400)
_LONGEST_FORECAST: Final = {"minute": timedelta(days=2), "hour": timedelta(days=31)}


def list_occurrences(request: Request, services: Services, template_id: str) -> Answer:
    parameters = request.parameters("from", "to", "limit", "cursor")
    now, cursor, limit = services.clock.now(), only(parameters, "cursor"), limit_of(parameters)
    asked_since, asked_until = time_of(parameters, "from"), time_of(parameters, "to")
    since = asked_since or min(now, asked_until or now) - _DAY
    until = asked_until or max(now, since) + _DAY
    _check_span(since, until, _LONGEST_SPAN)
    # Where neither end is given both move with the clock: a cursor is bound to what was asked.
    asked = [only(parameters, "from"), only(parameters, "to")]
    list_key = f"{request.tenant} GET /v1/templates/{template_id}/occurrences {asked}"
    after = None if cursor is None else from_epoch_ms(int(parse_page_token(cursor, list_key=list_key)))
    explain = services.templates().explain_occurrences
    page = explain(key_of(request, template_id), since=since, until=until, after=after, limit=limit)
    foreseen = services.windows().foresee(request.tenant, now)
    body: dict[str, Any] = {
        "from": format_time(since),
        "to": format_time(until),
        "items": [explained_answer(row, foreseen.of_row(row)) for row in page.rows],
    }
    if page.next is not None:
        body["next_cursor"] = page_token(f"{epoch_ms(page.next):013d}", list_key=list_key)
    return Answer(body=body, facts={"template_id": template_id, "listed": len(page.rows)})


def get_forecast(request: Request, services: Services) -> Answer:
    parameters = request.parameters("from", "to", "resolution")
    resolution = only(parameters, "resolution") or "hour"
    if resolution not in _LONGEST_FORECAST:
        raise InvalidParameter("resolution", "minute or hour is expected")
    now = services.clock.now()
    since = time_of(parameters, "from") or now
    until = time_of(parameters, "to") or since + _DAY
    _check_span(since, until, _LONGEST_FORECAST[resolution])
    if since < now - _DAY:
        raise InvalidParameter("from", "a forecast looks ahead: at most a day ago is expected")
    forecast = services.templates().forecast_occurrences(
        request.tenant,
        since=since,
        until=until,
        resolution=Resolution[resolution.upper()],
        foreseen=services.windows().foresee(request.tenant, now),
        seconds_left=request.seconds_left,
    )
    body = {
        "from": format_time(since),
        "to": format_time(until),
        "resolution": resolution,
        **forecast_answer(forecast),
    }
    return Answer(body=body, facts={"templates": forecast.templates})


def _check_span(since: datetime, until: datetime, longest: timedelta) -> None:
    """
    Raises:
        InvalidParameter: it ends before it begins, or is longer than `longest`.
    """
    if until < since:
        raise InvalidParameter("from", "not later than `to`")
    if until - since > longest:
        raise InvalidParameter("to", f"at most {longest.days} days after `from`")
