"""Each invariant of alerts is broken by what it forbids, and by nothing that the moves do."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.model.alerts import moves
from shared.model.alerts.alert import AlertState, NotificationKind, Occurrence, Pending, Subject, SubjectKind
from shared.model.alerts.rule import RuleKind, RuleScope, StormCap
from shared.model.groups import NOTIFICATIONS
from shared.model.lifecycle import Status
from shared.ports.alerts import Mark
from tests.alerting import a_policy, a_rule
from tests.jobs import NOT_FOUND, a_job, after, at, claimed, failed_once
from tests.simulation import invariants_of_alerts as invariants
from tests.simulation.invariants_of_alerts import Told

if TYPE_CHECKING:
    from shared.model.alerts.alert import Alert
    from shared.model.alerts.rule import AlertRule
    from shared.model.job import Job

POLICY = a_policy()
RULE = a_rule(policy_id="p1", grace_seconds=0)
FOUND = [Occurrence("job-1", "3", at(0))]
MARKS = [Mark("r1", "job-1", "3")]
OPEN = moves.opened(RULE, Subject(SubjectKind.GROUP, "reports"), FOUND, now=at(0), policy=POLICY)
TOLD = moves.handed_over(OPEN, {1}, announced=1)
COUNTED = moves.counted(TOLD, [Occurrence("job-2", "3", at(9))], now=at(9))
ESCALATED = moves.advanced(TOLD, POLICY, at(901))
SEEN = moves.acknowledged(TOLD, by="key", note=None, now=at(60))
SILENT = moves.silenced(TOLD, until=at(3_000), by="key", note=None, now=at(60))
LOUD = moves.advanced(SILENT, POLICY, at(9_000))
OVER = moves.resolved(SEEN, by="key", note=None, now=at(99))
RUNNING = claimed(a_job(group="reports"))
FAILED = after(RUNNING, failed_once(RUNNING, failure=NOT_FOUND))


@pytest.mark.parametrize(
    ("before", "after", "marks"),
    [
        (None, OPEN, MARKS),
        (OPEN, TOLD, []),
        (TOLD, COUNTED, [Mark("r1", "job-2", "3")]),
        (TOLD, ESCALATED, []),
        (TOLD, SEEN, []),
        (TOLD, SILENT, []),
        (SILENT, LOUD, []),
        (SEEN, OVER, []),
        (SILENT, moves.resolved(SILENT, by="key", note=None, now=at(99)), []),
    ],
)
def test_a_legal_move_breaks_none(before: Alert | None, after: Alert, marks: list[Mark]) -> None:
    assert list(invariants.i23_what_is_counted_is_what_was_found(before, after, marks)) == []
    assert list(invariants.i25_who_looks_after_it_is_left_alone(before, after)) == []


@pytest.mark.parametrize(
    ("before", "after", "marks"),
    [
        (None, OPEN, []),
        (None, replace(OPEN, count=2), MARKS * 2),
        (TOLD, COUNTED, []),
        (TOLD, replace(TOLD, subject=Subject(SubjectKind.GROUP, "billing")), []),
    ],
)
def test_a_count_that_is_not_what_was_found_is_seen(before: Alert | None, after: Alert, marks: list[Mark]) -> None:
    assert list(invariants.i23_what_is_counted_is_what_was_found(before, after, marks)) != []


ESCALATION = (Pending(2, NotificationKind.ESCALATED, ("boss",)),)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (SEEN, replace(SEEN, pending=ESCALATION)),
        (SEEN, replace(SEEN, steps_taken=2)),
        (SEEN, replace(SEEN, state=AlertState.ESCALATED)),
        (SILENT, replace(SILENT, pending=ESCALATION)),
        (SEEN, replace(OVER, pending=ESCALATION)),
    ],
)
def test_telling_somebody_of_what_is_looked_after_is_seen(before: Alert, after: Alert) -> None:
    assert list(invariants.i25_who_looks_after_it_is_left_alone(before, after)) != []


OF_REPORTS = a_rule(id="r2", scope=RuleScope(group="reports"))
LATE = replace(FAILED, id="late", status=Status.SKIPPED, reason="expired")


@pytest.mark.parametrize(
    ("rules", "ended", "counted", "is_broken"),
    [
        ([RULE], [FAILED], {"r1": [FAILED]}, False),
        ([RULE], [FAILED, FAILED], {"r1": [FAILED, FAILED]}, False),
        ([RULE], [FAILED], {}, True),
        ([RULE], [FAILED], {"r1": [FAILED, FAILED]}, True),
        ([RULE], [], {"r1": [FAILED]}, True),
        ([], [FAILED], {"built-in-failed-for-good": [FAILED]}, False),
        ([], [FAILED], {}, True),
        ([RULE, OF_REPORTS], [FAILED], {"r2": [FAILED]}, False),
        ([RULE, OF_REPORTS], [FAILED], {"r1": [FAILED]}, True),
        ([RULE], [LATE], {}, False),
        ([a_rule(RuleKind.DEADLINE_MISSED)], [LATE], {"r1": [LATE]}, False),
        ([a_rule(RuleKind.DEADLINE_MISSED)], [LATE], {}, True),
        ([RULE], [replace(FAILED, group=NOTIFICATIONS)], {}, False),
    ],
)
def test_each_end_is_counted_by_the_rules_that_judge_it(
    rules: list[AlertRule], ended: list[Job], counted: dict[str, list[Job]], is_broken: bool
) -> None:
    counts = {("acme", rule): Counter(job.id for job in jobs) for rule, jobs in counted.items()}

    assert bool(list(invariants.i23_each_is_counted_in_one_alert(rules, ended, counts))) is is_broken


def test_no_more_alerts_open_in_a_window_than_the_cap_and_one() -> None:
    cap = StormCap(alerts=1, window_seconds=600)
    storm = replace(OPEN, subject=Subject(SubjectKind.STORM, "r1"))

    def broken(*opened: Alert, by_hand: tuple[str, ...] = ()) -> list[str]:
        return list(invariants.i24_a_storm_opens_no_more_than_its_cap(opened, cap, by_hand))

    assert broken(OPEN, storm) == []
    assert broken(OPEN, replace(OPEN, opened_at=at(600))) == []
    assert broken(OPEN, replace(OPEN, opened_at=at(599))) != []
    assert broken(OPEN, storm, replace(storm, opened_at=at(10))) != []
    assert broken(OPEN, replace(storm, id="ended"), storm, by_hand=("ended",)) == []
    assert broken(OPEN, replace(OPEN, id="ended"), by_hand=("ended",)) != []


def test_of_alerts_about_the_same_one_is_live() -> None:
    another = replace(OPEN, id="another")

    def broken(alert: Alert, *others: Alert) -> list[str]:
        return list(invariants.i24_one_of_a_kind_is_live(alert, (alert, *others)))

    assert broken(OPEN, replace(another, state=AlertState.RESOLVED)) == []
    assert broken(OPEN, replace(another, key="of another")) == []
    assert broken(OPEN, another) != []


OPENED, ENDED = Told("a1", 1, "alert.opened", "pager"), Told("a1", 2, "alert.resolved", "pager")


def test_what_is_decided_is_told_by_one_job() -> None:
    def broken(decided: set[Told], *told: Told) -> list[str]:
        return list(invariants.i26_what_is_decided_is_told_once(decided, told))

    assert broken({OPENED, ENDED}, OPENED, ENDED) == []
    assert broken({OPENED, ENDED}, OPENED) != []
    assert broken({OPENED}, OPENED, ENDED) != []
    assert broken({OPENED}, OPENED, OPENED) != []


def test_the_end_is_told_once_to_who_knows() -> None:
    over = replace(OVER, id="a1", pending=(), announced=OVER.version)

    def broken(alert: Alert, *told: Told) -> list[str]:
        return list(invariants.i26_the_end_is_told_once_to_who_knows([alert], told))

    assert broken(over) == []
    assert broken(over, OPENED, ENDED) == []
    assert broken(over, OPENED) != []
    assert broken(over, ENDED) != []
    assert broken(over, OPENED, ENDED, ENDED._replace(number=3)) != []
    assert broken(over, OPENED, ENDED, ENDED._replace(channel_id="boss")) != []
    assert broken(replace(over, state=AlertState.OPEN), OPENED, ENDED) != []
    assert broken(replace(over, recover_at=at(999)), OPENED, ENDED) != []
