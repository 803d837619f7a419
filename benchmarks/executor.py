"""The executor's use case as the benchmarks run it: the production code with a target that does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.executor.commit_outcome import CommitOutcome
from functions.executor.execute_job import ExecuteJob
from functions.executor.heartbeat import Heartbeats
from functions.executor.targets.protocol import Answer, Call, Deadline
from shared.adapters.memory.outputs import MemoryOutputs
from shared.adapters.system import SystemClock, SystemIds
from shared.model.job import Sharding
from shared.model.retention import Retention

if TYPE_CHECKING:
    from functions.executor.gates.breaker import BreakerGate
    from shared.ports.jobs import JobStore
    from shared.ports.queue import WorkQueue
    from shared.ports.telemetry import Telemetry


class NoOp:
    """A target that does nothing, and puts out the reference job's 120 bytes."""

    def call(self, call: Call, deadline: Deadline) -> Answer:
        del call, deadline
        return Answer(b"o" * 120)


def no_op_executor(
    jobs: JobStore, queue: WorkQueue, telemetry: Telemetry, breakers: BreakerGate | None = None
) -> ExecuteJob:
    clock, ids, target = SystemClock(), SystemIds(), NoOp()
    return ExecuteJob(
        jobs=jobs,
        queue=queue,
        clock=clock,
        ids=ids,
        lease=Heartbeats(jobs=jobs, clock=clock, telemetry=telemetry),
        target_of=lambda kind: target,
        commit=CommitOutcome(
            jobs=jobs,
            outputs=MemoryOutputs(),
            clock=clock,
            ids=ids,
            telemetry=telemetry,
            sharding=Sharding(due=1, group=1),
            retention=Retention.alike(30),
        ),
        telemetry=telemetry,
        gates=() if breakers is None else (breakers,),
        observers=() if breakers is None else (breakers,),
    )
