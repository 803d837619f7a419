"""What it costs that each tenant has a retention of its own, in units that DynamoDB bills, as the emulator counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions.executor.commit_outcome import CommitOutcome
from functions.executor.targets.protocol import Answer
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.adapters.dynamodb.tenant_retentions import TENANT_RETENTIONS
from shared.adapters.dynamodb.versioned import DynamoVersionedStore
from shared.adapters.memory.clock import SeededIds, VirtualClock
from shared.adapters.memory.outputs import MemoryOutputs
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.adapters.tenant_retentions import KnownRetentions
from shared.model import moves
from shared.model.lifecycle import Status
from shared.model.tenant_retention import TenantRetention
from tests.aws import CONTROL_TABLE, JOBS_TABLE, create_tables
from tests.billed_units import billed_units
from tests.emulator import emulated_dynamodb, keep_what_has_ended
from tests.jobs import RETENTION, SHARDING, START, TENANT, a_job
from tests.retentions import BOUNDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.model.job import Job


class Metered:
    """Jobs on the emulator's tables, created, claimed and ended as an executor does; `units` are what that takes."""

    def __init__(self, dynamodb: Any) -> None:
        self.units = billed_units(dynamodb)
        self.clock, self.telemetry = VirtualClock(START), RecordedTelemetry()
        self.jobs = DynamoJobStore(dynamodb, JOBS_TABLE)
        self.said = DynamoVersionedStore(dynamodb, CONTROL_TABLE, TENANT_RETENTIONS)
        self.commit = CommitOutcome(
            jobs=self.jobs,
            outputs=MemoryOutputs(),
            clock=self.clock,
            ids=SeededIds(),
            telemetry=self.telemetry,
            sharding=SHARDING,
            retention=KnownRetentions(
                lambda: self.said, default=RETENTION, bounds=BOUNDS, clock=self.clock, telemetry=self.telemetry
            ),
        )

    def run(self, number: int) -> Job:
        job = self.jobs.create(a_job(job_id=f"job-{number}")).job
        assert job.wake_at is not None
        claim = moves.claim(lane=job.lane, wake_at=job.wake_at, claim_id="claim", now=self.clock.now())
        claimed = self.jobs.change_and_get(job.key, claim)
        self.commit(claimed, Answer(b"done"), cancelled=False)
        return job


@pytest.fixture
def metered() -> Iterator[Metered]:
    with emulated_dynamodb() as dynamodb:
        create_tables(dynamodb)
        keep_what_has_ended(dynamodb, JOBS_TABLE)
        yield Metered(dynamodb)


def test_jobs_take_six_write_units_as_before_and_one_read_a_minute_together(metered: Metered) -> None:
    metered.said.create(TenantRetention.unsaid(TENANT).saying({Status.SUCCEEDED: 2}, by="key", now=START))
    metered.units.clear()

    jobs = [metered.run(number) for number in range(100)]

    assert metered.units == {"read": 1, "write": 600}
    ended = metered.jobs.get(jobs[-1].key)
    assert ended.expire_item_at is not None
    assert (ended.expire_item_at - ended.created_at).days == 3
    metered.clock.advance(60)
    metered.units.clear()
    metered.run(101)
    assert metered.units == {"read": 1, "write": 6}


def test_a_tenant_that_says_nothing_costs_half_a_read_or_one(metered: Metered) -> None:
    metered.units.clear()

    for number in range(10):
        metered.run(number)

    assert metered.units["write"] == 60
    assert metered.units["read"] <= 1
