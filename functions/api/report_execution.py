"""What whoever does the work of an attempt reports, by its lease token: that it lives, how far it is, how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from functions.api.refusals import Refused, WrongState
from shared.model import limits, long_work, moves
from shared.model.checkpoint import Checkpoint
from shared.model.errors import ChangeRefused, JobNotFound
from shared.model.execution import Outcome, Output
from shared.ports.telemetry import METRIC_OF, Metric

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.model.change import Change
    from shared.model.execution import Failure
    from shared.model.job import Job, Sharding
    from shared.model.lease_token import LeaseToken
    from shared.ports.checkpoints import CheckpointStore
    from shared.ports.clock import Clock, Ids
    from shared.ports.jobs import JobStore
    from shared.ports.outputs import OutputStore
    from shared.ports.retentions import Retentions
    from shared.ports.telemetry import Telemetry

# Refused for one of a few reasons, each of which shows in the job that is read then: a cancel, or another report.
_TRIES: Final = 4


class LeaseLost(Refused):
    """The token's attempt does not hold its job, `current`, if there is any such job: who guesses learns nothing."""

    def __init__(self, current: Job | None) -> None:
        detail = "this attempt has ended, or another one has begun: stop the work, nothing of it counts any more"
        super().__init__("lease-lost", detail)
        self.current = current


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportExecution:
    """Every method asks for a token that holds its job, and raises `LeaseLost` otherwise; nothing is changed then."""

    jobs: JobStore
    outputs: OutputStore
    checkpoints: CheckpointStore
    clock: Clock
    ids: Ids
    telemetry: Telemetry
    sharding: Sharding
    retention: Retentions

    def heartbeat(self, token: LeaseToken) -> Job:
        """The job with its lease extended. One that is to be cancelled, or has taken as long as it may, keeps the lease
        that it has: its work is to end within that. The first sign of life of a callback also tells that its target has
        accepted the work."""

        def decide(job: Job) -> Change | None:
            now = self.clock.now()
            if long_work.is_to_be_accepted(job):
                return long_work.await_outcome(job, now=now)
            if now >= long_work.deadline_of(job):
                return None
            if job.cancel_requested_at is not None or long_work.extended_lease(job, now) <= (job.lease_until or now):
                return None
            return moves.heartbeat(job, now=now)

        job = self._change(token, decide)
        if job.awaiting_since is not None and self.clock.now() >= long_work.deadline_of(job):
            raise LeaseLost(job)
        return job

    def load_checkpoint(self, token: LeaseToken) -> Checkpoint | None:
        """What the attempt before, or this one, has left."""
        job = self._held(token)
        return None if job.checkpoint_at is None else self.checkpoints.load(job.key)

    def save_checkpoint(self, token: LeaseToken, data: bytes) -> Job:
        """Keep `data`, JSON text, for the next attempt. It also says that the work goes on, as a heartbeat does."""
        job = self._held(token)
        if long_work.is_to_be_accepted(job):
            job = self.heartbeat(token)
        job = self._change(token, lambda job: long_work.save_checkpoint(job, now=self.clock.now()), job)
        saved_at = job.checkpoint_at or self.clock.now()
        retention = self.retention.of_tenant(job.tenant)
        kept = timedelta(seconds=job.timeout_seconds + limits.MAX_RETRY_DELAY_SECONDS) + retention.longest
        gone_at = (saved_at + kept).replace(microsecond=0)
        checkpoint = Checkpoint(data, job.checkpoint_number, job.attempt, saved_at, gone_at)
        if not self.checkpoints.save(job.key, checkpoint):
            # There is a newer one: this attempt's own, or that of one which has overtaken it.
            self._held(token)
        return job

    def complete(self, token: LeaseToken, output: bytes) -> Job:
        """The job that succeeded. It beats a cancel. Reported once more with the same output, it is answered again."""

        def decide(job: Job) -> Change:
            now, retention = self.clock.now(), self.retention.of_tenant(job.tenant)
            return moves.succeed(job, output=self._keep(job, output, None), now=now, retention=retention)

        return self._end(token, decide, lambda job: _is_reported(job, token, None, output))

    def fail(self, token: LeaseToken, failure: Failure, output: bytes) -> Job:
        """The job whose attempt failed: it waits for another, has failed for good, or is cancelled."""

        def decide(job: Job) -> Change:
            now = self.clock.now()
            return moves.fail(
                job,
                failure,
                now=now,
                chance=self.ids.chance(),
                retention=self.retention.of_tenant(job.tenant),
                sharding=self.sharding,
                output=self._keep(job, output, failure),
            )

        return self._end(token, decide, lambda job: _is_reported(job, token, failure, output))

    def _end(self, token: LeaseToken, decide: Callable[[Job], Change], is_reported: Callable[[Job], bool]) -> Job:
        def end(job: Job) -> Change:
            if not long_work.awaits_callback(job):
                detail = "this job ends with its target's answer: its completion is not callback"
                raise WrongState(job.status, detail)
            return decide(job)

        try:
            job = self._change(token, end)
        except LeaseLost as lost:
            # The answer to this very report was lost, and it comes again.
            if lost.current is None or not is_reported(lost.current):
                raise
            return lost.current
        self.telemetry.note("reported", **job.identity(), status=job.status)
        return job

    def _change(self, token: LeaseToken, decide: Callable[[Job], Change | None], seen: Job | None = None) -> Job:
        """The job after `decide`'s change of it, which is asked again where another write was faster. `seen` is the job
        where it has been read."""
        job = seen or self._held(token)
        for _ in range(_TRIES):
            change = decide(job)
            if change is None:
                return job
            try:
                changed = self.jobs.change_and_get(job.key, change)
            except ChangeRefused as refusal:
                if refusal.current is None or not token.holds(refusal.current):
                    raise LeaseLost(refusal.current) from None
                job = refusal.current
            else:
                self._count(change)
                return changed
        raise Refused("conflict", "the job was changed by others at the same time: try again")

    def _count(self, change: Change) -> None:
        """The end of an attempt, as executors count theirs."""
        executions = change.set.get("executions")
        if executions is not None:
            took = executions[-1].ended_at - executions[-1].started_at
            self.telemetry.measure(Metric.DURATION_MS, round(took.total_seconds() * 1000))
            self.telemetry.measure(METRIC_OF[change.move])

    def _held(self, token: LeaseToken) -> Job:
        try:
            job = self.jobs.get(token.key)
        except JobNotFound:
            raise LeaseLost(None) from None
        if not token.holds(job):
            raise LeaseLost(job)
        return job

    def _keep(self, job: Job, output: bytes, failure: Failure | None) -> Output:
        inline_bytes = limits.LAST_OUTPUT_BYTES if failure is None else limits.OLDER_OUTPUT_BYTES
        return self.outputs.keep(job, output, inline_bytes=inline_bytes)


def _is_reported(job: Job, token: LeaseToken, failure: Failure | None, output: bytes) -> bool:
    """Whether the attempt ended with this very report, and no other has begun: by the token's receipt, the outcome, the
    error, and as much of the output as the job has."""
    ended = job.execution(token.fence)
    if ended is None or job.fence != token.fence or ended.receipt != token.receipt:
        return False
    outcomes = {Outcome.SUCCEEDED} if failure is None else {failure.outcome, Outcome.CANCELLED}
    return (
        ended.outcome in outcomes
        and ended.error_type == (None if failure is None else failure.type)
        and ended.output.size_bytes == len(output)
        and Output.beginning_of(output).text.startswith(ended.output.text)
    )
