"""The exploration finds nothing broken, it does not shrink, and it would find what is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.model_checking.actors import IDLE, Actors, Executor, Place
from tests.model_checking.explore import examine, explored
from tests.model_checking.planners import PLANNERS
from tests.model_checking.scenarios import LATE_WRITES, SCENARIOS, TWO_JOBS, Scenario
from tests.model_checking.search import Search

# The first test to ask for it waits for the whole exploration: half a minute of one processor, more on a busy machine.
pytestmark = pytest.mark.timeout(900)

SMALLEST = next(one for one in SCENARIOS if one.name == "errors that are not tried again")

# A little less than there are: a change of the code may merge a few states, and may not lose any kind of them.
FLOORS = {
    "another lane": 28_000,
    "at most once, deferred, with a start deadline": 108_000,
    "errors that are not tried again": 12_000,
    "edits": 38_000,
    "a slow watcher": 47_000,
    "writes that come late, or twice": 99_000,
    "at most once": 68_000,
    "a start deadline, and edits that come late": 34_000,
    "a template that changes": 57_000,
    "a deferred job whose template changes": 68_000,
    "an outcome that is reported": 90_000,
    "an outcome that is reported while the watcher looks": 126_000,
    "a failed job that is redriven or discarded": 14_000,
    "a redriven job whose template changes": 100_000,
    "two jobs": 146_000,
}


def test_no_invariant_breaks_in_any_state_that_can_be_reached() -> None:
    exploration, _ = examine()

    assert (exploration.broken, exploration.trace) == (None, ())


def test_the_exploration_does_not_shrink() -> None:
    exploration, _ = examine()

    assert {run.scenario for run in exploration.runs} == set(FLOORS)
    assert [run for run in exploration.runs if run.states < FLOORS[run.scenario]] == []
    assert exploration.transitions > 6_200_000


def test_however_bad_things_stand_every_job_ends_within_four_steps_once_nothing_goes_wrong() -> None:
    exploration, _ = examine()

    # At the worst a lease that was just extended runs out and is over (3 steps), and a retry follows a step later.
    assert max(run.steps_to_end for run in exploration.runs) == 4


def test_the_same_is_found_each_time() -> None:
    code = (
        "from tests.model_checking.test_explore import SMALLEST, Search\n"
        "search = Search(SMALLEST)\n"
        "print(search.run(), hash(tuple(search.states)), search.way_to(len(search.states) - 1))"
    )

    told = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    ]

    assert told[0] == told[1]
    assert b"broken=None" in told[0]


def test_two_jobs_meet_nothing_that_a_job_does_not_meet_alone() -> None:
    both, _ = explored(TWO_JOBS)

    for position, job in enumerate(TWO_JOBS.jobs):
        alone = Search(replace(LATE_WRITES, jobs=(job,)), table=both.table)
        alone.run()
        assert _met(both, position) <= _met(alone, 0)


def _met(search: Search, position: int) -> set[tuple[Place, tuple[Executor, ...]]]:
    """All that is ever so around one job: its place, and the executors as far as they are busy with it."""
    met = set()
    for state in search.states:
        places, executors = search.parts(state)
        busy = [one._replace(place=0) if one.place == position else IDLE for one in executors]
        met.add((places[position], tuple(sorted(busy))))
    return met


def test_without_a_watcher_jobs_are_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Actors, "_watcher", lambda *_: iter(()))

    run = Search(SMALLEST).run()

    assert run.broken == "I1: a job is lost"
    assert run.trace[-1] == "  30 s  from here on, not every job ends by itself"


def test_without_messages_that_are_sent_again_jobs_are_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Actors, "_messages", lambda *_: iter(()))

    assert Search(SMALLEST).run().broken == "I1: a job is lost"


def test_every_scenario_lets_clients_ask_for_something() -> None:
    def wishes(scenario: Scenario) -> set[str]:
        return set(scenario.wishes)

    assert all(map(wishes, SCENARIOS))
    assert set().union(*map(wishes, SCENARIOS)) == {
        "cancel",
        "run now",
        "postpone",
        "allow one attempt",
        "let it take longer",
        "redrive",
        "discard",
    }


def test_planners_of_every_version_ask_for_something() -> None:
    assert set().union(*(one.planners for one in SCENARIOS)) == set(PLANNERS)
