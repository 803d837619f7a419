"""Keeps the leases of running jobs, and learns through the answer when one is lost or a client has cancelled."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from shared.model import limits, moves
from shared.model.errors import ChangeRefused, StoreUnavailable
from shared.ports.telemetry import Metric

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.executor.targets.protocol import Deadline
    from shared.model.job import Job
    from shared.ports.clock import Clock
    from shared.ports.jobs import JobStore
    from shared.ports.telemetry import Telemetry

# How often in a row a beat may fail before the work is stopped: by then the lease is over.
FAILED_BEATS: Final = 3
# After a failed beat the next comes sooner, so that three fit into what is left of the lease.
_AFTER_FAILURE_SECONDS: Final = 5


@dataclass(slots=True)
class Watched:
    """A running attempt: when its lease is to be extended next, and what the last beats have shown.

    `lost`: the lease is another's or could not be kept; nothing may be committed any more. `cancelled`: a client wants
    it to end.
    """

    job: Job
    deadline: Deadline
    next_beat_at: datetime
    failures: int = 0
    lost: bool = False
    cancelled: bool = False


def beat(watched: Watched, *, jobs: JobStore, clock: Clock, telemetry: Telemetry) -> None:
    """Extend one lease, counted from before the call, and stop the work when there is no reason to go on."""
    now = clock.now()
    identity = {"tenant": watched.job.tenant, "job_id": watched.job.id, "fence": watched.job.fence}
    try:
        job = jobs.change_and_get(watched.job.key, moves.heartbeat(watched.job, now=now))
    except ChangeRefused:
        telemetry.warn("lease_lost", **identity)
        watched.lost = True
    except StoreUnavailable as error:
        watched.failures += 1
        watched.next_beat_at = now + timedelta(seconds=_AFTER_FAILURE_SECONDS)
        telemetry.warn("heartbeat_failed", error=str(error), failures=watched.failures, **identity)
        watched.lost = watched.failures >= FAILED_BEATS
    else:
        watched.failures = 0
        watched.next_beat_at = now + timedelta(seconds=limits.HEARTBEAT_SECONDS)
        watched.cancelled = job.cancel_requested_at is not None
    if watched.lost:
        telemetry.measure(Metric.LEASE_LOST)
    if watched.lost or watched.cancelled:
        watched.deadline.stop()


class Heartbeats:
    """Beats for all jobs of a process from one thread, which runs only while there are any."""

    def __init__(self, *, jobs: JobStore, clock: Clock, telemetry: Telemetry) -> None:
        self._jobs = jobs
        self._clock = clock
        self._telemetry = telemetry
        self._watched: list[Watched] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @contextmanager
    def watch(self, job: Job, deadline: Deadline) -> Iterator[Watched]:
        """Keep the lease of `job` while the block runs."""
        watched = Watched(job, deadline, (job.started_at or self._clock.now()) + _INTERVAL)
        with self._changed:
            self._watched.append(watched)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="heartbeats", daemon=True)
                self._thread.start()
            self._changed.notify()
        try:
            yield watched
        finally:
            with self._changed:
                self._watched.remove(watched)
                self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._watched:
                    # Under the lock: a job that comes now finds no thread and starts one.
                    self._thread = None
                    return
                first = min(self._watched, key=lambda one: one.next_beat_at)
                wait = (first.next_beat_at - self._clock.now()).total_seconds()
                if wait > 0:
                    self._changed.wait(wait)
                    continue
            beat(first, jobs=self._jobs, clock=self._clock, telemetry=self._telemetry)
            if first.lost or first.cancelled:
                first.next_beat_at = self._clock.now() + _INTERVAL


_INTERVAL: Final = timedelta(seconds=limits.HEARTBEAT_SECONDS)
