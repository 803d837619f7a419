"""Whether the scheduler itself goes on: how long ago each part of it got through, and how long ago the canary sang."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from shared.model.canary import CANARY_ID, LOOKED_AT, SYSTEM_TENANT, canary_age
from shared.model.job import JobKey, epoch_ms, template_partition
from shared.ports.beats import POPULATOR, RECURRENCE, WATCHER
from shared.ports.telemetry import Metric

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from shared.ports.beats import Beats
    from shared.ports.clock import Clock
    from shared.ports.jobs import JobStore
    from shared.ports.telemetry import Telemetry

_AGES: Final = {POPULATOR: Metric.TICK_AGE_MS, RECURRENCE: Metric.EXPANSION_AGE_MS}
# What a function that runs each minute may take; then it is worth a line with the shards that are behind.
_LATE_MS: Final = 150_000
# A little less than the end of time: the sort keys of a group's entries begin with digits.
_AFTER_ALL: Final = "~"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureProgress:
    """What it measures is what alarms look at: when it measures nothing, because it does not run, they sound too."""

    beats: Beats
    jobs: JobStore
    clock: Clock
    telemetry: Telemetry

    def __call__(self) -> dict[str, int]:
        """The ages in milliseconds, by their metrics; those that are not known yet are left out.

        Raises:
            StoreUnavailable: a table did not answer.
        """
        now = self.clock.now()
        beats = self.beats.beats()
        ages = {metric: self._age(function, beats.get(function, {}), now) for function, metric in _AGES.items()}
        ages[Metric.CANARY_AGE_MS] = self._canary(now)
        known = {metric: age for metric, age in ages.items() if age is not None}
        for metric, age in known.items():
            self.telemetry.measure(metric, age)
        self.beats.note(WATCHER, ["minute"], now)
        return {metric.value: age for metric, age in known.items()}

    def _age(self, function: str, shards: Mapping[str, datetime], now: datetime) -> int | None:
        """The age of the shard that is furthest behind."""
        if not shards:
            return None
        ages = {shard: _milliseconds(at, now) for shard, at in shards.items()}
        late = {shard: age for shard, age in ages.items() if age >= _LATE_MS}
        if late:
            self.telemetry.warn("shards_behind", function=function, ages_ms=late)
        return max(ages.values())

    def _canary(self, now: datetime) -> int | None:
        partition = template_partition(SYSTEM_TENANT, CANARY_ID)
        # Jobs lie half an hour ahead: what is listed begins with those that are due.
        entries = self.jobs.list_group(
            partition, before=f"{epoch_ms(now):013d}{_AFTER_ALL}", not_before="0", limit=LOOKED_AT
        )
        jobs = self.jobs.get_many([JobKey(one.tenant, one.job_id) for one in entries], consistent=False)
        age = canary_age(jobs, now)
        return None if age is None else round(age.total_seconds() * 1000)


def _milliseconds(at: datetime, now: datetime) -> int:
    # Clocks differ by a little.
    return max(0, round((now - at).total_seconds() * 1000))
