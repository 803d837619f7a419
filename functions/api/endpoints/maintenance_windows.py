"""When jobs are held, skipped, or let run all the same."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from functions.api.answer import Answer
from functions.api.change_window import WindowChange
from functions.api.create_job import Idempotency
from functions.api.models.window_spec import read_window
from functions.api.refusals import InvalidParameter
from functions.api.request import fingerprint
from functions.api.wire.answers import etag
from functions.api.wire.window_answers import window_answer
from shared.model.errors import WindowNotFound
from shared.model.maintenance_window import WindowState

if TYPE_CHECKING:
    from functions.api.request import Request
    from functions.api.services import Services
    from shared.model.maintenance_window import MaintenanceWindow

_WINDOW_ID: Final = re.compile(r"[0-9a-z]{1,64}")
_ORDER: Final = {state: place for place, state in enumerate(WindowState)}


def create_window(request: Request, services: Services) -> Answer:
    body, now, key = request.json_object(), services.clock.now(), request.idempotency_key()
    created = services.windows().create(
        request.tenant,
        partial(read_window, body, now=now),
        by=request.authenticated().key_id,
        idempotency=None if key is None else Idempotency(key, fingerprint(body)),
        now=now,
    )
    headers = {"Location": f"/v1/maintenance-windows/{created.window.id}"}
    if created.replayed:
        headers["Idempotent-Replayed"] = "true"
    return _answer(created.window, services, status=201, headers=headers)


def list_windows(request: Request, services: Services) -> Answer:
    asked = request.parameters("state").get("state", [None])[0]
    if asked is not None and asked not in _ORDER:
        raise InvalidParameter("state", f"one of {', '.join(_ORDER)} is expected")
    now, kept = services.clock.now(), services.windows().windows.windows(request.tenant)
    shown = [one for one in kept if asked is None or one.state(now) == asked]
    shown.sort(key=lambda one: (_ORDER[one.state(now)], _begins(one)))
    return Answer(body={"items": [window_answer(one, now) for one in shown]})


def get_window(request: Request, services: Services, window_id: str) -> Answer:
    return _answer(services.windows().windows.get_window(request.tenant, _id(window_id)), services)


def replace_window(request: Request, services: Services, window_id: str) -> Answer:
    body, change = request.json_object(), _change(request, services, window_id)
    return _answer(services.windows().change.replace(change, read_window(body, now=change.now)), services)


def end_window(request: Request, services: Services, window_id: str) -> Answer:
    request.refuse_body()
    return _answer(services.windows().change.end(_change(request, services, window_id)), services)


def delete_window(request: Request, services: Services, window_id: str) -> Answer:
    request.refuse_body()
    return _answer(services.windows().change.delete(_change(request, services, window_id)), services)


def _change(request: Request, services: Services, window_id: str) -> WindowChange:
    return WindowChange(
        tenant=request.tenant,
        window_id=_id(window_id),
        by=request.authenticated().key_id,
        now=services.clock.now(),
        precondition=request.precondition(),
    )


def _id(window_id: str) -> str:
    if not _WINDOW_ID.fullmatch(window_id):
        raise WindowNotFound(window_id)
    return window_id


def _begins(window: MaintenanceWindow) -> tuple[float, str]:
    return window.spans[0].starts_at.timestamp() if window.spans else 0.0, window.id


def _answer(
    window: MaintenanceWindow, services: Services, *, status: int = 200, headers: dict[str, Any] | None = None
) -> Answer:
    return Answer(
        status=status,
        body=window_answer(window, services.clock.now()),
        headers={"ETag": etag(window), **(headers or {})},
        facts={"window_id": window.id},
        outlives_etag=True,  # state, spans
    )
