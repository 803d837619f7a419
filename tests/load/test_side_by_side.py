"""Ten thousand jobs, with two ticks, a stream and ten executors at work on them at once: the test that db-scheduler
holds itself to (its `ClusterTests`), with real threads and messages that come twice."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from shared.adapters.memory.jobs import MemoryJobStore
from shared.model.change import applied
from shared.model.lanes import due_shards
from shared.model.lifecycle import Status
from shared.ports.telemetry import Metric
from tests.jobs import SHARDING, at
from tests.load.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.model.change import Change
    from shared.model.job import Job, JobKey

JOBS = 10_000
DUE_SHARDS = due_shards(SHARDING.due)


@pytest.fixture(autouse=True)
def threads_take_short_turns() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    yield
    sys.setswitchinterval(before)


class UnconditionalClaims(MemoryJobStore):
    """A store that lets every claim through."""

    def change_and_get(self, key: JobKey, change: Change) -> Job:
        with self._lock:
            changed = applied(change, self._jobs[key])
            self._write(self._jobs[key], changed)
            return changed


def test_none_of_ten_thousand_jobs_is_run_twice_or_failed_or_left() -> None:
    cluster = Cluster(MemoryJobStore())

    cluster.run(JOBS)

    jobs = cluster.jobs.all_jobs()
    assert Counter(job.status for job in jobs) == {Status.SUCCEEDED: JOBS}
    assert Counter(cluster.target.calls.values()) == {1: JOBS}
    assert {(job.fence, job.attempt, len(job.executions)) for job in jobs} == {(1, 1, 1)}
    assert not any(cluster.jobs.due(shard, until=at(0), after=None, limit=1).entries for shard in DUE_SHARDS)
    assert cluster.queue.messages == []
    assert len(cluster.telemetry.values[Metric.CLAIMED_BY_ANOTHER]) >= JOBS // 10
    assert cluster.telemetry.values[Metric.OUTCOME_REFUSED] == []


def test_a_store_that_lets_every_claim_through_runs_jobs_twice() -> None:
    cluster = Cluster(UnconditionalClaims())

    cluster.run(1_000)

    assert max(cluster.target.calls.values()) > 1
