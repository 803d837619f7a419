"""Dead letters in memory, and bulk actions that are carried out on them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from functions.watcher.advance_bulk_actions import AdvanceBulkActions
from shared.adapters.memory.bulk_actions import MemoryBulkActions
from shared.adapters.memory.clock import VirtualClock
from shared.adapters.memory.jobs import MemoryJobStore
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.dead_letters.advance_bulk_action import AdvanceBulkAction
from shared.dead_letters.deal_with_dead_letter import DealWithDeadLetter
from shared.dead_letters.find_dead_letters import FindDeadLetters
from shared.model import moves
from shared.model.execution import Output
from shared.model.job import Job, JobKey
from shared.model.lifecycle import Status
from tests.bulk_actions import a_bulk_action
from tests.jobs import NOT_FOUND, RETENTION, SHARDING, TENANT, a_job, at, claimed, failed_once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shared.model.bulk_action import BulkAction
    from shared.model.execution import Failure


def one_after_another(call: Callable[[Any], Any], arguments: Iterable[Any]) -> list[Any]:
    return [call(argument) for argument in arguments]


class DeadLetters:
    """At 1,000 s, when bulk actions are created."""

    def __init__(self) -> None:
        self.jobs = MemoryJobStore()
        self.actions = MemoryBulkActions()
        self.clock = VirtualClock(at(1_000))
        self.telemetry = RecordedTelemetry()

    def fail(self, name: str, *, ended: float = 1, failure: Failure = NOT_FOUND, **spec: Any) -> Job:
        """A stored job that failed for good, so many seconds after it began."""
        job = self.jobs.create(self.jobs.place_payload(a_job(job_id=f"{name:0>12}", **spec))).job
        running = claimed(job)
        self.jobs.change(job.key, moves.claim(lane=job.lane, wake_at=job.wake_at, claim_id="claim-1", now=job.wake_at))
        return self.jobs.change_and_get(job.key, failed_once(running, failure=failure, now=at(ended)))

    def fail_many(self, count: int, **spec: Any) -> list[Job]:
        return [self.fail(f"job{number}", ended=1 + number, **spec) for number in range(count)]

    def begin(self, **asked: Any) -> BulkAction:
        return self.actions.create_bulk_action(a_bulk_action(**asked))

    def advance(self, *, actions: Any = None, jobs: Any = None) -> AdvanceBulkAction:
        jobs = jobs or self.jobs
        return AdvanceBulkAction(
            actions=actions or self.actions,
            jobs=jobs,
            find=FindDeadLetters(jobs, SHARDING.group, one_after_another),
            deal_with=DealWithDeadLetter(jobs=jobs, sharding=SHARDING),
            clock=self.clock,
            telemetry=self.telemetry,
            retention=RETENTION,
            together=one_after_another,
        )

    def watch(
        self, *, actions: Any = None, jobs: Any = None, seconds_left: Callable[[], float] = lambda: 60
    ) -> dict[str, int]:
        """A minute of the watcher."""
        advance = self.advance(actions=actions, jobs=jobs)
        return AdvanceBulkActions(
            actions=actions or self.actions, advance=advance, clock=self.clock, telemetry=self.telemetry
        )(seconds_left)

    def action(self) -> BulkAction:
        return self.actions.get_bulk_action(TENANT, "bulk1")

    def get(self, job: Job) -> Job:
        return self.jobs.get(job.key)

    def end(self, job_id: str, *, well: bool) -> Job:
        """A redriven job has its attempt."""
        waiting = self.jobs.get(JobKey(TENANT, job_id))
        now = max(waiting.wake_at, self.clock.now())
        claim = moves.claim(lane=waiting.lane, wake_at=waiting.wake_at, claim_id="claim-2", now=now)
        running = self.jobs.change_and_get(waiting.key, claim)
        end = (
            moves.succeed(running, output=Output(), now=now, retention=RETENTION)
            if well
            else failed_once(running, failure=NOT_FOUND)
        )
        return self.jobs.change_and_get(waiting.key, end)

    def waiting(self) -> list[Job]:
        return [job for job in self.jobs.all_jobs() if job.status is Status.SCHEDULED]


class Dies(BaseException):
    """The process is killed."""


class DiesBefore:
    """A store whose caller dies at its call number `call` of `method`; the ones before it are carried out."""

    def __init__(self, store: Any, method: str, call: int) -> None:
        self._store, self._method, self._left = store, method, call

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._store, name)
        if name != self._method:
            return attribute

        def counted(*arguments: Any, **keywords: Any) -> Any:
            self._left -= 1
            if self._left < 0:
                raise Dies
            return attribute(*arguments, **keywords)

        return counted


def old_key(job: Job) -> Job:
    """The job with the key that jobs had before there were fingerprints."""
    return replace(job, attention_sk=f"{job.attention_sk[:13]}#{job.id[-8:]}")
