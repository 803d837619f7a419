"""Targets that fail: which breakers are open, and opening and closing them by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from functions.api.answer import Answer
from functions.api.change_breaker import BreakerChange
from functions.api.models.breakers import CloseBreaker, OpenBreaker
from functions.api.models.faults import validated
from functions.api.refusals import InvalidParameter, Refused
from functions.api.wire.answers import etag
from functions.api.wire.breaker_answers import breaker_answer
from shared.model.breaker import BreakerState
from shared.model.errors import ItemNotFound
from shared.model.target_identity import parse_target_identity

if TYPE_CHECKING:
    from functions.api.request import Request
    from functions.api.services import Services
    from shared.model.breaker import Breaker

_ORDER: Final = {
    state: place for place, state in enumerate((BreakerState.OPEN, BreakerState.HALF_OPEN, BreakerState.CLOSED))
}
_OPEN_SECONDS: Final = 3_600
_NO_TARGET: Final = (
    "no target is named so: one is http:<host>:<port>, lambda:<function>, sqs:<queue>, sns:<topic>, eventbridge:<bus>, "
    "step_functions:<state machine>, task:<name>, command:<program> or channel:<id>"
)


def list_breakers(request: Request, services: Services) -> Answer:
    asked = request.parameters("state").get("state", [None])[0]
    if asked is not None and asked not in _ORDER:
        raise InvalidParameter("state", f"one of {', '.join(_ORDER)} is expected")
    found = services.breakers().breakers.breakers(request.tenant)
    shown = [one for one in found if asked is None or one.state == asked]
    shown.sort(key=lambda one: (_ORDER[one.state], -one.changed_at.timestamp(), one.target))
    return Answer(body={"items": [breaker_answer(one) for one in shown]})


def get_breaker(request: Request, services: Services, target: str) -> Answer:
    breaker = services.breakers().breakers.get_breaker(request.tenant, _identity(target))
    if breaker is None:
        raise ItemNotFound("breaker", target)
    return _answer(breaker)


def open_breaker(request: Request, services: Services, target: str) -> Answer:
    asked = validated(OpenBreaker, request.json_object() if request.body.strip() else {})
    change = _change(request, services, target, asked.note)
    until = change.now + timedelta(seconds=asked.duration or _OPEN_SECONDS)
    return _answer(services.breakers().open(change, until))


def close_breaker(request: Request, services: Services, target: str) -> Answer:
    asked = validated(CloseBreaker, request.json_object() if request.body.strip() else {})
    return _answer(services.breakers().close(_change(request, services, target, asked.note)))


def _change(request: Request, services: Services, target: str, note: str | None) -> BreakerChange:
    return BreakerChange(
        tenant=request.tenant,
        target=_identity(target),
        by=request.authenticated().key_id,
        note=note,
        now=services.clock.now(),
        precondition=request.precondition(),
    )


def _identity(target: str) -> str:
    # A gateway may have decoded the path, or not; an identity has no percent sign.
    identity = parse_target_identity(unquote(target))
    if identity is None:
        raise Refused("not-found", _NO_TARGET)
    return identity


def _answer(breaker: Breaker) -> Answer:
    # One that is forgotten, and then opens again, begins anew with version 1.
    return Answer(
        body=breaker_answer(breaker),
        headers={"ETag": etag(breaker)},
        facts={"target": breaker.target},
        outlives_etag=True,
    )
