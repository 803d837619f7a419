"""A job with every member that one can have, and a way to have a job run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.http_api import HTTP_TARGET, Api
from tests.jobs import claim_of

if TYPE_CHECKING:
    from shared.model.job import Job

EVERYTHING: dict[str, Any] = {
    "name": "rotate-logs",
    "run_at": "2026-03-02T13:00:00+01:00",
    "target": {**HTTP_TARGET, "method": "PUT", "headers": {"X-Team": "ops", "Authorization": "Bearer secret"}},
    "payload": {"a": [1, 2.5, None, "ü"], "b": {}},
    "priority": "high",
    "timeout": "90s",
    "expires_after": "1h",
    "retry": {
        "max_attempts": 5,
        "backoff": "exponential",
        "initial": "500ms",
        "multiplier": 1.5,
        "max_delay": "15m",
        "jitter": "none",
        "retry_on": ["timed_out", "http_5xx"],
        "never_retry_on": ["http_501"],
        "give_up_after": "12h",
    },
    "delivery": "at_least_once",
    "tags": {"team": "ops"},
    "group": "nightly",
    "correlation_id": "run-7",
}


def running(api: Api, job: dict[str, Any]) -> Job:
    """The job, claimed by an executor."""
    stored = api.stored(job["id"])
    return api.jobs.change_and_get(stored.key, claim_of(stored, now=api.clock.now()))
