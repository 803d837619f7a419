from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions.watcher.each_minute import EachMinute
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.model.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.watcher.each_minute import SecondsLeft


def done(seconds_left: SecondsLeft) -> Mapping[str, Any]:
    return {"seconds": seconds_left()}


def broken(seconds_left: SecondsLeft) -> Mapping[str, Any]:
    del seconds_left
    raise StoreUnavailable("the table is away", outcome_unknown=False)


def test_steps_take_their_turns_and_leave_time_to_those_behind_them() -> None:
    each_minute = EachMinute({"one": done, "two": done, "three": done}, RecordedTelemetry())

    assert each_minute(lambda: 60.0) == {"one": {"seconds": 50.0}, "two": {"seconds": 55.0}, "three": {"seconds": 60.0}}


def test_a_step_that_fails_keeps_no_other_from_its_turn_and_the_minute_counts_as_failed() -> None:
    telemetry, turns = RecordedTelemetry(), []

    def last(seconds_left: SecondsLeft) -> Mapping[str, Any]:
        turns.append(seconds_left())
        return {}

    with pytest.raises(StoreUnavailable):
        EachMinute({"broken": broken, "last": last}, telemetry)(lambda: 60.0)

    assert turns == [60.0]
    ((action, facts),) = telemetry.notes
    assert (action, facts["step"]) == ("step_failed", "broken")
