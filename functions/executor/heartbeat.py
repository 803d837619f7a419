"""Keeps the leases of running jobs, and learns through the answer when one is lost or a client has cancelled."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from shared.model import limits, long_work, moves
from shared.model.errors import ChangeRefused, StoreUnavailable
from shared.model.execution import Outcome
from shared.model.lifecycle import Status
from shared.ports.telemetry import Metric

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from functions.executor.targets.protocol import Deadline
    from shared.model.job import Job
    from shared.ports.clock import Clock
    from shared.ports.jobs import JobStore
    from shared.ports.telemetry import Telemetry

# How often in a row a beat may fail before the work is stopped; or fewer times, when the lease is over by then.
FAILED_BEATS: Final = 3
# After a failed beat the next comes sooner, so that three fit into what is left of the lease.
_AFTER_FAILURE_SECONDS: Final = 5


@dataclass(slots=True)
class Watched:
    """A running attempt: until when its lease holds, when it is to be extended next, and what the last beats showed.

    `lost`: the lease is another's or could not be kept; nothing may be committed any more. `cancelled`: a client wants
    it to end.
    """

    job: Job
    deadline: Deadline
    next_beat_at: datetime
    failures: int = 0
    lost: bool = False
    cancelled: bool = False
    lease_until: datetime | None = field(init=False)

    def __post_init__(self) -> None:
        self.lease_until = self.job.lease_until


def beat(watched: Watched, *, jobs: JobStore, clock: Clock, telemetry: Telemetry) -> None:
    """Extend one lease, counted from before the call, and stop the work when there is no reason to go on."""
    now, identity = clock.now(), watched.job.identity()
    try:
        job = _extended(watched.job, jobs, now)
    except StoreUnavailable as error:
        watched.failures += 1
        watched.next_beat_at = now + timedelta(seconds=_AFTER_FAILURE_SECONDS)
        telemetry.warn("heartbeat_failed", error=str(error), failures=watched.failures, **identity)
        watched.lost = watched.failures >= FAILED_BEATS or _is_over(watched.lease_until, clock.now())
    else:
        watched.lease_until = None if job is None else job.lease_until
        watched.failures = 0
        watched.next_beat_at = now + timedelta(seconds=limits.HEARTBEAT_SECONDS)
        watched.lost = job is None
        watched.cancelled = job is not None and job.cancel_requested_at is not None
        if job is None:
            telemetry.warn("lease_lost", **identity)
    if watched.lost:
        telemetry.measure(Metric.LEASE_LOST)
    if watched.lost or watched.cancelled:
        watched.deadline.stop()


def _extended(job: Job, jobs: JobStore, now: datetime) -> Job | None:
    """The job, whose lease need not be extended any further now; None when the lease was lost."""
    try:
        return jobs.change_and_get(job.key, long_work.unless_accepted(job, moves.heartbeat(job, now=now)))
    except ChangeRefused as refusal:
        current = refusal.current
        return current if current is not None and _is_ours(job, current) else None


def _is_over(lease_until: datetime | None, now: datetime) -> bool:
    """Whether another attempt may have begun."""
    return lease_until is not None and lease_until <= now


def _is_ours(job: Job, current: Job) -> bool:
    """Whether the attempt that holds `job` is still the one whose word counts, although its beat was refused.

    Its lease may last as long as was asked for already: this very beat was applied, its answer lost, and it was sent
    again; or the clock was set back. Or its own outcome was written while the beat was on its way.
    """
    ended = current.execution(job.fence)
    is_held = current.status is Status.RUNNING and current.fence == job.fence
    return is_held or (ended is not None and ended.outcome is not Outcome.LOST)


class Heartbeats:
    """The attempts of this process that are running. Who waits for them calls `beat_due` every few seconds."""

    def __init__(self, *, jobs: JobStore, clock: Clock, telemetry: Telemetry) -> None:
        self._jobs = jobs
        self._clock = clock
        self._telemetry = telemetry
        self._watched: list[Watched] = []
        self._lock = threading.Lock()

    @contextmanager
    def watch(self, job: Job, deadline: Deadline) -> Iterator[Watched]:
        """Keep the lease of `job` while the block runs."""
        started_at = job.started_at or self._clock.now()
        watched = Watched(job, deadline, started_at + timedelta(seconds=limits.HEARTBEAT_SECONDS))
        with self._lock:
            self._watched.append(watched)
        try:
            yield watched
        finally:
            with self._lock:
                self._watched.remove(watched)

    def beat_due(self) -> None:
        """Extend every lease whose time for it has come. Attempts that were stopped are left to end."""
        with self._lock:
            watched = list(self._watched)
        for one in watched:
            if not one.deadline.stopped and one.next_beat_at <= self._clock.now():
                self._beat(one)

    def _beat(self, watched: Watched) -> None:
        try:
            beat(watched, jobs=self._jobs, clock=self._clock, telemetry=self._telemetry)
        except Exception as error:
            # A defect of ours at one job: the others' leases are kept by this very thread.
            self._telemetry.defect("heartbeat_defect", error, **watched.job.identity())
            watched.next_beat_at = self._clock.now() + timedelta(seconds=limits.HEARTBEAT_SECONDS)
