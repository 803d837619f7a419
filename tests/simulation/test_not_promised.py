"""What is not promised, and how bad it gets: small stories that are played to their end."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.model.lifecycle import Status
from tests.jobs import a_job
from tests.simulation.crash_points import TAKES_45_SECONDS, Story
from tests.simulation.faults import FAIR, MINUTE, Faults, Spell, Weather
from tests.simulation.kernel import Kernel
from tests.simulation.run import Run
from tests.simulation.scenario import Scenario, Wish
from tests.simulation.store import USUAL_LAG_MS, SimulatedJobStore

if TYPE_CHECKING:
    from shared.model.execution import Execution
    from shared.model.job import Job

THE_EXECUTOR_DIES = "executor-1 call 3: crash_before"


def ended(run: Run) -> Job:
    (job,) = run.cloud.jobs.all_jobs()
    return job


def attempts(run: Run) -> list[Execution]:
    return list(ended(run).executions)


def test_an_effect_may_happen_more_than_once() -> None:
    died_before_it_was_written_down = "executor-1 call 5: crash_before"

    run = Story("success", "executor-1").run(died_before_it_was_written_down)

    (effects,) = run.observed.effects.values()
    assert [one.fence for one in effects] == [1, 2]
    assert [one.outcome for one in attempts(run)] == ["lost", "succeeded"]


def test_after_the_death_of_its_executor_a_job_is_tried_again_within_a_lease_and_two_sweeps() -> None:
    first, second = attempts(Story("success", "executor-1").run(THE_EXECUTOR_DIES))

    assert timedelta(seconds=60) < second.started_at - first.started_at < timedelta(seconds=60 + 2 * 60 + 5)


def test_a_running_job_learns_of_a_cancel_with_its_next_heartbeat() -> None:
    story = Story("cancel", "executor-1", (Status.CANCELLED,), url=TAKES_45_SECONDS, actions=((3_000, "cancel"),))

    job = ended(story.run())

    assert job.cancel_requested_at is not None
    assert job.ended_at is not None
    assert timedelta(seconds=10) < job.ended_at - job.cancel_requested_at < timedelta(seconds=25)


def test_a_job_starts_late_while_the_queues_are_away_and_starts_all_the_same() -> None:
    (first,) = attempts(Story("late", "executor-1", spells=(Spell(Weather.QUEUE_AWAY, 0, 30 * MINUTE),)).run())

    assert first.outcome == "succeeded"
    assert first.started_at - ended(Story("on time", "executor-1").run()).run_at > timedelta(minutes=30)


def test_jobs_of_one_second_start_in_any_order() -> None:
    def order(seed: int) -> list[int]:
        target = {"type": "http", "url": "https://example.com/0/ok"}
        wishes = [Wish("acme", number, {"target": target, "delay": "90s"}, f"{number}", 1, ()) for number in range(5)]
        run = Run(seed, Scenario(wishes, FAIR, faults_end=0, skew_ms=0))
        run.begin()
        run.settle()
        began = [effect for (effect,) in run.observed.effects.values()]
        created = sorted(run.observed.accepted.items(), key=lambda one: one[1])
        places = {key: place for place, (key, _) in enumerate(created)}
        return [places[effect.key] for effect in sorted(began, key=lambda one: one.began_at)]

    assert len({tuple(order(seed)) for seed in range(10)}) > 1


def test_a_list_may_lag_behind_and_a_single_job_does_not() -> None:
    kernel = Kernel(0)
    store = SimulatedJobStore(kernel, Faults(0, FAIR), on_write=lambda before, after: None)
    job = store.create(a_job()).job

    def listed() -> list[str]:
        assert job.group_pk is not None
        return [one.job_id for one in store.list_group(job.group_pk, before="~", not_before="", limit=10)]

    assert listed() == []
    assert store.get(job.key) == job
    kernel.now += USUAL_LAG_MS
    assert listed() == [job.id]
