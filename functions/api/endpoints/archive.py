"""Jobs of which only the archive knows any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.api.endpoints.jobs import archived_answer, key_of
from functions.api.query_parameters import time_of
from functions.api.refusals import Refused
from shared.model import limits
from shared.model.errors import JobNotFound
from shared.model.times import format_time

if TYPE_CHECKING:
    from functions.api.answer import Answer
    from functions.api.request import Request
    from functions.api.services import Services


def get_archived_job(request: Request, services: Services, job_id: str) -> Answer:
    since = time_of(request.parameters("since"), "since")
    key, now = key_of(request, job_id), services.clock.now()
    look = services.find_archived()(key, now=now, pages=limits.ARCHIVE_SEARCH_PAGES, since=since)
    if look.job is not None:
        return archived_answer(look.job)
    if look.next is None:
        raise JobNotFound(job_id)
    detail = f"it is not in the part of the archive that was looked at: go on with ?since={format_time(look.next)}"
    raise Refused("not-found", detail)
