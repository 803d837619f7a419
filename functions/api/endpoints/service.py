"""What the service says about itself, without authentication."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from functions.api.answer import Answer
from functions.api.refusals import Refused
from shared.model.errors import JobNotFound, StoreUnavailable
from shared.model.job import JobKey
from shared.model.times import format_time
from shared.ports.beats import VITAL
from shared.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.api.request import Request
    from functions.api.services import Services
    from shared.ports.jobs import JobStore

# Each of these runs every minute, and takes one at the most.
_LONGEST_SILENCE = timedelta(minutes=4)
# No tenant has a name with an underscore.
_NOBODYS_JOB = JobKey("_", "ready")


def get_health(request: Request, services: Services) -> Answer:
    """The function runs; nothing else is asked."""
    del request, services
    return Answer(body={"status": "ok"})


def get_ready(request: Request, services: Services) -> Answer:
    """Both tables answer a read, and what runs each minute does."""
    del request
    checks = {
        "control table": services.keys.is_reachable,
        "jobs table": lambda: _answers(services.jobs),
    }
    answers = side_by_side(_ask, checks.values())
    away = [name for name, is_there in zip(checks, answers, strict=True) if not is_there]
    if away:
        raise Refused("not-ready", f"no answer from the {' and the '.join(away)}", headers={"Retry-After": "5"})
    now, known = services.clock.now(), services.beats.beats()
    beats = {function: known[function] for function in VITAL if function in known}
    behind = [function for function, shards in beats.items() if now - min(shards.values()) > _LONGEST_SILENCE]
    if behind:
        detail = f"nothing was heard of {' and '.join(sorted(behind))} for minutes: jobs are accepted and start late"
        raise Refused("not-ready", detail, headers={"Retry-After": "60"})
    ages = {function: format_time(min(shards.values())) for function, shards in beats.items()}
    return Answer(body={"status": "ready", "last_seen": ages})


def get_openapi(request: Request, services: Services) -> Answer:
    del request, services
    return Answer(body=_openapi())


def get_docs(request: Request, services: Services) -> Answer:
    del request, services
    return Answer(
        body=_docs(),
        content_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"},
    )


def _ask(check: Callable[[], bool]) -> bool:
    return check()


def _answers(jobs: JobStore) -> bool:
    try:
        jobs.get(_NOBODYS_JOB)
    except JobNotFound:
        return True
    except StoreUnavailable:
        return False
    return True


@cache
def _openapi() -> str:
    # Imported by the first who asks: no other request pays for the document's models.
    from functions.api.description.openapi import openapi_text  # noqa: PLC0415

    return openapi_text()


@cache
def _docs() -> str:
    from functions.api.description.docs_page import docs_page  # noqa: PLC0415
    from functions.api.description.openapi import openapi_document  # noqa: PLC0415

    return docs_page(openapi_document())
