"""Jobs whose outcome is reported meet everything that the others do; what happens to them is no rarity of some seed."""

from __future__ import annotations

from collections import Counter

from shared.model.execution import Outcome
from shared.model.long_work import awaits_callback
from tests.simulation.faults import FAIR
from tests.simulation.run import Run
from tests.simulation.scenario import Scenario, Wish, scenario_of

HALF_AN_HOUR = {"completion": "callback", "timeout": "30m", "heartbeat_timeout": "60s"}


def run_of(scenario: Scenario, seed: int = 0) -> Run:
    run = Run(seed, scenario)
    run.begin()
    run.go_on(scenario.faults_end)
    run.faults.stop()
    run.settle()
    return run


def test_reports_come_in_time_late_and_not_at_all() -> None:
    outcomes: Counter[Outcome] = Counter()
    told: Counter[str] = Counter()
    for seed in range(80):
        run = run_of(scenario_of(seed), seed)
        assert run.result().broken is None
        for job in run.cloud.jobs.all_jobs():
            if awaits_callback(job):
                outcomes.update(one.outcome for one in job.executions)
                told["checkpoints"] += job.checkpoint_number
        told.update(str(line[2]) for line in run.kernel.log if line[1] == "worker")

    assert min(outcomes[one] for one in Outcome) > 3, outcomes
    assert told["checkpoints"] > 100
    assert told["overtaken"] > 10


def test_in_fair_weather_work_is_done_once_and_its_worker_is_never_lost() -> None:
    body = {"target": {"type": "http", "url": "https://example.com/1200000/ok"}, **HALF_AN_HOUR}
    run = run_of(Scenario([Wish("acme", 0, body, "key", 1, ())], FAIR, faults_end=0, skew_ms=0))

    (job,) = run.cloud.jobs.all_jobs()
    assert [one.outcome for one in job.executions] == [Outcome.SUCCEEDED]
    assert job.checkpoint_number == 1_200 // (3 * 8)
