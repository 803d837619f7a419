"""What must hold (I1 to I15), as functions that say what is wrong.

A step writes one item at the most, so judging each write judges the whole store after every step; what can only be said
when all is over is judged then. I2 stands in `occurrences`; I12 comes with dependencies, which are its subject.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from shared.model import limits
from shared.model.execution import Outcome
from shared.model.job import Delivery
from shared.model.lanes import Lane
from shared.model.lifecycle import Status
from shared.model.long_work import awaits_callback
from shared.model.maintenance_window import Effect as WindowEffect
from shared.model.occurrence_job import WITHDRAWN
from tests.simulation.ports import START

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from shared.model.execution import Execution
    from shared.model.job import Job, JobKey
    from shared.model.maintenance_window import MaintenanceWindow
    from tests.simulation.observed import Effect, Observed


def i3_each_attempt_has_one_outcome(before: Job | None, after: Job) -> Iterator[str]:
    """The attempts that were begun since the last redrive are those with an outcome and the running one, numbered from
    1 under rising fences; and no outcome is changed once it is written, or gone before there are too many."""
    running = after.status is Status.RUNNING
    ended = [one for one in after.executions if one.redrive == after.redrives]
    if after.attempt != len(ended) + running:
        yield f"attempt {after.attempt} with {len(ended)} outcomes, {after.status}"
    fences = [one.fence for one in after.executions]
    if [one.attempt for one in ended] != list(range(1, len(ended) + 1)) or fences != sorted(set(fences)):
        yield f"attempts are {[(one.redrive, one.attempt, one.fence) for one in after.executions]}"
    kept = () if before is None else before.executions
    if len(fences) == limits.EXECUTIONS_KEPT:
        kept = tuple(one for one in kept if one.fence >= fences[0])
    if [one.shortened() for one in after.executions[: len(kept)]] != [one.shortened() for one in kept]:
        yield "the outcome of an earlier attempt was changed"


def i4_the_fence_only_rises(before: Job | None, after: Job) -> Iterator[str]:
    """By one with each claim; and an outcome is written under the fence that the job has."""
    if before is None:
        return
    is_claim = before.status is Status.SCHEDULED and after.status is Status.RUNNING
    if after.fence != before.fence + is_claim:
        yield f"fence {before.fence} became {after.fence}"
    ended = _new_outcome(before, after)
    if ended is not None and ended.fence != before.fence:
        yield f"an outcome under fence {ended.fence} was written at fence {before.fence}"


def i5_terminal_is_final(before: Job | None, after: Job) -> Iterator[str]:
    """But what a template withdrew, a newer version of it may plan again; and what failed may be redriven or discarded,
    as `invariants_of_dead_letters` say."""
    if before is None or not before.status.is_terminal:
        return
    if before.status is Status.FAILED and (is_redrive(before, after) or after.discarded_at is not None):
        return
    is_withdrawn = (before.status, before.reason) == (Status.SKIPPED, WITHDRAWN)
    if not (is_withdrawn and after.status is Status.SCHEDULED and _is_newer(before, after)):
        yield f"{before.status} ({before.reason}) became {after.status}"


def i5_a_template_changes_only_what_has_not_begun(before: Job | None, after: Job) -> Iterator[str]:
    """And only what an older version of it has planned or withdrawn: its version never falls."""
    if before is None or before.template_version == after.template_version:
        return
    if not _is_newer(before, after):
        yield f"version {before.template_version} of the template became {after.template_version}"
    if before.attempt or before.status not in {Status.SCHEDULED, Status.SKIPPED}:
        yield f"a template changed a job that is {before.status} in attempt {before.attempt}"


def _is_newer(before: Job, after: Job) -> bool:
    return (after.template_version or 0) > (before.template_version or 0)


def is_redrive(before: Job | None, after: Job) -> bool:
    return before is not None and after.redrives == before.redrives + 1


def _new_outcome(before: Job, after: Job) -> Execution | None:
    """The one that was written by the write between them; None when none was."""
    known = {one.fence for one in before.executions}
    return next((one for one in after.executions if one.fence not in known), None)


def i6_one_success_at_the_most(before: Job | None, after: Job) -> Iterator[str]:
    """And exactly one in a job that succeeded, its last attempt."""
    successes = [one.outcome is Outcome.SUCCEEDED for one in after.executions]
    if sum(successes) > 1 or (after.status is Status.SUCCEEDED) != any(successes) or any(successes[:-1]):
        yield f"{after.status} with outcomes {[str(one.outcome) for one in after.executions]}"


def i7_a_requested_cancel_stays(before: Job | None, after: Job) -> Iterator[str]:
    """It is not forgotten, and no other attempt follows it."""
    was_requested = before is not None and before.cancel_requested_at is not None and not is_redrive(before, after)
    if was_requested and (after.cancel_requested_at is None or after.status is Status.SCHEDULED):
        yield f"a cancel was requested, and the job is {after.status} again"


def i8_who_is_not_terminal_wakes(before: Job | None, after: Job) -> Iterator[str]:
    """At a time, in a shard of the due index; and who runs, and only that one, has a lease."""
    live = not after.status.is_terminal
    if (after.wake_at is not None, after.due_shard is not None, after.ended_at is None) != (live, live, live):
        yield f"{after.status} with wake_at {after.wake_at} in {after.due_shard}, ended_at {after.ended_at}"
    if (after.lease_until is not None) != (after.status is Status.RUNNING):
        yield f"{after.status} with lease {after.lease_until}"


def i9_no_attempt_too_many(before: Job | None, after: Job) -> Iterator[str]:
    if after.attempt > after.retry.max_attempts:
        yield f"attempt {after.attempt} of {after.retry.max_attempts}"
    if after.delivery is Delivery.AT_MOST_ONCE and after.attempt > 1:
        yield f"attempt {after.attempt} of a job that is delivered at most once"


def i10_no_claim_before_its_time(before: Job | None, after: Job) -> Iterator[str]:
    """By the claimer's clock; and no first claim after its start deadline or once it is missed, nor a skip before
    that. A withdrawal is no skip for lateness."""
    if before is None or before.wake_at is None:
        return
    is_first = before.attempt == 0
    deadline = min((one for one in (before.expires_at, before.misfire_at) if one is not None), default=None)
    if after.fence > before.fence and after.started_at is not None:
        if after.started_at < before.wake_at or (is_first and after.started_at < before.run_at):
            yield f"claimed at {after.started_at}, due at {before.wake_at}, to run at {before.run_at}"
        if is_first and deadline is not None and deadline <= after.started_at:
            yield f"claimed at {after.started_at}, which was to start before {deadline}"
    is_too_late = before.status is Status.SCHEDULED and after.status is Status.SKIPPED and after.reason != WITHDRAWN
    if is_too_late and (deadline is None or not is_first or after.updated_at < deadline):
        yield f"skipped at {after.updated_at} in attempt {before.attempt}, which was to start before {deadline}"


OF_A_WRITE: Final = (
    ("I3", i3_each_attempt_has_one_outcome),
    ("I4", i4_the_fence_only_rises),
    ("I5", i5_terminal_is_final),
    ("I5", i5_a_template_changes_only_what_has_not_begun),
    ("I6", i6_one_success_at_the_most),
    ("I7", i7_a_requested_cancel_stays),
    ("I8", i8_who_is_not_terminal_wakes),
    ("I9", i9_no_attempt_too_many),
    ("I10", i10_no_claim_before_its_time),
)


def i3_an_outcome_is_what_the_target_answered(before: Job | None, after: Job, observed: Observed) -> Iterator[str]:
    """Or that nobody knows, or that it was not called."""
    ended = None if before is None else _new_outcome(before, after)
    if before is None or ended is None:
        return
    was_not_called = ended.outcome is Outcome.CANCELLED and ended.error_type is None
    if before.awaiting_since is not None and ended.error_type == "timed_out":
        return  # the watcher's word, and no answer of anybody's
    if ended.error_type != "lost" and not was_not_called:
        is_reported = awaits_callback(before) and ended.outcome is Outcome.SUCCEEDED
        heard = (observed.reports, *([] if is_reported else [observed.answers]))
        answer = [one.get((after.key, ended.fence), "none") for one in heard]
        if ended.error_type not in answer:
            yield f"{ended.outcome} with {ended.error_type} is written, and the target answered {answer}"


def i11_no_live_lease_is_taken(before: Job | None, after: Job, observed: Observed, now: int) -> Iterator[str]:
    """An attempt is written down as lost only when the lease is over by its holder's clock, as long as no two clocks
    are further apart than `limits.CLOCK_SKEW_SECONDS`."""
    ended = None if before is None else _new_outcome(before, after)
    if before is None or before.lease_until is None or ended is None:
        return
    if ended.outcome is Outcome.LOST or ended.error_type == "lost":
        holders_now = START + timedelta(milliseconds=now + observed.holders[before.key].skew_ms)
        if holders_now < before.lease_until:
            yield f"reaped at {holders_now} by the holder's clock, with a lease until {before.lease_until}"


def i11_the_holder_alone_extends_its_lease(before: Job | None, after: Job, writer: str, holder: str) -> Iterator[str]:
    """`writer`: the actor that wrote, whose name begins with its process's. And a lease is never shortened, but when it
    becomes that of whoever does the work, who extends it over the API."""
    if before is None or before.lease_until is None or after.lease_until is None or before.fence != after.fence:
        return
    if after.lease_until < before.lease_until and before.awaiting_since == after.awaiting_since:
        yield f"the lease until {before.lease_until} was shortened to {after.lease_until}"
    is_worker = after.awaiting_since is not None and writer.startswith("api-")
    if after.lease_until != before.lease_until and not is_worker and writer.split(maxsplit=1)[0] != holder:
        yield f"{writer} extended the lease of {holder}"


def a_long_job_runs_in_the_long_lane(after: Job, holder: str) -> Iterator[str]:
    """Anywhere else its process would be killed before its time is over."""
    if (after.lane is Lane.LONG) != holder.startswith("executor-long"):
        yield f"a job with a timeout of {after.timeout_seconds} s is run by {holder}"


def i7_no_effect_begins_after_the_end(effect: Effect, stored: Job) -> Iterator[str]:
    """Nor under any other fence than the job's own. So none begins after a cancel that was answered as final."""
    if stored.status is not Status.RUNNING or stored.fence != effect.fence:
        yield f"an effect began under fence {effect.fence} of a job that is {stored.status} at fence {stored.fence}"


def no_effect_begins_in_a_window_that_holds(
    stored: Job, now: datetime, windows: Iterable[MaintenanceWindow]
) -> Iterator[str]:
    """Nor in one that skips: when the claim and the effect, at `now` by the holder's clock, lie in one span of it, then
    so did the decision between them. Only where no other window could have decided."""
    claimed_at = stored.started_at or now
    about = [window for window in windows if window.tenant == stored.tenant]
    for window in about:
        decides = all(one is window or not _touches(one, claimed_at, now) for one in about)
        if (
            decides
            and window.effect is not WindowEffect.RUN
            and any(span.holds(claimed_at) and span.holds(now) for span in window.spans)
        ):
            yield f"an effect began at {now} in window {window.id}, which has it {window.effect}"


def _touches(window: MaintenanceWindow, since: datetime, until: datetime) -> bool:
    return any(span.starts_at <= until and since < span.ends_at for span in window.spans)


def i9_one_effect_of_an_attempt(effects: Iterable[Effect], stored: Job) -> Iterator[str]:
    """An attempt calls its target once; a job that is delivered at most once does so in all, and once more for each
    time that somebody said it may."""
    fences = [one.fence for one in effects]
    if len(set(fences)) < len(fences):
        yield f"effects began under the fences {fences}"
    if stored.delivery is Delivery.AT_MOST_ONCE and len(fences) > 1 + stored.redrives:
        yield f"{len(fences)} effects of a job that is delivered at most once"


def i1_i15_what_was_accepted_is_there(observed: Observed, stored: dict[JobKey, Job]) -> Iterator[str]:
    """And nothing else is, but at most one job for each creation whose outcome nobody was told."""
    for key in observed.accepted.keys() - stored.keys():
        yield f"job {key.job_id} of {key.tenant} was accepted, and is not there"
    for tenant in {key.tenant for key in stored}:
        more = sum(key.tenant == tenant and key not in observed.accepted for key in stored)
        may_be = len(observed.unknown[tenant])
        if more > may_be:
            yield f"{tenant} has {more} jobs beside the accepted ones, of which {may_be} may be"


def i1_all_have_ended_as_promised(observed: Observed, stored: dict[JobKey, Job]) -> Iterator[str]:
    """The oracle at the end: which ends can be explained by what happened outside."""
    for key, job in stored.items():
        effects = observed.effects.get(key, [])
        match job.status:
            case Status.SUCCEEDED:
                fine = any(one.fence == job.executions[-1].fence for one in effects)
            case Status.FAILED:
                fine = bool(job.executions)
            case Status.CANCELLED:
                fine = key in observed.cancels and bool(effects) <= bool(job.executions)
            case Status.SKIPPED:
                may_be_late = job.expires_after_seconds is not None or job.misfire_at is not None
                is_declined = (job.reason or "").startswith("maintenance_window:")
                before = max((one.fence for one in job.executions if one.redrive < job.redrives), default=0)
                has_begun = any(one.fence > before for one in effects)
                fine = (may_be_late or is_declined or job.reason == WITHDRAWN) and not has_begun
            case _:
                fine = False
        if not fine:
            yield f"job {key.job_id} is {job.status} ({job.reason}) with {len(effects)} effects"


SKEW_MS: Final = limits.CLOCK_SKEW_SECONDS * 1000
