"""What a maintenance window costs, in the units that DynamoDB bills, as the emulator of `make run` counts them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions.executor.commit_outcome import CommitOutcome
from functions.executor.execute_job import ExecuteJob, ReceivedHint
from functions.executor.gates.known_windows import KnownWindows
from functions.executor.gates.maintenance_window import MaintenanceWindowGate
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.adapters.dynamodb.maintenance_windows import DynamoMaintenanceWindows
from shared.adapters.memory.clock import SeededIds, VirtualClock
from shared.adapters.memory.outputs import MemoryOutputs
from shared.adapters.memory.queue import MemoryWorkQueue
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.model.lifecycle import Status
from shared.model.maintenance_window import Effect, Scope
from shared.ports.queue import Hint
from tests.aws import CONTROL_TABLE, JOBS_TABLE, create_tables
from tests.billed_units import billed_units
from tests.emulator import emulated_dynamodb, keep_what_has_ended
from tests.jobs import RETENTION, SHARDING, START, a_job
from tests.unit.scheduler import PLACE, NoHeartbeats, ScriptedTarget
from tests.windows import a_window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.model.job import Job


class Metered:
    """An executor on the emulator's tables; `units` are those that it has taken since they were last cleared."""

    def __init__(self, dynamodb: Any) -> None:
        self.units = billed_units(dynamodb)
        self.clock, self.telemetry = VirtualClock(START), RecordedTelemetry()
        self.jobs = DynamoJobStore(dynamodb, JOBS_TABLE)
        self.windows = DynamoMaintenanceWindows(dynamodb, CONTROL_TABLE)
        known = KnownWindows(self.windows, self.clock, self.telemetry)
        self.execute_job = ExecuteJob(
            jobs=self.jobs,
            queue=MemoryWorkQueue(self.clock),
            clock=self.clock,
            ids=SeededIds(),
            lease=NoHeartbeats(),
            target_of=lambda _: ScriptedTarget(),
            commit=CommitOutcome(
                jobs=self.jobs,
                outputs=MemoryOutputs(),
                clock=self.clock,
                ids=SeededIds(),
                telemetry=self.telemetry,
                sharding=SHARDING,
                retention=RETENTION,
            ),
            telemetry=self.telemetry,
            gates=(MaintenanceWindowGate(known, self.clock, PLACE),),
        )

    def create(self, number: int) -> Job:
        return self.jobs.create(a_job(job_id=f"job-{number}")).job

    def execute(self, job: Job) -> Job:
        """The job as it is left, which is read without being counted."""
        assert job.wake_at is not None
        hint = Hint(job.tenant, job.id, job.wake_at)
        self.execute_job(ReceivedHint(hint, job.lane, "receipt"), seconds_left=lambda: 120)
        taken = self.units.copy()
        left = self.jobs.get(job.key)
        self.units.clear()
        self.units.update(taken)
        return left


@pytest.fixture
def metered() -> Iterator[Metered]:
    with emulated_dynamodb() as dynamodb:
        create_tables(dynamodb)
        keep_what_has_ended(dynamodb, JOBS_TABLE)
        yield Metered(dynamodb)


def test_each_look_at_a_held_job_costs_four_write_units(metered: Metered) -> None:
    metered.windows.create_window(a_window())
    held = metered.create(1)
    for _ in range(3):
        metered.units.clear()

        held = metered.execute(held)

        assert held.status is Status.SCHEDULED
        assert metered.units["write"] == 4
        assert held.wake_at is not None
        metered.clock.advance((held.wake_at - metered.clock.now()).total_seconds())


def test_a_skipped_job_costs_as_much_as_one_that_runs(metered: Metered) -> None:
    runs = metered.create(1)
    metered.units.clear()
    assert metered.execute(runs).status is Status.SUCCEEDED
    assert metered.units["write"] == 3

    metered.windows.create_window(a_window(effect=Effect.SKIP))
    metered.clock.advance(10)
    skipped = metered.create(2)
    metered.units.clear()
    assert metered.execute(skipped).status is Status.SKIPPED
    assert metered.units["write"] == 3


def test_jobs_that_no_window_is_about_pay_one_read_in_ten_seconds_together(metered: Metered) -> None:
    metered.windows.create_window(a_window(scope=Scope(tags={"team": "payroll"})))
    jobs = [metered.create(number) for number in range(100)]
    metered.units.clear()

    for job in jobs:
        metered.execute(job)

    assert metered.units == {"read": 1, "write": 300}
