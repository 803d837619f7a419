"""Successes behind bursts of other jobs, dead letters behind those of others, and what an index does not show yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions.watcher.alerts import latest_jobs, recovery
from functions.watcher.alerts.lately import Lately
from shared.model.alerts.alert import AlertState, Subject, SubjectKind
from shared.model.alerts.rule import RuleKind, RuleScope
from shared.model.dead_letters import discard
from shared.model.errors import StoreUnavailable
from shared.model.execution import Failure
from shared.model.job import attention_partition
from shared.ports.alerts import DueKind, DueLook
from tests.alerting import Alerting, a_rule
from tests.jobs import SHARDING, START, TENANT, at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.model.job import Job
    from shared.ports.jobs import ListedEntry

PAYROLL = RuleScope(template_ids=("payroll",))
NIGHTLY = RuleScope(group="nightly")
OTHER = Failure("http_403", "another cause", retryable=False)


def watching(kind: RuleKind, **facts: Any) -> Alerting:
    """A rule that is looked at each minute, and nothing else."""
    rule = a_rule(kind, **{"grace_seconds": 0, **facts})
    alerting = Alerting(rule, a_rule(id="off", is_enabled=False))
    alerting.alerts.plan_look(DueLook(START, TENANT, DueKind.RULE, rule.id))
    return alerting


def discarded(alerting: Alerting, job: Job) -> None:
    alerting.change(job, discard(job, by="key", reason="known", now=alerting.clock.now()))


@pytest.mark.parametrize(
    ("scope", "jobs"), [(PAYROLL, {"template": "payroll"}), (NIGHTLY, {"group": "nightly"})], ids=["template", "group"]
)
def test_a_success_before_a_burst_of_jobs_that_wait_or_fail_is_a_success(
    scope: RuleScope, jobs: dict[str, str]
) -> None:
    alerting = watching(RuleKind.NOTHING_SUCCEEDED, scope=scope, seconds=600)
    alerting.clock.advance(600)
    alerting.succeed(**jobs)
    for _ in range(200):
        alerting.clock.advance(0.1)
        alerting.job(**jobs)
        alerting.fail(**jobs)

    alerting.minutes(9)
    before = alerting.all()
    alerting.minutes(2)

    assert (before, len(alerting.all())) == ([], 1)


def test_a_job_that_was_due_early_and_succeeds_late_is_a_success() -> None:
    alerting = watching(RuleKind.NOTHING_SUCCEEDED, scope=PAYROLL, seconds=600)
    slow = alerting.start(alerting.job(template="payroll"))
    for _ in range(60):
        alerting.clock.advance(10)
        alerting.fail(template="payroll")
    alerting.end(slow)

    alerting.minutes(5)

    assert alerting.all() == []


def test_of_so_many_jobs_that_none_of_the_newest_thousand_succeeded_it_is_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(latest_jobs, "MOST_LOOKED_AT", 100)
    alerting = watching(RuleKind.NOTHING_SUCCEEDED, scope=PAYROLL, seconds=600)
    alerting.clock.advance(600)
    alerting.succeed(template="payroll")
    for _ in range(100):
        alerting.clock.advance(0.1)
        alerting.job(template="payroll")

    alerting.minutes(1)

    assert len(alerting.all()) == 1


def test_silence_that_has_an_alert_is_not_looked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    alerting = watching(RuleKind.NOTHING_SUCCEEDED, scope=PAYROLL, seconds=600)
    for _ in range(300):
        alerting.fail(template="payroll")
    alerting.minutes(11)
    looked_at: list[int] = []
    monkeypatch.setattr(alerting.jobs, "get_many", lambda keys, **_: looked_at.append(len(keys)))

    alerting.clock.advance(40)
    alerting.parts.look_after.evaluate_rule(DueLook(alerting.clock.now(), TENANT, DueKind.RULE, "r1"))

    assert (len(alerting.all()), looked_at) == (1, [])


def test_pages_that_could_not_be_read_are_not_the_end_of_the_jobs() -> None:
    def pages() -> Iterator[list[Job]]:
        yield []
        raise StoreUnavailable("away", outcome_unknown=False)

    lately = Lately(pages())

    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            lately.has_succeeded_since(START)


def test_a_success_behind_a_burst_ends_the_alert() -> None:
    alerting = Alerting(a_rule(grace_seconds=0), a_rule(id="off", is_enabled=False))
    alerting.failure(template="payroll")
    alerting.clock.advance(1)
    alerting.succeed(template="payroll")
    for _ in range(200):
        alerting.clock.advance(0.1)
        alerting.job(template="payroll")

    alerting.minutes(1)

    assert alerting.only().state is AlertState.RESOLVED


def test_failures_in_a_row_are_found_behind_jobs_that_wait() -> None:
    alerting = Alerting(a_rule(RuleKind.FAILURES_IN_A_ROW, count=3), a_rule(id="off", is_enabled=False))
    alerting.failure(template="payroll")
    alerting.clock.advance(1)
    changes = [alerting.fail(template="payroll") for _ in range(2)]
    for _ in range(200):
        alerting.clock.advance(0.1)
        alerting.job(template="payroll")

    alerting.judge(*changes)

    assert alerting.only().count == 2


def test_newer_dead_letters_of_others_do_not_hide_those_of_an_alert(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "_DEAD_LETTERS_LOOKED_AT", 50)
    alerting = Alerting(a_rule(grace_seconds=0))
    first, *others = [alerting.failure() for _ in range(12)]
    for job in others:
        discarded(alerting, job)
    alerting.clock.advance(120)
    for _ in range(100):
        alerting.fail(OTHER)

    alerting.minutes(1)
    before = alerting.only().state
    discarded(alerting, first)
    alerting.minutes(2)

    assert (before, alerting.only().state) == (AlertState.OPEN, AlertState.RESOLVED)


def test_of_more_dead_letters_than_are_looked_at_nobody_knows_that_none_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recovery, "_DEAD_LETTERS_LOOKED_AT", 50)
    alerting = Alerting(a_rule(grace_seconds=0))
    jobs = [alerting.failure() for _ in range(12)]
    for _ in range(50):
        alerting.fail(OTHER)
    for job in jobs:
        discarded(alerting, job)

    alerting.minutes(30)

    assert alerting.only().state is AlertState.OPEN


class Lagging:
    """The index of dead letters as it was when it was `frozen`: what is new is not shown yet, or what is none any more
    is still there."""

    def __init__(self, alerting: Alerting, monkeypatch: pytest.MonkeyPatch) -> None:
        self._list = alerting.jobs.list_attention
        self._frozen: dict[str, list[ListedEntry]] = {}
        self.hides_new = self.shows_old = False
        monkeypatch.setattr(alerting.jobs, "list_attention", self)

    def freeze(self, *, hides_new: bool = False, shows_old: bool = False) -> None:
        partitions = [attention_partition(TENANT, number) for number in range(SHARDING.group)]
        self._frozen = {one: self._now(one) for one in partitions}
        self.hides_new, self.shows_old = hides_new, shows_old

    def __call__(self, partition: str, *, before: str, not_before: str, limit: int) -> list[ListedEntry]:
        shown, then = set(self._now(partition)), set(self._frozen.get(partition, ()))
        shown = shown & then if self.hides_new else shown
        shown = shown | then if self.shows_old else shown
        newest_first = sorted(shown, reverse=True)
        return [one for one in newest_first if not_before <= one.sort_key < before][:limit]

    def _now(self, partition: str) -> list[ListedEntry]:
        return self._list(partition, before="~", not_before="0", limit=10_000)


def counting(count: int, monkeypatch: pytest.MonkeyPatch) -> tuple[Alerting, Lagging]:
    alerting = Alerting(
        a_rule(RuleKind.DEAD_LETTER_COUNT, count=count, grace_seconds=0), a_rule(id="off", is_enabled=False)
    )
    return alerting, Lagging(alerting, monkeypatch)


def test_dead_letters_of_one_batch_count_although_the_index_does_not_show_them(monkeypatch: pytest.MonkeyPatch) -> None:
    alerting, index = counting(3, monkeypatch)
    index.freeze(hides_new=True)

    alerting.judge(*(alerting.fail() for _ in range(3)))

    assert alerting.only().count == 3


def test_dead_letters_that_the_index_shows_too_late_are_an_alert_once_it_does_although_a_minute_began_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alerting, index = counting(3, monkeypatch)
    alerting.clock.advance(59.9)
    index.freeze(hides_new=True)
    for _ in range(3):
        alerting.failure()
    alerting.clock.advance(0.1)
    alerting.look()
    before = alerting.all()
    index.freeze()

    alerting.minutes(1)

    assert (before, alerting.only().subject) == ([], Subject(SubjectKind.TENANT, TENANT))
    looks = alerting.alerts.looks(until=at(999_999), limit=10)
    assert [look for look in looks if look.kind is DueKind.RULE] == []


def test_what_was_discarded_a_moment_ago_is_no_dead_letter_although_it_is_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alerting, index = counting(3, monkeypatch)
    jobs = [alerting.failure() for _ in range(2)]
    index.freeze(shows_old=True)
    for job in jobs:
        discarded(alerting, job)

    alerting.failure()
    alerting.minutes(3)

    assert alerting.all() == []


def test_an_alert_about_dead_letters_is_not_over_because_the_index_does_not_show_the_newest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alerting, index = counting(3, monkeypatch)
    jobs = [alerting.failure() for _ in range(3)]
    for job in jobs[:2]:
        discarded(alerting, job)
    alerting.clock.advance(59)
    index.freeze(hides_new=True)
    alerting.judge(*(alerting.fail() for _ in range(2)))

    alerting.clock.advance(1)
    alerting.look()
    before = alerting.only().state
    index.freeze()
    alerting.minutes(3)

    assert (before, alerting.only().state) == (AlertState.OPEN, AlertState.OPEN)
