from __future__ import annotations

import pytest

from shared import every_shard
from shared.every_shard import on_every_shard
from shared.model.errors import StoreUnavailable
from shared.model.lanes import DueShard, due_shards

SHARDS = due_shards(8)


def test_work_is_done_for_each_shard_and_answered_in_order() -> None:
    assert on_every_shard(str, SHARDS) == [str(shard) for shard in SHARDS]


def test_a_shard_that_fails_is_told_when_the_others_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(every_shard, "_PARALLEL", 1)
    done: list[DueShard] = []

    def work(shard: DueShard) -> None:
        if shard == SHARDS[0]:
            raise StoreUnavailable("throttled", outcome_unknown=False)
        done.append(shard)

    with pytest.raises(StoreUnavailable):
        on_every_shard(work, SHARDS)

    assert done == SHARDS[1:]
