"""Actors share a virtual time; a dead or frozen process does nothing."""

from __future__ import annotations

import pytest

from tests.simulation.kernel import Kernel, Process


def ran_to_the_end(kernel: Kernel) -> None:
    kernel.run(until=lambda: False, at_most_ms=1_000_000)


def test_a_sleep_moves_the_time_on_and_ends_exactly_then() -> None:
    kernel, seen = Kernel(0), []

    def work() -> None:
        kernel.sleep(1_500)
        seen.append(kernel.now)

    kernel.spawn("a", Process("p"), work)
    ran_to_the_end(kernel)

    assert seen == [1_500]


def test_who_goes_first_depends_on_the_seed_alone() -> None:
    def order(seed: int) -> list[str]:
        kernel, seen = Kernel(seed), []

        def work(name: str) -> None:
            for _ in range(3):
                kernel.pause()
                seen.append(name)

        for name in "abc":
            kernel.spawn(name, Process(name), lambda name=name: work(name))
        ran_to_the_end(kernel)
        return seen

    assert order(1) == order(1)
    assert len({tuple(order(seed)) for seed in range(20)}) > 1


def test_a_sleeper_that_is_woken_goes_on_at_once_and_its_alarm_is_forgotten() -> None:
    kernel, seen = Kernel(0), []

    def sleeper() -> None:
        kernel.sleep(5_000)
        seen.append(kernel.now)
        kernel.sleep(10_000)
        seen.append(kernel.now)

    actor = kernel.spawn("sleeper", Process("p"), sleeper)
    kernel.later("waker", lambda: kernel.wake(actor), delay_ms=1_000)
    ran_to_the_end(kernel)

    assert seen == [1_000, 11_000]


def test_no_actor_of_a_killed_process_runs_another_line() -> None:
    kernel, process, seen = Kernel(0), Process("p"), []

    def work() -> None:
        kernel.sleep(2_000)
        seen.append("alive")

    kernel.spawn("a", process, work)
    kernel.spawn("not yet begun", process, lambda: seen.append("begun"), delay_ms=3_000)
    kernel.later("killer", lambda: kernel.kill(process), delay_ms=1_000)
    ran_to_the_end(kernel)

    assert seen == []


def test_who_dies_in_a_call_does_not_return_from_it() -> None:
    kernel, seen = Kernel(0), []

    def work() -> None:
        kernel.die()
        seen.append("alive")

    actor = kernel.spawn("a", Process("p"), work)
    ran_to_the_end(kernel)

    assert actor.is_over
    assert seen == []


def test_a_frozen_process_stands_still_with_all_its_actors() -> None:
    kernel, process, seen = Kernel(0), Process("p"), []

    def beat() -> None:
        for _ in range(4):
            kernel.sleep(1_000)
            seen.append(kernel.now)

    kernel.spawn("beat", process, beat)
    kernel.later("freezer", lambda: kernel.freeze(process, 10_000), delay_ms=1_500)
    ran_to_the_end(kernel)

    assert seen == [1_000, 11_500, 12_500, 13_500]


def test_work_side_by_side_is_waited_for_and_its_first_error_raised() -> None:
    kernel, seen = Kernel(0), []

    def fail() -> None:
        kernel.sleep(1)
        raise ValueError("no")

    def work() -> None:
        with pytest.raises(ValueError, match="no"):
            kernel.all_of([("fails", fail), ("takes long", lambda: kernel.sleep(9_000))])
        seen.append(kernel.now)
        seen.append(kernel.all_of([("one", lambda: 1), ("two", lambda: 2)]))

    kernel.spawn("parent", Process("p"), work)
    ran_to_the_end(kernel)

    assert seen == [9_000, [1, 2]]
    assert kernel.defects == []


def test_an_exception_that_nobody_waits_for_is_a_defect() -> None:
    kernel = Kernel(0)

    def fail() -> None:
        raise ValueError("no")

    kernel.spawn("a", Process("p"), fail)
    ran_to_the_end(kernel)

    assert kernel.defects == ["a: ValueError: no"]
