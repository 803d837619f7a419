"""One message's way through the executor: wait for the time, claim, pass the gates, call the target, write down how it
ended."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from functions.executor.gates.protocol import Defer, Skip
from functions.executor.hand_over import nothing
from functions.executor.targets.protocol import Answer, Call, Deadline
from shared.model import moves, next_attempt
from shared.model.errors import ChangeRefused, PayloadUnavailable, StoreUnavailable
from shared.model.execution import Failure
from shared.model.job import JobKey
from shared.model.long_work import awaits_callback
from shared.ports.telemetry import Metric

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from functions.executor.commit_outcome import CommitOutcome
    from functions.executor.gates.protocol import Gate, Observer
    from functions.executor.heartbeat import Watched
    from functions.executor.targets.protocol import Reporting, Target
    from shared.model.job import Job
    from shared.model.lanes import Lane
    from shared.ports.clock import Clock, Ids
    from shared.ports.jobs import JobStore
    from shared.ports.queue import Hint, WorkQueue
    from shared.ports.telemetry import Telemetry

T = TypeVar("T")

# Delays are whole seconds and rounded down, so a message is early by up to one; more than this, and it goes back.
_LONGEST_WAIT_SECONDS: Final = 2
# What a claimed job needs beyond its own time: to commit its outcome, in spite of a throttled table.
_COMMIT_SECONDS: Final = 15
_TRIES: Final = 3
_TRY_AGAIN_SECONDS: Final = 1
_CLAIM_AGAIN_SECONDS: Final = 5
_PUT_BACK_SECONDS: Final = 60


class Verdict(StrEnum):
    """What becomes of a message."""

    DONE = "done"  # deleted: the table knows all that matters
    KEEP = "keep"  # delivered again


class Lease(Protocol):
    def watch(self, job: Job, deadline: Deadline) -> AbstractContextManager[Watched]:
        """Keep the job's lease while the block runs."""
        ...


@dataclass(frozen=True, slots=True)
class ReceivedHint:
    """A message as it was received, and through which lane."""

    hint: Hint
    lane: Lane
    receipt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecuteJob:
    """`target_of` gives the target of a kind, or None for a kind that this version does not know. The first of `gates`
    that is closed decides. `observers` are told how calls ended. `hand_over` gives what a call is handed to report
    with."""

    jobs: JobStore
    queue: WorkQueue
    clock: Clock
    ids: Ids
    lease: Lease
    target_of: Callable[[str], Target | None]
    commit: CommitOutcome
    telemetry: Telemetry
    gates: Sequence[Gate] = ()
    hand_over: Callable[[Job], Reporting | None] = nothing
    observers: Sequence[Observer] = ()

    def __call__(self, message: ReceivedHint, *, seconds_left: Callable[[], float]) -> Verdict:
        """Run the job that `message` hints at, if it is still to be run.

        `seconds_left` tells how long this process may go on; a message whose job might not end in time goes back.
        """
        early = (message.hint.wake_at - self.clock.now()).total_seconds()
        if early > _LONGEST_WAIT_SECONDS:
            return self._give_back(message, math.ceil(early), "early")
        if seconds_left() < max(early, 0) + message.lane.max_job_seconds + _COMMIT_SECONDS:
            return self._give_back(message, 0, "little_time_left")
        self._wait_for(message.hint)
        try:
            job = self._claim(message)
        except StoreUnavailable as error:
            # If the claim was applied after all, its lease runs out and the attempt is written down as lost.
            self.telemetry.warn("claim_failed", error=str(error), **_identity(message.hint))
            return self._give_back(message, _CLAIM_AGAIN_SECONDS, "claim_failed")
        if job is not None and next_attempt.is_out_of_time(job, self.clock.now()):
            self.commit(job, Answer(failure=next_attempt.OUT_OF_TIME), cancelled=False)
        elif job is not None and self._passes(job):
            self._run(job)
        return Verdict.DONE

    def _wait_for(self, hint: Hint) -> None:
        # A loop, since a sleep may end early by a clock that is being adjusted: never before the time.
        while (early := (hint.wake_at - self.clock.now()).total_seconds()) > 0:
            self.clock.sleep(early)

    def _give_back(self, message: ReceivedHint, seconds: int, why: str) -> Verdict:
        self.queue.give_back(message.lane, message.receipt, seconds)
        self.telemetry.debug("given_back", why=why, seconds=seconds, **_identity(message.hint))
        self.telemetry.measure(Metric.GIVEN_BACK)
        return Verdict.KEEP

    def _claim(self, message: ReceivedHint) -> Job | None:
        """The job, claimed; None when there is nothing to run: moved, claimed by another, ended or too late."""
        hint, claim_id, now = message.hint, self.ids.claim_id(), self.clock.now()
        change = moves.claim(lane=message.lane, wake_at=hint.wake_at, claim_id=claim_id, now=now)
        try:
            return self._try_for_a_while(partial(self.jobs.change_and_get, JobKey(hint.tenant, hint.job_id), change))
        except ChangeRefused as refusal:
            current = refusal.current
            if current is not None and current.claim_id == claim_id:
                # The claim was applied, its answer was lost, and it was sent again.
                return current
            if current is not None and current.wake_at == hint.wake_at:
                reason = moves.why_too_late(current, now)
                if reason is not None:
                    self.commit.too_late(current, reason)
                    return None
        # The usual fate of a message that came twice, or whose job was moved. Its other message, or nobody, runs it.
        self.telemetry.debug("claimed_by_another", status=current and current.status, **_identity(hint))
        self.telemetry.measure(Metric.CLAIMED_BY_ANOTHER)
        return None

    def _try_for_a_while(self, call: Callable[[], T]) -> T:
        # A claim that was applied unseen would cost the job an attempt; sent again, it tells. What cannot be read at
        # once would make it a minute late.
        for _ in range(_TRIES - 1):
            try:
                return call()
            except StoreUnavailable:
                self.clock.sleep(_TRY_AGAIN_SECONDS)
        return call()

    def _passes(self, job: Job) -> bool:
        """Whether all gates are open for the claimed job; otherwise it has been put back or ended."""
        for gate in self.gates:
            match gate.ask(job):
                case Defer(until, reason):
                    self.commit.deferred(job, until=until, reason=reason)
                    return False
                case Skip(reason):
                    self.commit.declined(job, reason=reason)
                    return False
        return True

    def _run(self, job: Job) -> None:
        due_at, started_at = job.wake_at or job.run_at, job.started_at or self.clock.now()
        lateness_ms = round((started_at - due_at).total_seconds() * 1000)
        kind = str(job.target.get("type"))
        self.telemetry.note("claimed", **job.identity(), target=kind, lateness_ms=lateness_ms)
        self.telemetry.measure(Metric.STARTED)
        self.telemetry.measure(Metric.LATENESS_MS, lateness_ms)
        target = self.target_of(kind)
        if target is None:
            # A newer version wrote it, and one will run it.
            self._put_back(job, "unknown_target_type")
            return
        deadline, answer = Deadline(job.call_seconds), None
        with self.lease.watch(job, deadline) as watched:
            try:
                answer = self._call(target, job, watched)
            except _NotCalled as why:
                self._put_back(job, str(why))
            else:
                self._write_down(job, answer, watched)
        for observer in self.observers:
            observer.answered(job, answer)

    def _put_back(self, job: Job, reason: str) -> None:
        """The target was not called, and that was no attempt."""
        self.commit.deferred(job, until=self.clock.now() + timedelta(seconds=_PUT_BACK_SECONDS), reason=reason)

    def _write_down(self, job: Job, answer: Answer, watched: Watched) -> None:
        # A success is worth a try even then: the work is done, and the fence refuses it if another has the job.
        if watched.lost and answer.failure is not None:
            self.telemetry.warn("given_up", **job.identity())
        elif answer.failure is None and awaits_callback(job):
            self.commit.accepted(job)
        else:
            self.commit(job, answer, cancelled=watched.cancelled)

    def _call(self, target: Target, job: Job, watched: Watched) -> Answer:
        """What the target answered.

        Raises:
            _NotCalled: what the call takes cannot be read now, or took so long that another may have the job.
        """
        try:
            payload = self._try_for_a_while(partial(self.jobs.load_payload, job))
            reporting = self._try_for_a_while(partial(self.hand_over, job))
        except PayloadUnavailable as error:
            return Answer(failure=Failure("payload_unavailable", str(error)))
        except StoreUnavailable as error:
            self.telemetry.warn("call_not_prepared", error=str(error), **job.identity())
            raise _NotCalled("store_unavailable") from None
        if watched.lease_until is None or self.clock.now() >= watched.lease_until:
            raise _NotCalled("lease_over")
        watched.deadline.begin()
        try:
            return target.call(_call_of(job, payload, reporting), watched.deadline)
        except Exception as error:
            self.telemetry.defect("target_defect", error, **job.identity())
            return Answer(failure=Failure("internal_error", f"the target's adapter failed: {type(error).__name__}"))


class _NotCalled(Exception):
    """The target was not called; the message is the word that says why."""


def _identity(hint: Hint) -> dict[str, Any]:
    return {"tenant": hint.tenant, "job_id": hint.job_id}


def _call_of(job: Job, payload: bytes | None, reporting: Reporting | None) -> Call:
    return Call(
        target=job.target,
        payload=payload,
        tenant=job.tenant,
        job_id=job.id,
        job_name=job.name,
        attempt=job.attempt,
        fence=job.fence,
        run_at=job.run_at,
        correlation_id=job.correlation_id or job.id,
        idempotency_key=job.idempotency_key,
        reporting=reporting,
    )
