"""The sweep: whatever is past its time and still has not moved is looked at, and set in motion again.

Lost messages are sent again, and attempts whose lease ran out are written down as lost. Nothing else in the system has
to be reliable for a job not to be lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from functions.watcher.thresholds import passes_threshold
from shared.every_shard import OnEveryShard, on_every_shard
from shared.model import limits, long_work, moves
from shared.model.cursor import SweepCursor
from shared.model.errors import ChangeRefused, StoreUnavailable
from shared.model.job import Job, JobKey, Sharding, epoch_ms, from_epoch_ms
from shared.model.lanes import DueShard, watched_shards
from shared.model.lifecycle import Move, Status
from shared.ports.jobs import DueEntry
from shared.ports.queue import Hint
from shared.ports.telemetry import METRIC_OF, Metric

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.dispatch import Dispatch
    from shared.model.change import Change
    from shared.model.lanes import Lane
    from shared.ports.clock import Clock, Ids
    from shared.ports.control import CursorStore
    from shared.ports.jobs import JobStore
    from shared.ports.retentions import Retentions
    from shared.ports.telemetry import Telemetry

RESEND_AFTER_SECONDS: Final = 90
"""A job is sent again each time its age passes this, doubled: at most 11 messages in a day of backlog."""

# What is to be sent and is younger needs nothing: its lease cannot be over, and its message is not late. Where nothing
# is sent, an entry's time is when a lease may be over.
_YOUNGEST: Final = timedelta(seconds=limits.LEASE_SECONDS)
# So long after its end by this clock a lease is over by any. (Times are whole milliseconds.)
_SKEW: Final = timedelta(seconds=limits.CLOCK_SKEW_SECONDS, milliseconds=1)
_PAGE: Final = 100
_LAST_PAGE_SECONDS: Final = 10
_NEVER: Final = from_epoch_ms(0)


@dataclass(frozen=True, slots=True)
class SweepReport:
    """Entries looked at, messages sent again, attempts reaped; and how late the latest of those jobs is that has not
    started."""

    looked_at: int = 0
    resent: int = 0
    reaped: int = 0
    oldest_due_ms: int = 0

    def __add__(self, other: SweepReport) -> SweepReport:
        return SweepReport(
            self.looked_at + other.looked_at,
            self.resent + other.resent,
            self.reaped + other.reaped,
            max(self.oldest_due_ms, other.oldest_due_ms),
        )


def is_resend_due(wake_at: datetime, *, after: datetime, until: datetime) -> bool:
    """Whether a job's age passes 90 s · 2^k, for any k, in the time (after, until]."""
    return passes_threshold(wake_at, RESEND_AFTER_SECONDS, after=after, until=until)


class OverdueReader(Protocol):
    """Is given what the sweep has read, page by page: `jobs` on behalf of a pass that follows one at `after`, and that
    began at `until`. May raise `StoreUnavailable`."""

    def __call__(self, jobs: Sequence[Job], *, after: datetime, until: datetime) -> None: ...


def _nobody(jobs: Sequence[Job], *, after: datetime, until: datetime) -> None:
    del jobs, after, until


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """One sweep over all shards of the due index.

    It goes on page by page from a cursor of its own to the end and then begins a new pass, so that a crowd at the head
    cannot hide what is behind it. The jobs themselves are read consistently: the index only says where to look.
    """

    jobs: JobStore
    cursors: CursorStore
    dispatch: Dispatch
    clock: Clock
    ids: Ids
    telemetry: Telemetry
    sharding: Sharding
    retention: Retentions
    tell_overdue: OverdueReader = _nobody
    on_every_shard: OnEveryShard = on_every_shard

    def __call__(self, seconds_left: Callable[[], float]) -> SweepReport:
        cursors = self.cursors.sweep_cursors()
        ending: list[Job] = []
        reports = self.on_every_shard(
            lambda shard: self._sweep(shard, cursors.get(shard), seconds_left, ending),
            # The longest ago first: a shard whose pass is complete begins anew, and must not take the time of another.
            sorted(
                watched_shards(self.sharding.due),
                key=lambda shard: cursors[shard].pass_at if shard in cursors else _NEVER,
            ),
        )
        report = sum(reports, SweepReport(reaped=self._reap_ending(ending, seconds_left)))
        for metric, count in (
            (Metric.OVERDUE, report.looked_at),
            (Metric.RESENT, report.resent),
            (Metric.REAPED, report.reaped),
            (Metric.OLDEST_DUE_MS, report.oldest_due_ms),
        ):
            self.telemetry.measure(metric, count)
        return report

    def _sweep(
        self, shard: DueShard, stored: SweepCursor | None, seconds_left: Callable[[], float], ending: list[Job]
    ) -> SweepReport:
        """`ending` takes in the jobs whose lease is over in a moment."""
        cursor = self._pass_to_go_on_with(stored)
        until = cursor.pass_at if shard.lane is None else cursor.pass_at - _YOUNGEST
        report = SweepReport()
        while seconds_left() > _LAST_PAGE_SECONDS:
            after = None if cursor.position is None else DueEntry(*cursor.position)
            page = self.jobs.due(shard, until=until, after=after, limit=_PAGE)
            if not page.entries and cursor.position is None:
                # Nothing is overdue: nothing to remember, so an idle scheduler writes nothing.
                return report
            jobs = self._read(page.entries)
            report += SweepReport(looked_at=len(page.entries)) + self._set_in_motion(shard, jobs, cursor, ending)
            reached = SweepCursor(cursor.pass_at, cursor.previous_pass_at, page.next)
            if not self.cursors.advance_sweep(shard, seen=stored, to=reached):
                self.telemetry.debug("shard_left_to_another", shard=str(shard))
                return report
            # Last: should it take all the time there is, the next sweep goes on behind this page.
            self._tell(jobs, cursor)
            stored = cursor = reached
            if page.next is None:
                break
        return report

    def _pass_to_go_on_with(self, stored: SweepCursor | None) -> SweepCursor:
        if stored is not None and stored.position is not None:
            return stored
        return SweepCursor(self.clock.now(), _NEVER if stored is None else stored.pass_at, None)

    def _read(self, entries: Sequence[DueEntry]) -> Sequence[Job]:
        jobs = self.jobs.get_many([JobKey(one.tenant, one.job_id) for one in entries], consistent=True)
        if missing := {(one.tenant, one.job_id) for one in entries} - {job.key for job in jobs}:
            # Gone since, or a newer version's: that one looks after it.
            tenant, job_id = min(missing)
            self.telemetry.warn("jobs_not_read", jobs=len(missing), tenant=tenant, job_id=job_id)
        return jobs

    def _set_in_motion(
        self, shard: DueShard, jobs: Sequence[Job], cursor: SweepCursor, ending: list[Job]
    ) -> SweepReport:
        now = self.clock.now()
        running = [job for job in jobs if job.status is Status.RUNNING]
        ending += (job for job in running if _is_ending(job, now))
        reaped = sum(self._has_reaped(job) for job in running if not _is_ending(job, now))
        resent = 0 if shard.lane is None else self._send_again(shard.lane, jobs, cursor)
        return SweepReport(resent=resent, reaped=reaped, oldest_due_ms=self._oldest_due_ms(jobs))

    def _oldest_due_ms(self, jobs: Sequence[Job]) -> int:
        due = [job.wake_at for job in jobs if job.status is Status.SCHEDULED and job.wake_at is not None]
        return max(0, epoch_ms(self.clock.now()) - epoch_ms(min(due))) if due else 0

    def _send_again(self, lane: Lane, jobs: Sequence[Job], cursor: SweepCursor) -> int:
        hints = [
            Hint(job.tenant, job.id, job.wake_at)
            for job in jobs
            if job.status is Status.SCHEDULED
            and job.wake_at is not None
            and is_resend_due(job.wake_at, after=cursor.previous_pass_at, until=cursor.pass_at)
        ]
        # What the queue does not take now is sent when its age passes the next threshold.
        unsent = set(self.dispatch(lane, hints))
        for position, hint in enumerate(hints):
            if position not in unsent:
                self.telemetry.note("sent_again", tenant=hint.tenant, job_id=hint.job_id)
        return len(hints) - len(unsent)

    def _tell(self, jobs: Sequence[Job], cursor: SweepCursor) -> None:
        try:
            self.tell_overdue(jobs, after=cursor.previous_pass_at, until=cursor.pass_at)
        except StoreUnavailable as error:
            self.telemetry.warn("overdue_not_told", jobs=len(jobs), error=str(error))
        except Exception as error:
            # Whoever is told does not keep jobs from being set in motion, by no defect.
            self.telemetry.defect("overdue_not_told", error, jobs=len(jobs))

    def _reap_ending(self, ending: Sequence[Job], seconds_left: Callable[[], float]) -> int:
        """How many were lost of those whose lease was over by this clock alone: a moment is waited for the others, or
        these jobs would wait a minute for the next sweep."""
        if not ending or seconds_left() <= _LAST_PAGE_SECONDS + _SKEW.total_seconds():
            return 0
        over_at = max(job.lease_until for job in ending if job.lease_until is not None) + _SKEW
        self.clock.sleep(max((over_at - self.clock.now()).total_seconds(), 0))
        return sum(self._has_reaped(job) for job in ending if seconds_left() > _LAST_PAGE_SECONDS)

    def _has_reaped(self, job: Job) -> bool:
        try:
            return self._look_at_lease(job)
        except Exception as error:
            # A defect about one job must not stand before all others of its shard.
            self.telemetry.defect("lease_left_out", error, **job.identity())
            return False

    def _look_at_lease(self, job: Job) -> bool:
        """Whether the attempt was written down as lost. One whose worker was heard of is looked at again when its lease
        would be over: heartbeats leave the index alone, so that they cost one write unit and not three."""
        now = self.clock.now()
        if moves.lease_is_over(job, now):
            chance, retention = self.ids.chance(), self.retention.of_tenant(job.tenant)
            change = moves.reap(job, now=now, chance=chance, retention=retention, sharding=self.sharding)
            return self._write(job, change, "reap")
        if job.awaiting_since is not None:
            self._write(job, long_work.watch(job), "watch")
        return False

    def _write(self, job: Job, change: Change, what: str) -> bool:
        try:
            self.jobs.change(job.key, change)
        except ChangeRefused:
            # A heartbeat, an outcome or another sweep was faster: the job moves after all.
            self.telemetry.debug(f"{what}_refused", **job.identity())
            return False
        except StoreUnavailable as error:
            # The next pass tries it again; what lies behind it does not wait for that.
            self.telemetry.warn(f"{what}_failed", error=str(error), **job.identity())
            return False
        if change.move is not Move.WATCH:
            self.telemetry.note("reaped", **job.identity(), status=change.set["status"])
            self.telemetry.measure(METRIC_OF[change.move])
        return True


def _is_ending(job: Job, now: datetime) -> bool:
    """Whether the lease of `job` is over by this clock, which may be ahead of others."""
    return job.lease_until is not None and job.lease_until <= now and not moves.lease_is_over(job, now)
