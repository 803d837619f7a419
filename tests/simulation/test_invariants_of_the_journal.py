"""Each invariant of what follows from jobs is broken by what it forbids, and by nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.adapters.archive import BucketArchive
from shared.model import moves
from shared.model.alerts import moves as moves_of_alerts
from shared.model.alerts.alert import Occurrence, Subject, SubjectKind
from shared.model.alerts.alert_event import events_of
from shared.model.execution import Output
from shared.model.job_change import JobChange
from shared.model.lifecycle_event import event_of
from shared.model.subscription import EventFilter
from shared.side_by_side import one_after_another
from tests.alerting import a_rule
from tests.jobs import RETENTION, a_job, after, at, claimed
from tests.simulation import invariants_of_the_journal as invariants
from tests.simulation.aftermath_facts import Facts, Gone
from tests.simulation.beside import CHECKPOINT, SimulatedBucket
from tests.subscriptions import a_subscription

if TYPE_CHECKING:
    from shared.model.job import Job, JobKey
    from shared.model.lifecycle_event import LifecycleEvent
    from shared.model.subscription import Subscription

WAITING = a_job(group="reports", payload=b"x")
RUNNING = claimed(WAITING)
ENDED = after(RUNNING, moves.succeed(RUNNING, output=Output(ref="output"), now=at(1), retention=RETENTION))
FACTS = Facts()
for before, later in ((None, WAITING), (WAITING, RUNNING), (RUNNING, ENDED)):
    FACTS.write(before, later, 0)


def archive(*jobs: Job) -> dict[str, bytes]:
    bucket = SimulatedBucket()
    for job in jobs:
        BucketArchive(lambda: bucket, "data", together=one_after_another).keep([job])
    return bucket.objects


def event(before: Job, after: Job) -> LifecycleEvent:
    told = event_of(JobChange(before, after))
    assert told is not None
    return told


STARTED, SUCCEEDED = event(WAITING, RUNNING), event(RUNNING, ENDED)
TOLD = {one.id: [one] for one in (STARTED, SUCCEEDED)}
SUBSCRIPTION = a_subscription()
DELIVERIES = {replace(RUNNING, id=one.id).key: (SUBSCRIPTION.channel_id, one.id) for one in (STARTED, SUCCEEDED)}


@pytest.mark.parametrize(
    ("jobs", "is_broken"),
    [
        ([ENDED], False),
        ([], True),
        ([ENDED, ENDED], False),
        ([ENDED, replace(ENDED, version=9)], True),
        ([replace(ENDED, reason="because")], True),
        ([replace(ENDED, executions=())], True),
        ([ENDED, replace(ENDED, name="otherwise")], True),
        ([ENDED, replace(ENDED, tenant="globex")], True),
    ],
)
def test_the_archive_holds_each_end_once_as_it_was_and_nothing_else(jobs: list[Job], is_broken: bool) -> None:
    broken = list(invariants.i16_the_archive_holds_each_end_as_it_was(FACTS, archive(*jobs)))

    assert bool(broken) is is_broken


@pytest.mark.parametrize(
    ("told", "is_broken"),
    [
        (TOLD, False),
        ({**TOLD, STARTED.id: [STARTED, STARTED]}, False),
        ({SUCCEEDED.id: [SUCCEEDED]}, True),
        ({**TOLD, "another.1": [replace(STARTED, id="another.1")]}, True),
        ({**TOLD, STARTED.id: [replace(STARTED, type="job.failed")]}, True),
        ({**TOLD, STARTED.id: [replace(STARTED, tenant="globex")]}, True),
        ({**TOLD, STARTED.id: [STARTED, replace(STARTED, document={**STARTED.document, "summary": ""})]}, True),
    ],
)
def test_each_start_and_end_is_told_and_what_never_was_is_not(
    told: dict[str, list[LifecycleEvent]], is_broken: bool
) -> None:
    assert bool(list(invariants.i17_each_start_and_end_is_told(FACTS, told))) is is_broken


def test_each_move_of_an_alert_is_told() -> None:
    alert = moves_of_alerts.opened(
        a_rule(), Subject(SubjectKind.GROUP, "reports"), [Occurrence("job-1", "3", at(0))], now=at(0), policy=None
    )
    resolved = moves_of_alerts.resolved(alert, by="key", note=None, now=at(9))
    first, last = events_of(resolved)

    def broken(*told: LifecycleEvent) -> list[str]:
        return list(invariants.i17_each_move_of_an_alert_is_told([resolved], {one.id: [one] for one in told}))

    assert broken(first, last, STARTED) == []
    assert broken(first) != []
    assert broken(last) != []
    assert broken(first, last, replace(first, id="another.1")) != []
    assert broken(first, replace(last, type="alert.reopened")) != []


@pytest.mark.parametrize(
    ("subscription", "told", "is_broken"),
    [
        (SUBSCRIPTION, DELIVERIES, False),
        (SUBSCRIPTION, dict(list(DELIVERIES.items())[:1]), True),
        (SUBSCRIPTION, {**DELIVERIES, ENDED.key: (SUBSCRIPTION.channel_id, STARTED.id)}, True),
        (replace(SUBSCRIPTION, events=("job.failed",)), DELIVERIES, True),
        (replace(SUBSCRIPTION, events=("job.failed",)), {}, False),
        (replace(SUBSCRIPTION, filter=EventFilter(group="reports")), DELIVERIES, False),
        (replace(SUBSCRIPTION, filter=EventFilter(group="billing")), DELIVERIES, True),
        (replace(SUBSCRIPTION, tenant="globex"), DELIVERIES, True),
    ],
)
def test_each_subscription_is_told_by_one_job_what_it_wants(
    subscription: Subscription, told: dict[JobKey, tuple[str, str]], is_broken: bool
) -> None:
    broken = list(invariants.i18_each_subscription_is_told_what_it_wants(TOLD, [subscription], told))

    assert bool(broken) is is_broken


def test_what_a_job_has_beside_it_is_removed_only_when_it_is_gone() -> None:
    job = replace(ENDED, payload=replace(ENDED.payload, data=None, ref="ref"))

    def broken(what: str, stored: Job | None) -> list[str]:
        return list(invariants.i19_nothing_of_a_job_is_removed_while_it_is_there(job.key, what, stored))

    assert broken("ref", None) == []
    assert broken("an earlier one", job) == []
    assert broken("ref", job) != []
    assert broken(CHECKPOINT, job) != []


def test_what_is_gone_leaves_nothing_but_what_was_put_just_before() -> None:
    gone = {ENDED.key: Gone(ENDED, at(600))}

    def broken(put_at: float, *checkpoints: JobKey, outputs: tuple[str, ...] = ()) -> list[str]:
        payloads = {(ENDED.key, "ref"): at(put_at)}
        return list(invariants.i19_nothing_stays_of_what_is_gone(gone, payloads, checkpoints, outputs))

    assert broken(590) == []
    assert broken(590, replace(ENDED, id="another").key, outputs=("another",)) == []
    assert broken(0) != []
    assert broken(590, ENDED.key) != []
    assert broken(590, outputs=("output",)) != []
