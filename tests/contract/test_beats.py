"""`ports.beats`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.adapters.dynamodb.beats import DynamoBeats
from shared.adapters.memory.beats import MemoryBeats
from shared.model.errors import StoreUnavailable
from tests.aws import CONTROL_TABLE, aws, client, create_tables
from tests.jobs import at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.ports.beats import Beats


@pytest.fixture(params=["memory", "dynamodb"])
def beats(request: pytest.FixtureRequest) -> Iterator[Beats]:
    if request.param == "memory":
        yield MemoryBeats()
        return
    with aws():
        dynamodb = client("dynamodb")
        create_tables(dynamodb)
        yield DynamoBeats(dynamodb, CONTROL_TABLE)


def test_each_shard_has_its_last_time(beats: Beats) -> None:
    beats.note("populator", ["high#00", "low#01"], at(0))
    beats.note("populator", ["low#01"], at(60.125))
    beats.note("watcher", ["sweep"], at(1))

    assert beats.beats() == {
        "populator": {"high#00": at(0), "low#01": at(60.125)},
        "watcher": {"sweep": at(1)},
    }


def test_who_got_through_nothing_says_nothing(beats: Beats) -> None:
    beats.note("populator", [], at(0))

    assert beats.beats() == {}


def test_as_many_shards_as_a_stage_may_have_fit(beats: Beats) -> None:
    shards = {f"{lane}#{number:02d}" for lane in ("high", "normal", "low", "long") for number in range(64)}

    beats.note("populator", shards, at(0))

    assert beats.beats()["populator"].keys() == shards


def test_a_table_that_is_away_is_told() -> None:
    with aws():
        away = DynamoBeats(client("dynamodb"), "no-such-table")

        with pytest.raises(StoreUnavailable):
            away.note("populator", ["high#00"], at(0))
        with pytest.raises(StoreUnavailable):
            away.beats()
