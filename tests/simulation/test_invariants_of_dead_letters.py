"""Each invariant of dead letters is broken by what it forbids, and by nothing that the moves do."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from shared.model.bulk_action import BulkKind, BulkStatus, DeadLetterFilter, Refusal
from shared.model.dead_letters import Redrive, discard, redrive
from shared.model.job import Delivery
from shared.model.lifecycle import Status
from tests.bulk_actions import a_bulk_action
from tests.jobs import NOT_FOUND, SHARDING, after, at, claimed, failed_once
from tests.simulation import invariants, invariants_of_dead_letters
from tests.simulation.aftermath_facts import Facts

if TYPE_CHECKING:
    from shared.model.bulk_action import BulkAction
    from shared.model.job import Job

RUNNING = claimed()
FAILED = after(RUNNING, failed_once(RUNNING, failure=NOT_FOUND))
REDRIVEN = after(FAILED, redrive(FAILED, Redrive(wake_at=at(60), by="bulk1"), now=at(60), sharding=SHARDING))
DISCARDED = after(FAILED, discard(FAILED, reason="no", by="key-1", now=at(60)))
RESCUED = after(DISCARDED, redrive(DISCARDED, Redrive(wake_at=at(90), by="key-1"), now=at(90), sharding=SHARDING))
AGAIN = claimed(REDRIVEN, now=at(61))
OF_A_WRITE = (
    ("I20", invariants_of_dead_letters.i20_a_redrive_begins_anew_and_forgets_nothing),
    ("I21", invariants_of_dead_letters.i21_who_is_discarded_stays_so),
    *invariants.OF_A_WRITE,
)


def broken_by(before: Job | None, after: Job) -> set[str]:
    return {number for number, holds in OF_A_WRITE if any(holds(before, after))}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, FAILED),
        (RUNNING, FAILED),
        (FAILED, REDRIVEN),
        (FAILED, DISCARDED),
        (DISCARDED, RESCUED),
        (REDRIVEN, AGAIN),
        (AGAIN, after(AGAIN, failed_once(AGAIN, failure=NOT_FOUND, now=at(62)))),
    ],
)
def test_a_legal_move_breaks_none(before: Job | None, after: Job) -> None:
    assert broken_by(before, after) == set()


@pytest.mark.parametrize(
    ("number", "before", "after"),
    [
        ("I20", RUNNING, REDRIVEN),
        ("I20", FAILED, replace(REDRIVEN, attempt=1)),
        ("I20", FAILED, replace(REDRIVEN, executions=())),
        ("I20", FAILED, replace(REDRIVEN, fence=0)),
        ("I20", FAILED, replace(REDRIVEN, group="another")),
        ("I20", FAILED, replace(REDRIVEN, redriven_by=None)),
        ("I20", FAILED, replace(REDRIVEN, attention_pk="acme#0")),
        ("I20", REDRIVEN, replace(AGAIN, redriven_by="another")),
        ("I20", REDRIVEN, replace(AGAIN, redrives=0)),
        ("I3", REDRIVEN, replace(AGAIN, executions=())),
        ("I5", FAILED, replace(REDRIVEN, redrives=0)),
        ("I5", FAILED, replace(FAILED, name="renamed")),
        ("I9", REDRIVEN, replace(AGAIN, attempt=9)),
        ("I21", DISCARDED, replace(DISCARDED, name="renamed")),
        ("I21", RUNNING, replace(RUNNING, discarded_at=at(60))),
        ("I21", FAILED, replace(DISCARDED, attention_pk="acme#0")),
    ],
)
def test_what_it_forbids_breaks_it(number: str, before: Job, after: Job) -> None:
    assert number in broken_by(before, after)


def test_a_bulk_action_redrives_none_that_was_discarded() -> None:
    def broken(before: Job, after: Job) -> list[str]:
        return list(invariants_of_dead_letters.i21_no_bulk_action_redrives_a_discarded_one(before, after))

    assert broken(FAILED, REDRIVEN) == []
    assert broken(DISCARDED, RESCUED) != []


def facts_of(*writes: tuple[Job, Job], **known: Any) -> Facts:
    facts = Facts(**known)
    for before, later in writes:
        facts.write(before, later, 0)
    return facts


def test_a_redriven_job_runs_anew_and_none_does_that_was_not() -> None:
    def broken(facts: Facts) -> list[str]:
        return list(invariants_of_dead_letters.i20_each_redrive_ran(facts))

    cancelled = replace(REDRIVEN, status=Status.CANCELLED)
    assert broken(facts_of((FAILED, REDRIVEN), (REDRIVEN, AGAIN))) == []
    assert broken(facts_of((FAILED, REDRIVEN), (REDRIVEN, cancelled))) == []
    assert broken(facts_of((FAILED, REDRIVEN))) != []
    assert broken(facts_of((REDRIVEN, AGAIN))) != []


def test_a_bulk_action_redrives_a_job_once_and_a_client_as_often_as_it_asks() -> None:
    action = a_bulk_action()
    twice = {(FAILED.key, 1): "bulk1", (FAILED.key, 2): "bulk1"}

    def broken(redrives: dict[Any, str], asked: int = 0, *, actions: bool = True) -> list[str]:
        facts = Facts(redrives=redrives, actions={("acme", "bulk1"): action} if actions else {})
        asking = Counter({FAILED.key: asked})
        return list(invariants_of_dead_letters.i20_nobody_redrives_more_than_was_asked(facts, asking))

    assert broken({(FAILED.key, 1): "bulk1", (FAILED.key, 2): "key-1"}, 1) == []
    assert broken(twice) != []
    assert broken(twice, 2, actions=False) == []
    assert broken(twice, 1, actions=False) != []


PAGE = replace(a_bulk_action(), matched=2, page=("a", "b"))
DONE = replace(a_bulk_action(), status=BulkStatus.DONE, matched=2, done=1, refused=1)


@pytest.mark.parametrize(
    ("before", "after", "is_broken"),
    [
        (None, PAGE, False),
        (PAGE, DONE, False),
        (None, replace(PAGE, matched=1), True),
        (PAGE, replace(DONE, refused=0), True),
        (PAGE, replace(DONE, done=2, refused=0), True),
        (PAGE, replace(DONE, done=0, refused=2), True),
        (DONE, PAGE, True),
        (PAGE, replace(DONE, status=BulkStatus.ABORTED, refused=0), False),
    ],
)
def test_a_bulk_action_counts_what_it_has_done(before: BulkAction | None, after: BulkAction, is_broken: bool) -> None:
    facts = Facts(done={(FAILED.key, "bulk1"), (FAILED.key, "another")}, latest={FAILED.key: "bulk1"})

    broken = list(invariants_of_dead_letters.i22_a_bulk_action_counts_each_job_once(before, after, facts))

    assert bool(broken) is is_broken


def test_the_rest_waits_until_the_canary_has_succeeded() -> None:
    cautious = a_bulk_action(has_canary=True)
    canary = replace(REDRIVEN, id="canary")
    succeeded = replace(canary, status=Status.SUCCEEDED)

    def broken(action: BulkAction, facts: Facts) -> list[str]:
        return list(invariants_of_dead_letters.i22_the_rest_waits_for_the_canary(REDRIVEN, action, facts))

    assert broken(cautious, facts_of((FAILED, REDRIVEN))) == []
    assert broken(cautious, Facts(latest={canary.key: "bulk1"}, ends={(canary.key, 9): succeeded})) == []
    assert broken(cautious, Facts(latest={canary.key: "bulk1"})) != []
    assert broken(cautious, Facts(latest={canary.key: "another"})) == []
    assert broken(a_bulk_action(), Facts(latest={canary.key: "bulk1"})) == []


@pytest.mark.parametrize(
    ("action", "stored", "is_broken"),
    [
        (replace(DONE, refused=0), FAILED, True),
        (replace(DONE, refused=0, status=BulkStatus.RUNNING), FAILED, False),
        (replace(DONE, refused=0), replace(FAILED, tenant="globex"), False),
        (replace(DONE, refusals=(Refusal(job_id=FAILED.id, why="gone"),)), FAILED, True),
        (
            replace(DONE, refusals=(Refusal(job_id=FAILED.id, why="at_most_once"),)),
            replace(FAILED, delivery=Delivery.AT_MOST_ONCE),
            False,
        ),
        (replace(a_bulk_action(wanted=DeadLetterFilter(error_type="other")), status=BulkStatus.DONE), FAILED, False),
        (replace(a_bulk_action(wanted=DeadLetterFilter(job_ids=(FAILED.id,))), status=BulkStatus.DONE), FAILED, True),
        (replace(a_bulk_action(kind=BulkKind.DISCARD), status=BulkStatus.DONE), FAILED, True),
    ],
)
def test_none_that_was_meant_is_left_out(action: BulkAction, stored: Job, is_broken: bool) -> None:
    facts = Facts(dead_since={FAILED.key: 0, replace(FAILED, tenant="globex").key: 0})

    def broken(created_ms: int) -> list[str]:
        return list(invariants_of_dead_letters.i22_none_that_was_meant_is_left_out(action, [stored], facts, created_ms))

    assert bool(broken(100_000)) is is_broken
    assert broken(60_000) == []
