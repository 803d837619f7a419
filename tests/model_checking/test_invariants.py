"""Each invariant can be broken: by a job or a write that no move makes as the moves are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from shared.model import moves
from shared.model.change import applied
from shared.model.execution import NO_OUTPUT, Execution, Outcome
from shared.model.lifecycle import Move, Status
from tests.model_checking.actors import Actors, Executor, Place
from tests.model_checking.invariants import broken_by, broken_by_begin, broken_in
from tests.model_checking.planners import PLANNERS, planned
from tests.model_checking.present import NOW, RETENTION, STEP
from tests.model_checking.scenarios import LATE_WRITES, a_job, at_most_once
from tests.model_checking.search import Search
from tests.model_checking.table import Request

if TYPE_CHECKING:
    from shared.model.job import Job

WAITING = replace(a_job(), wake_at=NOW)
CLAIM = moves.claim(lane=WAITING.lane, wake_at=NOW, claim_id="a", now=NOW)
RUNNING = applied(CLAIM, WAITING)
SUCCEED = moves.succeed(RUNNING, output=NO_OUTPUT, now=NOW, retention=RETENTION)
SUCCEEDED = applied(SUCCEED, RUNNING)
OCCURRENCE = replace(planned(), wake_at=NOW)
WITHDRAWN = applied(PLANNERS["version 2, without the occurrence"](OCCURRENCE, None), OCCURRENCE)
REINSTATE = PLANNERS["version 3, with the occurrence"](WITHDRAWN, None)
WITHDRAW_LATER = PLANNERS["version 5, without the occurrence"](OCCURRENCE, None)
DECLINE = moves.decline(RUNNING, reason="gate_closed", now=NOW, retention=RETENTION)
ONCE = applied(CLAIM, replace(at_most_once(), wake_at=NOW))


def outcome(fence: int, what: Outcome = Outcome.FAILED) -> Execution:
    return Execution(attempt=fence, fence=fence, started_at=NOW, ended_at=NOW, outcome=what)


@pytest.mark.parametrize(
    "job", [a_job(), WAITING, RUNNING, SUCCEEDED, ONCE, OCCURRENCE, WITHDRAWN], ids=lambda job: job.status
)
def test_jobs_as_the_moves_make_them_are_whole(job: Job) -> None:
    assert broken_in(job) is None


@pytest.mark.parametrize(
    ("job", "name"),
    [
        (replace(WAITING, wake_at=None), "I8"),
        (replace(WAITING, due_shard=None), "I8"),
        (replace(SUCCEEDED, wake_at=NOW), "I8"),
        (replace(SUCCEEDED, expire_item_at=None), "I8"),
        (replace(RUNNING, ended_at=NOW), "I8"),
        (replace(RUNNING, lease_until=None), "I11"),
        (replace(WAITING, lease_until=NOW), "I11"),
        (replace(RUNNING, attempt=3, executions=(outcome(1), outcome(2))), "I9"),
        (replace(ONCE, attempt=2, executions=(outcome(1),)), "I9"),
        (replace(RUNNING, attempt=2), "I3"),
        (replace(WAITING, attempt=2, executions=(outcome(1), outcome(1))), "I3"),
        (replace(SUCCEEDED, executions=(outcome(1),)), "I6"),
        (replace(WAITING, attempt=1, executions=(outcome(1, Outcome.SUCCEEDED),)), "I6"),
    ],
)
def test_a_job_that_is_not_whole_breaks_an_invariant(job: Job, name: str) -> None:
    assert (broken_in(job) or "").split(":")[0] == name


@pytest.mark.parametrize(
    ("request_", "before", "spoilt", "name"),
    [
        (Request("succeed", SUCCEED, fence=1), SUCCEEDED, {}, "I5"),
        (Request("succeed", SUCCEED, fence=0), RUNNING, {}, "I4"),
        (Request("succeed", SUCCEED, fence=1), RUNNING, {"fence": 2}, "I4"),
        (Request("claim", CLAIM), WAITING, {"fence": 0}, "I4"),
        (Request("succeed", SUCCEED, fence=1), RUNNING, {"version": 2}, "If-Match"),
        (Request("cancel", SUCCEED, seen=0), RUNNING, {}, "If-Match"),
        (Request("reap_fail", SUCCEED, fence=1), RUNNING, {}, "I11"),
        (Request("succeed", SUCCEED, fence=1), replace(RUNNING, executions=(outcome(0),)), {}, "I3"),
        (Request("claim", CLAIM), replace(WAITING, wake_at=NOW + STEP), {}, "I10"),
        (Request("claim", CLAIM), replace(WAITING, expires_at=NOW), {}, "I10"),
        (Request("claim", CLAIM), replace(WAITING, cancel_requested_at=NOW), {}, "I7"),
        (Request("claim", CLAIM, message=(WAITING.lane, NOW)), replace(WAITING, timeout_seconds=61), {}, "lane"),
        (Request("claim", CLAIM), replace(OCCURRENCE, misfire_at=NOW), {}, "I10"),
        (Request("reinstate", REINSTATE), replace(WITHDRAWN, reason="missed"), {}, "I5"),
        (Request("replan", replace(REINSTATE, move=Move.REPLAN)), WITHDRAWN, {}, "I5"),
        (Request("reinstate", REINSTATE), replace(WITHDRAWN, template_version=3), {}, "template"),
        (Request("withdraw", WITHDRAW_LATER), replace(OCCURRENCE, attempt=1), {}, "template"),
        (Request("decline", DECLINE, fence=1), replace(RUNNING, cancel_requested_at=NOW), {}, "I7"),
        (Request("stop", moves.stop(RUNNING, now=NOW, retention=RETENTION), fence=1), RUNNING, {}, "I7"),
    ],
)
def test_a_write_that_must_not_be_breaks_an_invariant(
    request_: Request, before: Job, spoilt: dict[str, Any], name: str
) -> None:
    after = replace(applied(request_.change, before), **spoilt)

    assert (broken_by(request_, before, after) or "").split(":")[0] == name


def test_a_withdrawn_job_that_is_reinstated_breaks_none() -> None:
    reinstated = applied(REINSTATE, WITHDRAWN)

    assert broken_by(Request("reinstate", REINSTATE), WITHDRAWN, reinstated) is None
    assert broken_in(reinstated) is None


@pytest.mark.parametrize(
    ("job", "begun", "name"),
    [
        (replace(RUNNING, status=Status.CANCELLED), 0, "I7"),
        (replace(RUNNING, fence=2), 0, "I11"),
        (WAITING, 0, "I11"),
        (ONCE, 1, "I9"),
    ],
)
def test_an_effect_that_must_not_begin_breaks_an_invariant(job: Job, begun: int, name: str) -> None:
    assert broken_by_begin(RUNNING, RUNNING, 0) is None
    assert (broken_by_begin(RUNNING, job, begun) or "").split(":")[0] == name


def test_without_a_last_look_at_the_lease_an_effect_begins_that_must_not(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = Actors._begin

    def careless(self: Actors, executor: Executor, place: Place) -> Any:
        for_ever = replace(self._table.jobs[executor.copy], lease_until=NOW + STEP)
        return begin(self, executor._replace(copy=self._table.job(for_ever)), place)

    monkeypatch.setattr(Actors, "_begin", careless)

    run = Search(LATE_WRITES).run()

    assert run.broken == "I11: an effect began under fence 1 of a job that is scheduled, fence 1"
