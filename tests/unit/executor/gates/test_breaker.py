"""Jobs and breakers, from the claim on: what opens them, what waits, who probes, and what closes them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from functions.executor.gates.breaker import BreakerGate
from functions.executor.gates.known_breakers import KnownBreakers
from functions.executor.gates.protocol import Defer
from functions.executor.targets.protocol import Answer
from shared.adapters.memory.breakers import MemoryBreakers
from shared.adapters.memory.clock import VirtualClock
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.model.breaker import BreakerSettings, BreakerState, Calls, closed_by_hand, opened_by_hand
from shared.model.execution import Failure
from shared.model.job import Delivery
from shared.model.retry import RetryPolicy
from shared.ports.telemetry import Metric
from tests.breakers import TARGET
from tests.jobs import BOOM, NOT_FOUND, START, TENANT, a_job, at, claimed
from tests.unit.scheduler import unavailable

if TYPE_CHECKING:
    from shared.model.breaker import Breaker
    from shared.model.job import Job

SETTINGS = BreakerSettings(minimum_calls=4, failure_ratio=0.5, cool_down_seconds=10, max_cool_down_seconds=40)
DOWN = Answer(failure=BOOM)
WELL = Answer(b"done")
REFUSED = Answer(failure=NOT_FOUND)


class World:
    """One store, and as many executors as a test wants: each gate is a process of its own."""

    def __init__(self) -> None:
        self.clock = VirtualClock(START)
        self.store = MemoryBreakers()
        self.telemetry = RecordedTelemetry()
        self.jobs = 0

    def process(self) -> BreakerGate:
        known = KnownBreakers(self.store, self.clock, self.telemetry)
        return BreakerGate(store=self.store, known=known, settings=SETTINGS, clock=self.clock, telemetry=self.telemetry)

    def job(self, **spec: Any) -> Job:
        self.jobs += 1
        spec.setdefault("target", {"type": "http", "url": "https://example.com/a"})
        return claimed(a_job(job_id=f"job-{self.jobs}", now=self.clock.now(), **spec), now=self.clock.now())

    def call(self, gate: BreakerGate, answer: Answer, **spec: Any) -> Job:
        """A job that is let through and ends so."""
        job = self.job(**spec)
        assert gate.ask(job) is None
        gate.answered(job, answer)
        return job

    def fail(self, gate: BreakerGate, times: int = 4) -> None:
        for _ in range(times):
            self.call(gate, DOWN)

    def breaker(self) -> Breaker | None:
        return self.store.get_breaker(TENANT, TARGET)

    def state(self) -> BreakerState:
        breaker = self.breaker()
        return BreakerState.CLOSED if breaker is None else breaker.state

    def now_at(self, seconds: float) -> None:
        self.clock.advance((at(seconds) - self.clock.now()).total_seconds())


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def gate(world: World) -> BreakerGate:
    return world.process()


def test_it_opens_once_enough_calls_have_failed(world: World, gate: BreakerGate) -> None:
    world.fail(gate, 3)
    assert world.breaker() is None

    world.call(gate, DOWN)

    breaker = world.breaker()
    assert breaker is not None
    assert (breaker.state, breaker.calls, breaker.error) == (BreakerState.OPEN, Calls(4, 0), "http_503")
    assert world.telemetry.values[Metric.BREAKER_OPENED] == [1]
    assert "breaker_opened" in world.telemetry.actions()


def test_successes_that_were_counted_here_keep_it_closed(world: World, gate: BreakerGate) -> None:
    for _ in range(4):
        world.call(gate, WELL)

    world.fail(gate, 3)
    assert world.state() is BreakerState.CLOSED
    world.fail(gate, 1)

    assert world.state() is BreakerState.OPEN
    assert world.breaker().calls == Calls(4, 4)


def test_what_the_job_itself_is_to_blame_for_does_not_open_it(world: World, gate: BreakerGate) -> None:
    for _ in range(20):
        world.call(gate, REFUSED)

    assert world.breaker() is None


def test_what_goes_well_is_never_written(world: World, gate: BreakerGate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.store, "count", unavailable)
    monkeypatch.setattr(world.store, "put_breaker", unavailable)

    for _ in range(50):
        world.call(gate, WELL)

    assert world.telemetry.notes == []


def test_failures_of_many_processes_count_together(world: World) -> None:
    processes = [world.process() for _ in range(4)]

    for process in processes:
        world.call(process, DOWN)

    assert world.state() is BreakerState.OPEN


def test_failures_of_another_minute_count_no_more(world: World, gate: BreakerGate) -> None:
    world.fail(gate, 3)
    world.clock.advance(60)
    world.fail(gate, 3)

    assert world.state() is BreakerState.CLOSED


def test_successes_of_another_minute_count_no_more(world: World, gate: BreakerGate) -> None:
    for _ in range(20):
        world.call(gate, WELL)
    world.clock.advance(60)

    world.fail(gate)

    assert world.breaker().calls == Calls(4, 0)


def test_two_processes_that_see_enough_failures_open_it_once(world: World) -> None:
    one, other = world.process(), world.process()
    jobs = [world.job() for _ in range(8)]
    for number, job in enumerate(jobs):
        assert (one, other)[number % 2].ask(job) is None

    for number, job in enumerate(jobs):
        (one, other)[number % 2].answered(job, DOWN)

    assert world.breaker().version == 1
    assert len(world.store.changes(since=at(0), limit=9)) == 1
    assert isinstance(one.ask(world.job()), Defer)
    assert isinstance(other.ask(world.job()), Defer)


def test_another_process_knows_within_five_seconds(world: World, gate: BreakerGate) -> None:
    other = world.process()
    assert other.ask(world.job()) is None

    world.fail(gate)
    world.clock.advance(5)

    assert isinstance(other.ask(world.job()), Defer)


def test_jobs_wait_while_it_is_open_until_after_the_probe(world: World, gate: BreakerGate) -> None:
    world.fail(gate)

    closed = [gate.ask(world.job()) for _ in range(20)]

    assert {one.reason for one in closed} == {f"breaker:{TARGET}"}
    assert all(at(10) < one.until <= at(20.001) for one in closed)
    assert len({one.until for one in closed}) > 15


def test_other_targets_and_tenants_are_not_held(world: World, gate: BreakerGate) -> None:
    world.fail(gate)

    assert gate.ask(world.job(target={"type": "http", "url": "https://example.org/"})) is None
    assert gate.ask(world.job(tenant="beta")) is None
    assert gate.ask(world.job(target={"type": "sqs", "queue_url": "https://q/1/x"})) is None


def test_one_job_of_many_is_the_probe(world: World, gate: BreakerGate) -> None:
    processes = [gate, world.process(), world.process()]
    world.fail(gate)
    world.now_at(10)

    asked = [process.ask(world.job()) for process in processes for _ in range(5)]

    assert asked.count(None) == 1
    assert world.state() is BreakerState.HALF_OPEN
    assert world.telemetry.values[Metric.BREAKER_PROBED] == [1]


def test_of_two_who_want_to_probe_at_once_one_does(world: World, gate: BreakerGate) -> None:
    other = world.process()
    world.fail(gate)
    world.now_at(9)
    assert isinstance(other.ask(world.job()), Defer)
    world.now_at(10)

    asked = [gate.ask(world.job()), other.ask(world.job())]

    assert asked.count(None) == 1
    assert world.breaker().version == 2


def test_a_probe_that_goes_well_closes_it_and_all_may_pass(world: World, gate: BreakerGate) -> None:
    other = world.process()
    world.fail(gate)
    world.now_at(9)
    assert isinstance(other.ask(world.job()), Defer)
    world.now_at(10)

    world.call(gate, WELL)

    assert world.state() is BreakerState.CLOSED
    assert gate.ask(world.job()) is None
    world.clock.advance(5)
    assert other.ask(world.job()) is None
    assert world.telemetry.values[Metric.BREAKER_CLOSED] == [1]


def test_who_met_the_probe_learns_at_once_that_it_went_well(world: World, gate: BreakerGate) -> None:
    other = world.process()
    world.fail(gate)
    world.now_at(10)
    probe = world.job()
    gate.ask(probe)
    assert isinstance(other.ask(world.job()), Defer)

    gate.answered(probe, WELL)

    assert other.ask(world.job()) is None


def test_a_probe_that_fails_is_followed_by_another_after_a_longer_while(world: World, gate: BreakerGate) -> None:
    world.fail(gate)
    world.now_at(10)

    world.call(gate, DOWN)

    assert (world.state(), world.breaker().probe_at) == (BreakerState.OPEN, at(30))
    assert isinstance(gate.ask(world.job()), Defer)
    assert world.telemetry.values[Metric.BREAKER_OPENED] == [1]


def test_a_probe_that_the_target_refuses_shows_that_it_is_there(world: World, gate: BreakerGate) -> None:
    world.fail(gate)
    world.now_at(10)

    world.call(gate, REFUSED)

    assert world.state() is BreakerState.CLOSED


@pytest.mark.parametrize("answer", [None, Answer(failure=Failure("stopped", ""))])
def test_a_probe_that_called_nothing_leaves_its_place_to_the_next(
    world: World, gate: BreakerGate, answer: Answer | None
) -> None:
    world.fail(gate)
    world.now_at(10)

    world.call(gate, answer)

    assert (world.state(), world.breaker().probe_at) == (BreakerState.OPEN, at(10))
    assert gate.ask(world.job()) is None


def test_a_probe_whose_executor_died_is_replaced_after_its_timeout(world: World, gate: BreakerGate) -> None:
    world.fail(gate)
    world.now_at(10)
    gate.ask(world.job(timeout_seconds=30))
    other = world.process()

    world.now_at(54.9)
    assert isinstance(other.ask(world.job()), Defer)
    world.now_at(55)
    assert other.ask(world.job()) is None


def test_a_probe_that_comes_too_late_changes_nothing(world: World, gate: BreakerGate) -> None:
    world.fail(gate)
    world.now_at(10)
    frozen = world.job(timeout_seconds=30)
    gate.ask(frozen)
    world.now_at(60)
    other = world.process()
    world.call(other, DOWN)
    version = world.breaker().version

    gate.answered(frozen, WELL)

    assert (world.state(), world.breaker().version) == (BreakerState.OPEN, version)


def test_a_call_that_began_before_it_opened_neither_closes_nor_counts(world: World, gate: BreakerGate) -> None:
    early = [world.job() for _ in range(9)]
    for job in early:
        gate.ask(job)
    world.clock.advance(1)
    world.fail(gate)

    gate.answered(early[0], WELL)
    gate.answered(early[1], DOWN)

    assert (world.state(), world.breaker().version) == (BreakerState.OPEN, 1)


def test_calls_that_began_before_it_closed_do_not_open_it_again(world: World, gate: BreakerGate) -> None:
    early = [world.job() for _ in range(9)]
    for job in early:
        gate.ask(job)
    world.clock.advance(1)
    world.fail(gate)
    world.now_at(11)
    world.call(gate, WELL)

    for job in early:
        gate.answered(job, DOWN)

    assert world.state() is BreakerState.CLOSED


def test_what_was_counted_before_it_closed_does_not_open_it_again(world: World, gate: BreakerGate) -> None:
    world.fail(gate)
    world.now_at(11)
    world.call(gate, WELL)
    world.clock.advance(1)

    world.fail(gate, 3)
    assert world.state() is BreakerState.CLOSED
    world.fail(gate, 1)

    assert (world.state(), world.breaker().cool_down_seconds) == (BreakerState.OPEN, 20)


def test_a_job_at_its_last_attempt_is_not_the_probe_while_others_may_be(world: World, gate: BreakerGate) -> None:
    world.fail(gate)
    world.now_at(10)

    only = gate.ask(world.job(delivery=Delivery.AT_MOST_ONCE, retry=RetryPolicy(max_attempts=1)))

    assert isinstance(only, Defer)
    assert at(20) < only.until <= at(30.001)
    assert gate.ask(world.job()) is None


def test_opened_by_hand_it_holds_until_the_time_that_was_given(world: World, gate: BreakerGate) -> None:
    values = {"tenant": TENANT, "target": TARGET, "by": "key", "note": None, "settings": SETTINGS, "now": at(0)}
    world.store.put_breaker(opened_by_hand(None, until=at(3_600), **values), is_news=True)

    for seconds in (0, 60, 3_500):
        world.now_at(seconds)
        held = gate.ask(world.job())
        assert world.clock.now() < held.until <= world.clock.now() + timedelta(seconds=51)
    world.now_at(3_600)
    assert gate.ask(world.job()) is None


def test_closed_by_hand_it_lets_go_at_once_here_and_the_held_within_the_longest_cool_down(
    world: World, gate: BreakerGate
) -> None:
    world.fail(gate)
    held = gate.ask(world.job())
    world.store.put_breaker(closed_by_hand(world.breaker(), by="key", note=None, now=at(1)), is_news=True)

    world.clock.advance(5)

    assert gate.ask(world.job()) is None
    assert held.until <= at(1 + 40 + 10)


def test_who_cannot_read_the_breakers_lets_jobs_run(
    world: World, gate: BreakerGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.fail(world.process())
    monkeypatch.setattr(world.store, "breakers", unavailable)

    assert gate.ask(world.job()) is None


def test_a_probe_that_cannot_be_reserved_waits(
    world: World, gate: BreakerGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.fail(gate)
    world.now_at(10)
    monkeypatch.setattr(world.store, "put_breaker", unavailable)

    assert isinstance(gate.ask(world.job()), Defer)


def test_what_cannot_be_told_is_dropped(world: World, gate: BreakerGate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.store, "count", unavailable)

    world.fail(gate, 9)

    assert world.state() is BreakerState.CLOSED
    assert "breaker_not_told" in world.telemetry.actions()
