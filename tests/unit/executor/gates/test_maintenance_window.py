"""Jobs and maintenance windows, from the claim on: held, let go, skipped, cancelled, and what it takes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from functions.executor.targets.protocol import Answer
from shared.model import moves
from shared.model.execution import Failure
from shared.model.groups import EVENTS, NOTIFICATIONS
from shared.model.lifecycle import Move, Status
from shared.model.maintenance_window import Effect, Scope, Span, ended_early
from shared.model.retry import Jitter, RetryPolicy
from shared.ports.telemetry import Metric
from tests.unit.scheduler import RETENTION, SHARDING, START, Scheduler, sent_twice, unavailable
from tests.windows import a_window

if TYPE_CHECKING:
    from shared.model.change import Change
    from shared.model.job import Job, JobKey
    from shared.model.maintenance_window import MaintenanceWindow

HOUR = Span(START, START + timedelta(hours=1))
EXACT = RetryPolicy(max_attempts=3, initial_seconds=60, jitter=Jitter.NONE)


@pytest.fixture
def scheduler() -> Scheduler:
    return Scheduler()


def put(scheduler: Scheduler, *spans: Span, **facts: Any) -> MaintenanceWindow:
    values = {"release_over_seconds": 0, **facts}
    return scheduler.windows.create_window(a_window(*(spans or (HOUR,)), **values)).window


def run_until_let_go(scheduler: Scheduler, job: Job) -> list[float]:
    """The seconds at which the job was asked for, up to the one at which it began."""
    asked = []
    while not scheduler.target.calls:
        wake_at = scheduler.get(job).wake_at
        assert wake_at is not None
        scheduler.clock.advance((wake_at - scheduler.clock.now()).total_seconds())
        asked.append((wake_at - START).total_seconds())
        scheduler.execute(job)
    return asked


def test_a_held_job_waits_and_its_attempt_does_not_count(scheduler: Scheduler) -> None:
    window = put(scheduler)
    job = scheduler.create()

    scheduler.execute(job)

    held = scheduler.get(job)
    assert (held.status, held.attempt, held.executions) == (Status.SCHEDULED, 0, ())
    assert held.reason == f"maintenance_window:{window.id}"
    assert held.wake_at == START + timedelta(minutes=5)
    assert scheduler.target.calls == []
    assert Metric.STARTED not in scheduler.telemetry.values


@pytest.mark.parametrize("effect", [Effect.HOLD, Effect.SKIP])
@pytest.mark.parametrize("group", [NOTIFICATIONS, EVENTS])
def test_what_the_scheduler_tells_is_neither_held_nor_skipped(scheduler: Scheduler, group: str, effect: Effect) -> None:
    put(scheduler, effect=effect)
    news, other = scheduler.create(group=group), scheduler.create(group="nightly")

    scheduler.execute(news)
    scheduler.execute(other)

    assert scheduler.get(news).status is Status.SUCCEEDED
    assert scheduler.get(other).status is not Status.SUCCEEDED


def test_a_held_job_asks_every_five_minutes_and_runs_when_the_window_is_over(scheduler: Scheduler) -> None:
    put(scheduler)
    job = scheduler.create()

    asked = run_until_let_go(scheduler, job)

    assert asked == [300.0 * number for number in range(13)]
    assert scheduler.get(job).status is Status.SUCCEEDED
    assert scheduler.get(job).executions[0].attempt == 1


def test_a_window_that_is_ended_early_lets_go_within_five_minutes(scheduler: Scheduler) -> None:
    window = put(scheduler)
    job = scheduler.create()
    scheduler.execute(job)
    scheduler.clock.advance(60)
    scheduler.windows.replace_window(ended_early(window, by="key", now=scheduler.clock.now()))

    assert run_until_let_go(scheduler, job) == [300]


def test_a_window_that_is_deleted_lets_go_within_five_minutes(scheduler: Scheduler) -> None:
    window = put(scheduler)
    job = scheduler.create()
    scheduler.execute(job)
    scheduler.windows.delete_window(window)

    assert run_until_let_go(scheduler, job) == [300]


def test_jobs_that_were_held_together_are_let_go_apart(scheduler: Scheduler) -> None:
    put(scheduler, Span(START, START + timedelta(seconds=30)), release_over_seconds=60)
    jobs = [scheduler.create() for _ in range(20)]
    for job in jobs:
        scheduler.execute(job)

    let_go = {scheduler.get(job).wake_at for job in jobs}
    assert len(let_go) == 20
    assert min(let_go) >= START + timedelta(seconds=30)
    assert max(let_go) < START + timedelta(seconds=90)


def test_a_skipped_job_ends_without_an_attempt(scheduler: Scheduler) -> None:
    window = put(scheduler, effect=Effect.SKIP)
    job = scheduler.create()

    scheduler.execute(job)

    ended = scheduler.get(job)
    assert (ended.status, ended.attempt, ended.executions) == (Status.SKIPPED, 0, ())
    assert ended.reason == f"maintenance_window:{window.id}"
    assert ended.ended_at == START
    assert scheduler.target.calls == []
    assert scheduler.telemetry.values[Metric.SKIPPED] == [1]


def test_a_job_that_has_begun_is_held_where_others_are_skipped(scheduler: Scheduler) -> None:
    scheduler.target.answer = Answer(failure=Failure("http_503", "away"))
    job = scheduler.create(retry=EXACT)
    scheduler.execute(job)
    put(scheduler, effect=Effect.SKIP)
    scheduler.clock.advance(60)

    scheduler.execute(job)

    held = scheduler.get(job)
    assert (held.status, held.attempt) == (Status.SCHEDULED, 1)
    assert held.wake_at == START + timedelta(minutes=6)


def test_a_job_in_the_scope_of_a_narrower_window_may_run(scheduler: Scheduler) -> None:
    put(scheduler)
    put(scheduler, id="w2", effect=Effect.RUN, scope=Scope(tags={"urgency": "high"}))
    urgent, other = scheduler.create(tags={"urgency": "high"}), scheduler.create()

    scheduler.execute(urgent)
    scheduler.execute(other)

    assert scheduler.get(urgent).status is Status.SUCCEEDED
    assert scheduler.get(other).status is Status.SCHEDULED


def test_the_windows_of_other_tenants_are_none_of_a_jobs_business(scheduler: Scheduler) -> None:
    put(scheduler, tenant="globex")
    job = scheduler.create()

    scheduler.execute(job)

    assert scheduler.get(job).status is Status.SUCCEEDED


def test_a_job_that_began_before_its_window_is_left_to_end(scheduler: Scheduler) -> None:
    put(scheduler, Span(START + timedelta(seconds=1), START + timedelta(hours=1)))

    def slow(*_: object) -> Answer:
        scheduler.clock.advance(20)
        return Answer()

    scheduler.target.answer = slow
    job = scheduler.create()
    scheduler.execute(job)

    assert scheduler.get(job).status is Status.SUCCEEDED


def test_a_job_whose_windows_cannot_be_read_runs(scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    put(scheduler)
    monkeypatch.setattr(scheduler.windows, "windows", unavailable)
    job = scheduler.create()

    scheduler.execute(job)

    assert scheduler.get(job).status is Status.SUCCEEDED


def test_a_held_job_whose_start_deadline_passes_has_expired(scheduler: Scheduler) -> None:
    put(scheduler)
    job = scheduler.create(expires_after_seconds=120)
    scheduler.execute(job)
    scheduler.clock.advance(300)

    scheduler.execute(job)

    assert (scheduler.get(job).status, scheduler.get(job).reason) == (Status.SKIPPED, "expired")


def test_a_client_who_runs_a_held_job_now_does_not_get_it_past_the_window(scheduler: Scheduler) -> None:
    put(scheduler)
    job = scheduler.create()
    scheduler.execute(job)
    scheduler.clock.advance(60)
    now = scheduler.clock.now()
    scheduler.jobs.change(job.key, moves.run_now(scheduler.get(job), now=now, sharding=SHARDING))

    scheduler.execute(job)

    assert scheduler.get(job).wake_at == now + timedelta(minutes=5)
    assert scheduler.target.calls == []


@pytest.mark.parametrize("effect", [Effect.HOLD, Effect.SKIP])
def test_a_job_whose_cancel_comes_between_claim_and_gate_is_cancelled(
    scheduler: Scheduler, effect: Effect, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(scheduler, effect=effect)
    job = scheduler.create()
    read = scheduler.windows.windows

    def cancelled_meanwhile(tenant: str) -> list[MaintenanceWindow]:
        running = scheduler.get(job)
        assert running.status is Status.RUNNING
        scheduler.jobs.change(job.key, moves.cancel(running, now=scheduler.clock.now(), retention=RETENTION))
        return read(tenant)

    monkeypatch.setattr(scheduler.windows, "windows", cancelled_meanwhile)
    scheduler.execute(job)

    assert scheduler.get(job).status is Status.CANCELLED
    assert scheduler.target.calls == []


@pytest.mark.parametrize("effect", [Effect.HOLD, Effect.SKIP])
def test_an_executor_that_lost_its_lease_while_it_asked_changes_nothing(
    scheduler: Scheduler, effect: Effect, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(scheduler, effect=effect)
    job = scheduler.create(retry=EXACT)
    read = scheduler.windows.windows

    def slowly(tenant: str) -> list[MaintenanceWindow]:
        scheduler.clock.advance(70)
        scheduler.sweep()
        assert scheduler.get(job).status is Status.SCHEDULED
        return read(tenant)

    monkeypatch.setattr(scheduler.windows, "windows", slowly)
    scheduler.execute(job)

    reaped = scheduler.get(job)
    assert (reaped.status, reaped.attempt, len(reaped.executions)) == (Status.SCHEDULED, 1, 1)
    assert "outcome_refused" in scheduler.telemetry.actions()


def test_an_executor_that_dies_between_claim_and_gate_has_lost_an_attempt(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(scheduler)
    job = scheduler.create(retry=EXACT)
    with monkeypatch.context() as patched:
        patched.setattr(scheduler.windows, "windows", _die)
        with pytest.raises(SystemExit):
            scheduler.execute(job)

    scheduler.clock.advance(70)
    scheduler.sweep()

    assert scheduler.get(job).status is Status.SCHEDULED
    assert scheduler.get(job).attempt == 1
    assert run_until_let_go(scheduler, job)[-1] >= 3_600


def test_a_skip_that_is_sent_twice_on_its_way_is_recognised_as_ones_own(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(scheduler, effect=Effect.SKIP)
    job = scheduler.create()
    sent_twice(scheduler, monkeypatch, "change")

    scheduler.execute(job)

    assert scheduler.get(job).status is Status.SKIPPED
    assert "skipped" in scheduler.telemetry.actions()
    assert "outcome_refused" not in scheduler.telemetry.actions()


def test_a_job_that_no_window_is_about_is_written_as_often_as_without_any(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(scheduler, scope=Scope(tags={"team": "payroll"}))
    moved: list[Move] = []
    write = scheduler.jobs.change_and_get

    def noted(key: JobKey, change: Change) -> Job:
        moved.append(change.move)
        return write(key, change)

    monkeypatch.setattr(scheduler.jobs, "change_and_get", noted)
    scheduler.execute(scheduler.create())

    assert moved == [Move.CLAIM, Move.SUCCEED]


def _die(_: str) -> list[MaintenanceWindow]:
    raise SystemExit
