"""`python -m benchmarks.million` for six seconds, at a tenth of the rate and under a tenth of the limits: what is
counted there is asserted here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from benchmarks.load_run import Load, Run
from benchmarks.load_table import Partitions, Throttled
from benchmarks.million import TENTH
from shared.model.lifecycle import Status

if TYPE_CHECKING:
    from benchmarks.load_figures import Figures


@pytest.fixture(scope="module")
def enough() -> Figures:
    """Two populators side by side: here, with one page a shard, both send every job."""
    return Run(replace(TENTH, populators=2, table_partitions=128))()


def test_every_job_is_claimed_and_run_exactly_once(enough: Figures) -> None:
    assert enough.claims == {1: TENTH.jobs}
    assert enough.calls == TENTH.jobs
    assert enough.statuses == {Status.SUCCEEDED: TENTH.jobs}


def test_none_starts_early_and_the_late_ones_are_late_by_less_than_asked(enough: Figures) -> None:
    assert enough.early == 0
    assert len(enough.lateness) == TENTH.jobs
    assert enough.late_ms(0.5) <= 20
    assert enough.late_ms(0.99) <= 300


def test_none_is_throttled_with_64_shards(enough: Figures) -> None:
    assert enough.throttled_creations == 0
    assert enough.running.throttled == {}


def test_a_job_takes_six_write_units_and_one_for_each_message_too_many(enough: Figures) -> None:
    assert enough.messages > TENTH.jobs
    assert enough.units.total() == 6 * TENTH.jobs + (enough.messages - TENTH.jobs)


def test_16_shards_are_too_few_and_every_job_still_runs_once() -> None:
    figures = Run(replace(TENTH, due_shards=16))()

    assert figures.running.throttled["due write"] > 0
    assert figures.running.throttled["table write"] == 0
    assert figures.claims == {1: TENTH.jobs}


def test_outcomes_that_cannot_be_written_for_long_repeat_effects_and_lose_no_job() -> None:
    figures = Run(replace(TENTH, jobs=2_000, over_seconds=1, due_shards=1, at_most_minutes=60))()

    assert figures.calls > 2_000
    assert figures.statuses.total() == 2_000
    assert set(figures.statuses) <= {Status.SUCCEEDED, Status.FAILED}


def test_too_few_executors_are_late_and_never_early() -> None:
    figures = Run(replace(TENTH, concurrency=10))()

    assert figures.most_executors == 10
    assert figures.late_ms(0.5) > 20
    assert figures.early == 0
    assert figures.claims == {1: TENTH.jobs}


def test_creating_faster_than_the_group_index_takes_it_is_throttled() -> None:
    slow = Load(jobs=4_000, over_seconds=1, due_shards=64, group_shards=4, created_per_second=3_200)
    fast = replace(slow, created_per_second=4_400)

    assert Run(slow).create().throttled_creations == 0
    assert Run(fast).create().throttled_creations > 0


def test_a_partition_gives_its_units_once_in_a_second_and_again_in_the_next() -> None:
    partitions = Partitions(of_table=1, of_index=None, scale=10)
    place = ("table", "acme#1", 60)

    partitions.take_writes(7, [place])
    with pytest.raises(Throttled):
        partitions.take_writes(7, [("due", "normal#00", 1), place])
    partitions.take_writes(8, [place])

    assert partitions.phase.throttled == {"table write": 1}
    assert partitions.phase.busiest == {"table write": 60}
