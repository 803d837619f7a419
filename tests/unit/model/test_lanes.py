from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model import limits
from shared.model.lanes import DueShard, Lane, Priority, due_shards, lane_of, spread, watched_shards


@pytest.mark.parametrize("priority", Priority)
def test_a_short_job_goes_by_its_priority_and_a_long_one_by_its_length(priority: Priority) -> None:
    assert lane_of(priority, limits.SHORT_JOB_SECONDS) == priority.value
    assert lane_of(priority, limits.SHORT_JOB_SECONDS + 1) is Lane.LONG


def test_no_job_takes_longer_than_its_lane_allows() -> None:
    for timeout in (limits.MIN_TIMEOUT_SECONDS, 60, 61, limits.MAX_TIMEOUT_SECONDS):
        for priority in Priority:
            assert timeout <= lane_of(priority, timeout).max_job_seconds


@given(st.sampled_from(Lane), st.integers(0, 999))
def test_a_shard_is_read_as_it_was_written(lane: Lane, number: int) -> None:
    shard = DueShard(lane, number)

    assert DueShard.parse(str(shard)) == shard


def test_a_shard_is_written_with_its_lane_first() -> None:
    # The claim's condition asks whether the shard begins with the lane.
    assert str(DueShard(Lane.HIGH, 3)) == "high#03"


def test_what_only_the_watcher_looks_at_goes_through_no_queue() -> None:
    shard = DueShard(None, 7)

    assert str(shard) == "watch#07"
    assert DueShard.parse("watch#07") == shard
    assert shard in watched_shards(8)
    assert shard not in due_shards(8)
    with pytest.raises(LookupError):
        _ = shard.queue


def test_every_lane_has_every_shard_once() -> None:
    shards = due_shards(3)

    assert len(shards) == len(set(shards)) == 3 * len(Lane)


def test_spreading_is_the_same_in_every_process() -> None:
    assert [spread(f"acme#{number}", 8) for number in range(6)] == [1, 7, 5, 3, 0, 6]


@given(st.text(), st.integers(1, 64))
def test_spreading_stays_within_the_buckets(key: str, buckets: int) -> None:
    assert 0 <= spread(key, buckets) < buckets


def test_spreading_leaves_no_bucket_empty_or_crowded() -> None:
    counts = [0] * 8
    for number in range(8_000):
        counts[spread(f"acme#job-{number}", 8)] += 1

    assert min(counts) > 850
    assert max(counts) < 1_150
