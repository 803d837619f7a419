"""A target is down for minutes: its breaker opens, few attempts are burned, and all jobs succeed once it is back."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from shared.model.breaker import BreakerSettings
from shared.model.lifecycle import Status
from tests.simulation.faults import MINUTE, SECOND, Climate, Fault, Spell, Weather
from tests.simulation.ports import START
from tests.simulation.run import Run
from tests.simulation.scenario import Scenario, Wish

if TYPE_CHECKING:
    from shared.model.job import Job

JOBS = 240
BEGINS, BACK = 1 * MINUTE, 6 * MINUTE
SETTINGS = BreakerSettings()
# Jobs come up at one a second, and a call of nobody takes no time.
IN_FLIGHT = 5


def outage(seed: int, climate: Climate, *, jobs: int = JOBS) -> Run:
    """Jobs come up each second from half a minute before the target goes down; they have three attempts, 15 s apart, so
    that none has lost them all before the breaker is open."""
    target = {"type": "http", "url": "https://example.com/20/ok"}
    body = {"target": target, "delay": "30s", "retry": {"backoff": "fixed", "initial": "15s"}}
    wishes = [Wish("acme", number * SECOND, body, f"key {number}", 1, ()) for number in range(jobs)]
    run = Run(seed, Scenario(wishes, climate, faults_end=BACK, skew_ms=0))
    run.begin()
    run.go_on(BACK)
    run.faults.stop()
    run.settle()
    return run


def failures(job: Job) -> int:
    return sum(one.error_type == "connection_failed" for one in job.executions)


@pytest.mark.parametrize("seed", range(3))
def test_attempts_are_burned_to_open_the_breaker_and_as_probes_and_no_others(seed: int) -> None:
    run = outage(seed, Climate(spells=[Spell(Weather.TARGET_DOWN, BEGINS, BACK)]))

    stored = run.cloud.jobs.all_jobs()
    assert run.result().broken is None
    assert Counter(job.status for job in stored) == {Status.SUCCEEDED: JOBS}
    # After 10, 20, 40, 80 and 120 seconds.
    assert sum(map(failures, stored)) <= SETTINGS.minimum_calls + IN_FLIGHT + 5
    (opened, closed) = run.cloud.world.breakers.changes(since=START, limit=9)
    assert opened.calls.failures >= SETTINGS.failure_ratio * opened.calls.all
    assert closed.version > opened.version


def test_what_waited_is_let_go_over_time_and_not_at_once() -> None:
    run = outage(0, Climate(spells=[Spell(Weather.TARGET_DOWN, BEGINS, BACK)]))

    starts = [one.began_at for effects in run.observed.effects.values() for one in effects if one.began_at >= BACK]
    in_each_second = Counter(start // SECOND for start in starts)
    assert len(starts) > JOBS / 2
    assert max(in_each_second.values()) <= 10


def test_while_it_is_open_no_call_is_made_but_by_probes() -> None:
    run = outage(0, Climate(spells=[Spell(Weather.TARGET_DOWN, BEGINS, BACK)]))

    opened, closed = (
        round((change.changed_at - START) / timedelta(milliseconds=1))
        for change in run.cloud.world.breakers.changes(since=START, limit=9)
    )
    probed = [line for line in run.kernel.log if "breaker_probed" in line]
    # What was under way when it opened has begun within the time that a claim and a few reads take.
    begun = [
        one.began_at
        for effects in run.observed.effects.values()
        for one in effects
        if opened + SECOND < one.began_at < closed
    ]
    assert len(begun) == len(probed)


@pytest.mark.parametrize("seed", range(5))
def test_in_bad_weather_too_all_jobs_end_as_promised(seed: int) -> None:
    climate = Climate(
        calls=0.05,
        messages=0.1,
        events=0.1,
        kinds=[Fault.CRASH_AFTER, Fault.THROTTLED, Fault.FROZEN],
        spells=[Spell(Weather.TARGET_DOWN, BEGINS, BACK)],
    )

    run = outage(seed, climate, jobs=40)

    assert run.result().broken is None
    assert any("put_breaker" in line for line in run.kernel.log)
