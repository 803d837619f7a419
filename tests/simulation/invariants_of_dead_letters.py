"""What must hold of jobs that failed for good (I20 to I22): redriven ones run again, once for each time that somebody
asked; discarded ones do not; and a bulk action does it once to each that was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shared.model.bulk_action import BulkKind, BulkStatus
from shared.model.job import Delivery
from shared.model.lifecycle import Status
from tests.simulation.faults import SECOND
from tests.simulation.invariants import is_redrive

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shared.model.bulk_action import BulkAction
    from shared.model.job import Job, JobKey
    from tests.simulation.aftermath_facts import Facts

INDEX_LAG_MS: Final = 70 * SECOND
"""So much later than it failed a dead letter is in its index at the latest, and that much more than clocks differ."""

_KEPT: Final = (
    "id",
    "tenant",
    "name",
    "group",
    "tags",
    "run_at",
    "created_at",
    "fence",
    "executions",
    "correlation_id",
)


def i20_a_redrive_begins_anew_and_forgets_nothing(before: Job | None, after: Job) -> Iterator[str]:
    """Of a job that failed for good: it is scheduled with a fresh budget, and is linked to what it was."""
    if before is None:
        return
    told = [(one.redrives, one.redriven_at, one.redriven_by) for one in (before, after)]
    if not is_redrive(before, after):
        if told[0] != told[1]:
            yield f"its redrives were {told[0]} and are {told[1]}"
        return
    if (before.status, after.status, after.attempt) != (Status.FAILED, Status.SCHEDULED, 0):
        yield f"redriven from {before.status} to {after.status} in attempt {after.attempt}"
    if changed := [name for name in _KEPT if getattr(before, name) != getattr(after, name)]:
        yield f"its redrive has changed {changed}"
    if None in told[1] or after.ended_at is not None or after.attention_pk is not None:
        yield f"redriven as {told[1]}, ended at {after.ended_at}, in {after.attention_pk}"


def i21_who_is_discarded_stays_so(before: Job | None, after: Job) -> Iterator[str]:
    """As it failed, and wanting nobody's attention, until somebody redrives it."""
    if before is None or is_redrive(before, after):
        return
    is_new = before.discarded_at is None and after.discarded_at is not None
    if before.discarded_at is not None and after != before:
        yield "it was discarded, and was changed"
    if is_new and (before.status is not Status.FAILED or after.status is not Status.FAILED):
        yield f"discarded while {before.status}, and is {after.status}"
    if is_new and (after.attention_pk is not None or after.executions != before.executions):
        yield f"discarded, and still in {after.attention_pk}, with {len(after.executions)} executions"


def i21_no_bulk_action_redrives_a_discarded_one(before: Job | None, after: Job) -> Iterator[str]:
    if before is not None and is_redrive(before, after) and before.discarded_at is not None:
        yield f"it was discarded, and {after.redriven_by} has redriven it"


def i20_each_redrive_ran(facts: Facts) -> Iterator[str]:
    """At least one attempt, unless it was cancelled or came too late; and nothing ran anew that nobody redrove."""
    given_up = {
        (key, job.redrives) for (key, _), job in facts.ends.items() if job.status in {Status.CANCELLED, Status.SKIPPED}
    }
    redriven = set(facts.redrives)
    for key, number in redriven - facts.begun - given_up:
        yield f"job {key.job_id} was redriven {number} times, and did not run since"
    for key, number in facts.begun - redriven:
        if number:
            yield f"job {key.job_id} ran anew for the time {number}, and was not redriven"


def i20_nobody_redrives_more_than_was_asked(facts: Facts, asked: Mapping[JobKey, int]) -> Iterator[str]:
    """A bulk action a job once, and clients as often as they called (`asked`)."""
    actions = {action.id for action in facts.actions.values()}
    done: dict[tuple[JobKey, str], int] = {}
    for (key, _), by in facts.redrives.items():
        done[key, by] = done.get((key, by), 0) + 1
    for (key, by), times in done.items():
        if times > (1 if by in actions else asked.get(key, 0)):
            yield f"job {key.job_id} was redriven {times} times by {by}"


def i22_a_bulk_action_counts_each_job_once(before: BulkAction | None, after: BulkAction, facts: Facts) -> Iterator[str]:
    """What it has found it has dealt with, or is about to; and it has not done more than it has done. What another has
    redriven or discarded since may count as refused, since it was changed meanwhile."""
    counts = (after.done, after.refused, after.failed, len(after.page))
    is_cut_short = after.status is BulkStatus.ABORTED
    if sum(counts) != after.matched and not is_cut_short:
        yield f"{after.matched} were matched, of which {counts} were done, refused, failed, are to be done"
    most = sum(by == after.id for _, by in facts.done)
    least = sum(by == after.id for by in facts.latest.values()) if after.status is BulkStatus.DONE else 0
    if not least <= after.done <= most:
        yield f"{after.done} are counted as done, and {least} to {most} jobs were, {after.status}"
    if before is not None and before.has_ended:
        yield f"it was {before.status}, and was changed"


def i22_the_rest_waits_for_the_canary(after: Job, action: BulkAction, facts: Facts) -> Iterator[str]:
    """`after` has just been redriven by `action`."""
    others = [key for key, by in facts.latest.items() if by == action.id and key != after.key]
    has_succeeded = any(
        key in others and job.status is Status.SUCCEEDED and job.redriven_by == action.id
        for (key, _), job in facts.ends.items()
    )
    if action.spec.has_canary and others and not has_succeeded:
        yield f"{after.id} was redriven by {action.id}, whose canary has not succeeded"


def i22_none_that_was_meant_is_left_out(
    action: BulkAction, stored: Iterable[Job], facts: Facts, created_ms: int
) -> Iterator[str]:
    """`action` is done: what was a dead letter long enough before it was created, and still is the same, was refused,
    and for a reason."""
    refused = {one.job_id for one in action.refusals}
    if action.status is not BulkStatus.DONE or action.refused + action.failed > len(refused):
        return
    for job in stored:
        since = facts.dead_since.get(job.key)
        if job.tenant != action.tenant or since is None or since > created_ms - INDEX_LAG_MS:
            continue
        if _is_meant(action, job) and job.id not in refused:
            yield f"{job.id} is a dead letter since {since} ms, and {action.id} has left it out"
        is_promised = job.delivery is Delivery.AT_MOST_ONCE and not action.spec.may_begin_again
        may_be_refused = action.spec.kind is BulkKind.REDRIVE and is_promised
        if job.id in refused and _is_meant(action, job) and not may_be_refused and not action.failed:
            why = next(one.why for one in action.refusals if one.job_id == job.id)
            yield f"{job.id} was refused as {why}"


def _is_meant(action: BulkAction, job: Job) -> bool:
    wanted = action.spec.wanted
    if wanted.job_ids:
        return job.id in wanted.job_ids
    return wanted.error_type is None or job.executions[-1].error_type == wanted.error_type
