"""Whether a failed attempt of a job is followed by another, and when: by its retry policy, by what was promised about
its delivery, and by its limit of time."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from shared.model.execution import Failure
from shared.model.job import Delivery
from shared.model.retry import delay_before_retry

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.job import Job

OUT_OF_TIME: Final = Failure("time_exhausted", "the retry policy's give_up_after was over before this attempt began")
"""How an attempt ends, before it has called anything, for which the job was claimed too late."""


def next_attempt_at(job: Job, failure: Failure, *, now: datetime, chance: float) -> datetime | None:
    """When another attempt follows the one that holds `job` and failed; None when none does.

    `chance` is a uniform random number in [0, 1), for the jitter.
    """
    delay = delay_before_retry(job.retry, attempt=job.attempt, failure=failure, chance=chance)
    if delay is None or job.delivery is Delivery.AT_MOST_ONCE:
        return None
    # Up to a whole millisecond, as times are stored: a claim compares this one, and a Retry-After is a minimum.
    wake_at = now + timedelta(milliseconds=math.ceil(delay * 1000))
    limit = gives_up_at(job)
    return None if limit is not None and wake_at >= limit else wake_at


def why_no_other(job: Job, failure: Failure) -> str:
    """The reason for which no attempt follows the one that holds `job` and failed, when none does."""
    if failure.type == OUT_OF_TIME.type:
        return OUT_OF_TIME.type
    if job.delivery is Delivery.AT_MOST_ONCE:
        return "at_most_once"
    if not job.retry.covers(failure):
        return "not_retryable"
    return "attempts_exhausted" if job.attempt >= job.retry.max_attempts else OUT_OF_TIME.type


def gives_up_at(job: Job) -> datetime | None:
    """From when on no other attempt at `job` begins; None when it has no such limit, or has not begun."""
    seconds = job.retry.give_up_after_seconds
    if seconds is None or not job.attempt:
        return None
    # The latest attempt of that number: a job that was redriven has another one from before.
    first = next((one.started_at for one in reversed(job.executions) if one.attempt == 1), None)
    begun_at = job.started_at if job.attempt == 1 or first is None else first
    return None if begun_at is None else begun_at + timedelta(seconds=seconds)


def no_later_than_its_end(job: Job, until: datetime) -> datetime:
    """When the claimed `job` is looked at again that is put back until `until`: what will not begin any more by then
    ends at its own time, by the claim that finds it too late."""
    ends_at = job.expires_at if job.attempt <= 1 else gives_up_at(job)
    return until if ends_at is None else min(until, ends_at)


def is_out_of_time(job: Job, now: datetime) -> bool:
    """Whether it is too late for the attempt for which `job` has been claimed. For the first one it never is."""
    limit = gives_up_at(job)
    return job.attempt > 1 and limit is not None and now >= limit
