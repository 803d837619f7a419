"""What is not promised does happen: for each of these, the exploration finds a way to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.model.lifecycle import Status
from tests.model_checking.actors import Phase, Place
from tests.model_checking.explore import explored
from tests.model_checking.scenarios import AT_MOST_ONCE, LATE_WRITES, Scenario

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.model.job import Job


def test_two_effects_of_one_job_may_run_at_the_same_time() -> None:
    way = shortest_way(LATE_WRITES, lambda _job, _place, doing: doing.count("effect") == 2)

    # The executor of the first attempt froze, or could not reach the table, for longer than its lease lasts.
    assert [line[8:] for line in way if "begins" in line or "watcher" in line] == [
        "the effect of the attempt under fence 1 begins",
        "the watcher sends the reap_retry of fence 1: job is scheduled, fence 1, attempt 1",
        "the effect of the attempt under fence 2 begins",
    ]


def test_an_effect_that_has_begun_may_still_run_when_its_job_is_cancelled_for_good() -> None:
    way = shortest_way(LATE_WRITES, lambda job, _, doing: job.status is Status.CANCELLED and "effect" in doing)

    assert way[-1].endswith("job is cancelled, fence 1, attempt 1")


def test_an_effect_that_has_begun_may_still_run_when_another_attempt_has_succeeded() -> None:
    way = shortest_way(LATE_WRITES, lambda job, _, doing: job.status is Status.SUCCEEDED and "effect" in doing)

    assert way[-1].endswith("job is succeeded, fence 2, attempt 2")


def test_a_success_beats_a_cancel_that_was_requested_while_it_ran() -> None:
    def succeeds_all_the_same(job: Job, _place: Place, _doing: list[str]) -> bool:
        return job.status is Status.SUCCEEDED and job.cancel_requested_at is not None

    way = shortest_way(LATE_WRITES, succeeds_all_the_same)

    assert any("request_cancel" in line for line in way)


def test_a_job_to_be_delivered_at_most_once_may_fail_without_having_begun() -> None:
    way = shortest_way(AT_MOST_ONCE, lambda job, place, _: job.status is Status.FAILED and place.begun == 0)

    # The claim was applied, and its answer never reached anybody.
    assert not any("begins" in line for line in way)


def test_a_job_to_be_delivered_at_most_once_may_fail_as_lost_although_its_effect_succeeded() -> None:
    def lost_after_its_success(job: Job, _place: Place, doing: list[str]) -> bool:
        return job.status is Status.FAILED and "committing succeed" in doing

    way = shortest_way(AT_MOST_ONCE, lost_after_its_success)

    assert "reap_fail" in way[-1]


def shortest_way(scenario: Scenario, where: Callable[[Job, Place, list[str]], bool]) -> tuple[str, ...]:
    """How one comes to the first state of a scenario of one job of which `where` is true: by as few things as can be.

    `where` is told the job as it stands in the table, all that is about it, and what each executor is at.
    """
    search, _ = explored(scenario)
    for number, state in enumerate(search.states):
        (place,), executors = search.parts(state)
        doing = [
            f"committing {search.table.requests[one.request].guard}"
            if one.phase is Phase.COMMITTING
            else one.phase.name.lower()
            for one in executors
        ]
        if where(search.table.jobs[place.job], place, doing):
            return search.way_to(number)
    raise AssertionError("there is no way")
