"""Jobs that failed for good, over the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.model import moves
from shared.model.execution import Output
from tests.jobs import NOT_FOUND, RETENTION, claim_of, failed_once

if TYPE_CHECKING:
    from shared.model.execution import Failure
    from shared.model.job import Job
    from tests.http_api import Api


def failed(api: Api, *, failure: Failure = NOT_FOUND, **members: Any) -> Job:
    """A job created over the API that fails a second from now; the clock goes on by two."""
    members.setdefault("retry", {"max_attempts": 1})
    job = fail_again(api, api.create(**members)["id"], failure=failure)
    api.clock.advance(2)
    return job


def fail_again(api: Api, job_id: str, *, failure: Failure = NOT_FOUND) -> Job:
    running = begin(api, job_id)
    return api.jobs.change_and_get(running.key, failed_once(running, failure=failure))


def begin(api: Api, job_id: str) -> Job:
    """Its attempt begins now."""
    waiting = api.stored(job_id)
    now = max(api.clock.now(), waiting.wake_at)
    return api.jobs.change_and_get(waiting.key, claim_of(waiting, now=now))


def succeed(api: Api, job_id: str) -> Job:
    running = begin(api, job_id)
    end = moves.succeed(running, output=Output(), now=running.started_at, retention=RETENTION)
    return api.jobs.change_and_get(running.key, end)
