"""Whole outputs of executions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from functions.api.answer import Answer
from functions.api.endpoints.jobs import key_of
from functions.api.query_parameters import only
from functions.api.refusals import InvalidParameter, Refused

if TYPE_CHECKING:
    from functions.api.request import Request
    from functions.api.services import Services

_COUNT: Final = re.compile(r"[0-9]{1,6}", re.ASCII)


def get_output(request: Request, services: Services, job_id: str, attempt: str) -> Answer:
    """The bytes as the target put them out: as text when they are, for a client that looks. Attempts are numbered anew
    by each redrive: of several, the latest is meant, or that of the `redrive` which is asked for."""
    redrive = only(request.parameters("redrive"), "redrive")
    if redrive is not None and not _COUNT.fullmatch(redrive):
        raise InvalidParameter("redrive", "how many redrives came before it is expected, from 0")
    job = services.jobs.get(key_of(request, job_id))
    meant = [one for one in job.executions if str(one.attempt) == attempt and redrive in {None, str(one.redrive)}]
    execution = meant[-1] if meant else None
    if execution is None:
        raise Refused("not-found", "there is no finished execution of that number, or it is no longer kept")
    output = services.outputs.read(execution.output)
    try:
        return Answer(body=output.decode(), content_type="text/plain; charset=utf-8", facts={"job_id": job.id})
    except UnicodeDecodeError:
        return Answer(body=output, content_type="application/octet-stream", facts={"job_id": job.id})
