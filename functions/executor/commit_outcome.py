"""Writes down how an attempt ended: one conditional write under the attempt's fence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from shared.model import limits, long_work, moves
from shared.model.change import is_made_by
from shared.model.errors import ChangeRefused, StoreUnavailable
from shared.model.execution import Outcome, Output
from shared.model.lifecycle import Move
from shared.model.next_attempt import no_later_than_its_end
from shared.ports.telemetry import METRIC_OF, Metric

if TYPE_CHECKING:
    from datetime import datetime

    from functions.executor.targets.protocol import Answer
    from shared.model.change import Change
    from shared.model.job import Job, Sharding
    from shared.ports.clock import Clock, Ids
    from shared.ports.jobs import JobStore
    from shared.ports.outputs import OutputStore
    from shared.ports.retentions import Retentions
    from shared.ports.telemetry import Telemetry

# The effect has happened; an outcome that is not written makes it happen again. So the write is tried for a while.
_TRY_FOR_SECONDS: Final = 12
_TRY_AGAIN_SECONDS: Final = 1.0

_FAILURES: Final = frozenset({Move.RETRY, Move.FAIL, Move.STOP})


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitOutcome:
    """Every method writes once, and takes a refusal for what it is: another has moved the job, whose word stands."""

    jobs: JobStore
    outputs: OutputStore
    clock: Clock
    ids: Ids
    telemetry: Telemetry
    sharding: Sharding
    retention: Retentions

    def __call__(self, job: Job, answer: Answer, *, cancelled: bool) -> Move | None:
        """Commit the attempt that holds `job`; `cancelled` when a client's cancel stopped it.

        Returns the move that was made; None when another attempt has overtaken this one, or the table stayed away.
        """
        now, retention = self.clock.now(), self.retention.of_tenant(job.tenant)
        failure = answer.failure
        # Of an attempt that another follows the job keeps less, so the whole of it has to lie elsewhere sooner.
        inline_bytes = limits.LAST_OUTPUT_BYTES if failure is None else limits.OLDER_OUTPUT_BYTES
        output = self._keep(job, answer.output, inline_bytes)
        if failure is None:
            change = moves.succeed(job, output=output, now=now, retention=retention)
            return self._write(job, change, now)
        stopped = moves.stop(job, now=now, retention=retention, failure=failure, output=output)
        failed = moves.fail(
            job,
            failure,
            now=now,
            chance=self.ids.chance(),
            retention=retention,
            sharding=self.sharding,
            output=output,
        )
        stopped, failed = long_work.unless_accepted(job, stopped), long_work.unless_accepted(job, failed)
        if cancelled:
            return self._write(job, stopped, now, why=failure.type)
        return self._write(job, failed, now, if_cancelled=stopped, why=failure.type)

    def accepted(self, job: Job) -> Move | None:
        """Write down that the target has accepted the work, whose outcome will be reported.

        Returns the move; None when it was not made: the table stayed away, another has the job by now, or the report
        was faster than this, and stands. (Where the worker's first sign of life was, that was this very move.)
        """
        now = self.clock.now()
        return self._write(job, long_work.await_outcome(job, now=now), now)

    def deferred(self, job: Job, *, until: datetime, reason: str) -> None:
        """Put the claimed job back: it cannot run now, and this was not an attempt."""
        now = self.clock.now()
        deferred = moves.defer(job, until=no_later_than_its_end(job, until), reason=reason, now=now)
        stopped = moves.stop(job, now=now, retention=self.retention.of_tenant(job.tenant))
        self._write(job, deferred, now, if_cancelled=stopped, why=reason)

    def declined(self, job: Job, *, reason: str) -> None:
        """End the claimed job without running it: this was not an attempt either."""
        now, retention = self.clock.now(), self.retention.of_tenant(job.tenant)
        declined = moves.decline(job, reason=reason, now=now, retention=retention)
        stopped = moves.stop(job, now=now, retention=retention)
        self._write(job, declined, now, if_cancelled=stopped, why=reason)

    def too_late(self, job: Job, reason: str) -> None:
        """End a job that may not begin any more, for the `reason` that `moves.why_too_late` gives."""
        now, retention = self.clock.now(), self.retention.of_tenant(job.tenant)
        self._write(job, moves.skip(job, reason=reason, now=now, retention=retention), now, why=reason)

    def _keep(self, job: Job, output: bytes, inline_bytes: int) -> Output:
        try:
            return self.outputs.keep(job, output, inline_bytes=inline_bytes)
        except StoreUnavailable as error:
            # The outcome matters more than the rest of its output: the beginning is kept with the job.
            self.telemetry.warn("output_not_kept", error=str(error), **job.identity())
            return Output.beginning_of(output)

    def _write(
        self, job: Job, change: Change, now: datetime, *, if_cancelled: Change | None = None, why: str | None = None
    ) -> Move | None:
        """Carry `change` out; `if_cancelled` instead of it when it is refused since a client wants the job to end."""
        made: Move | None = None
        try:
            self._try_for_a_while(job, change)
            made = change.move
        except ChangeRefused as refusal:
            current = refusal.current
            if current is not None and _is_written(change, job, current):
                # Our own earlier write, whose answer was lost. (The watcher may have written the attempt down as lost:
                # then it is another outcome, and that one stands.)
                made = change.move
            elif current is not None and _is_overtaken_by_report(job, current):
                self.telemetry.debug("reported_before", **job.identity())
                return None
            elif current is not None and current.cancel_requested_at is not None and if_cancelled is not None:
                return self._write(job, if_cancelled, now, why=why)
        except StoreUnavailable as unavailable:
            # The lease runs out, and the attempt is written down as lost.
            self.telemetry.warn("outcome_not_written", error=str(unavailable), **job.identity())
            return None
        self._tell(job, change, made, now, why)
        return made

    def _try_for_a_while(self, job: Job, change: Change) -> None:
        give_up_at = self.clock.now() + timedelta(seconds=_TRY_FOR_SECONDS)
        while True:
            try:
                return self.jobs.change(job.key, change)
            except StoreUnavailable:
                if self.clock.now() >= give_up_at:
                    raise
                self.clock.sleep(_TRY_AGAIN_SECONDS)

    def _tell(self, job: Job, change: Change, made: Move | None, now: datetime, why: str | None) -> None:
        if made is None:
            self.telemetry.warn("outcome_refused", move=change.move, **job.identity())
            self.telemetry.measure(Metric.OUTCOME_REFUSED)
            return
        facts: dict[str, Any] = {"error" if made in _FAILURES else "reason": why} if why else {}
        # That work was accepted is no end of it.
        if made is not Move.AWAIT and job.lease_until is not None and job.started_at is not None:
            facts["duration_ms"] = round((now - job.started_at).total_seconds() * 1000)
            self.telemetry.measure(Metric.DURATION_MS, facts["duration_ms"])
        self.telemetry.note(METRIC_OF[made], **job.identity(), **facts)
        self.telemetry.measure(METRIC_OF[made])


def _is_overtaken_by_report(job: Job, current: Job) -> bool:
    """Whether whoever does the work was heard of before it was known what became of the call: the attempt goes on, or
    its outcome was reported, whether or not the call was answered."""
    ended = current.execution(job.fence)
    goes_on = current.fence == job.fence and current.awaiting_since is not None
    return long_work.awaits_callback(job) and (goes_on or (ended is not None and ended.outcome is not Outcome.LOST))


def _is_written(change: Change, job: Job, current: Job) -> bool:
    if change.move is Move.AWAIT:
        return current.fence == job.fence and current.awaiting_since is not None
    history = change.set.get("executions")
    if history is None:
        return is_made_by(change, job, current)
    # By its place in the history, since the job may have moved on by now.
    written: bool = current.execution(job.fence) == history[-1]
    return written
