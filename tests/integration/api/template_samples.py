"""A template that runs every five minutes, created over the API, and what became of its jobs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from shared.model.times import format_time
from tests.http_api import HTTP_TARGET
from tests.jobs import at

if TYPE_CHECKING:
    from tests.http_api import Api

EVERY_FIVE_MINUTES: dict[str, Any] = {
    "name": "payroll",
    "schedule": {"cron": "*/5 * * * *", "timezone": "Europe/Berlin"},
    "job": {"target": HTTP_TARGET, "payload": {"n": 1}},
    "tags": {"team": "ops"},
}


def created(api: Api, **members: Any) -> dict[str, Any]:
    """A template created over the API, as answered."""
    reply = api.post("/v1/templates", {**EVERY_FIVE_MINUTES, **members})
    assert reply.status == 201, reply.text
    answer: dict[str, Any] = reply.body
    return answer


def fates(api: Api) -> Counter[tuple[str, str | None]]:
    """How many jobs stand where, and why."""
    return Counter((str(job.status), job.reason) for job in api.jobs.all_jobs())


def waiting(api: Api) -> list[str]:
    """When the jobs that wait are to run."""
    return sorted(format_time(job.run_at) for job in api.jobs.all_jobs() if job.status == "scheduled")


def text_of(seconds: float) -> str:
    """The time so many seconds after the tests' clock begins, as it is answered."""
    return format_time(at(seconds))
