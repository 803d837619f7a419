from __future__ import annotations

from datetime import timedelta

from shared.model.lifecycle import Status
from shared.model.retention import Retention, RetentionBounds
from shared.model.tenant_retention import ENDS, TenantRetention, applied, days_by_end, shortest
from tests.jobs import at

DEFAULT = Retention(succeeded_days=30, failed_days=90, cancelled_days=30, skipped_days=30)
BOUNDS = RetentionBounds(minimum_days=7, maximum_days=100)
UNSAID = TenantRetention.unsaid("acme")


def test_each_end_of_a_job_has_a_retention_of_its_own() -> None:
    assert set(ENDS) == {status for status in Status if status.is_terminal} == set(days_by_end(DEFAULT))
    assert {end: DEFAULT.of(end).days for end in ENDS} == days_by_end(DEFAULT)


def test_where_a_tenant_says_nothing_the_deployments_default_holds() -> None:
    said = UNSAID.saying({Status.FAILED: 60}, by="key-1", now=at(1))

    assert applied(UNSAID.days, DEFAULT, BOUNDS) == DEFAULT
    assert days_by_end(applied(said.days, DEFAULT, BOUNDS)) == {**days_by_end(DEFAULT), Status.FAILED: 60}


def test_bounds_that_were_narrowed_hold_for_what_was_said_before() -> None:
    held = applied({Status.SUCCEEDED: 1, Status.FAILED: 365}, DEFAULT, BOUNDS)

    assert (held.succeeded_days, held.failed_days) == (7, 100)


def test_the_deployments_own_word_is_not_bounded_by_what_tenants_may_say() -> None:
    assert applied({}, Retention.alike(1), BOUNDS) == Retention.alike(1)


def test_each_change_is_a_version_that_tells_who_made_it() -> None:
    first = UNSAID.saying({Status.FAILED: 60}, by="key-1", now=at(1))
    second = first.saying({}, by="key-2", now=at(2))

    assert [UNSAID.version, first.version, second.version] == [0, 1, 2]
    assert [(one.version, one.by, one.at, one.days) for one in second.changes] == [
        (2, "key-2", at(2), {}),
        (1, "key-1", at(1), {Status.FAILED: 60}),
    ]


def test_what_says_the_same_is_no_change() -> None:
    said = UNSAID.saying({Status.FAILED: 60}, by="key-1", now=at(1))

    assert said.saying({Status.FAILED: 60}, by="key-2", now=at(2)) is said
    assert UNSAID.saying({}, by="key-2", now=at(2)) is UNSAID


def test_the_last_twenty_changes_are_kept() -> None:
    said = UNSAID
    for days in range(1, 31):
        said = said.saying({Status.FAILED: days}, by="key", now=at(days))

    assert [one.version for one in said.changes] == list(range(30, 10, -1))


def test_a_job_may_have_gone_by_what_was_said_before() -> None:
    said = UNSAID.saying({Status.SKIPPED: 8}, by="key", now=at(1)).saying({Status.SKIPPED: 90}, by="key", now=at(2))

    assert shortest(said, DEFAULT, BOUNDS) == timedelta(days=8)
    assert shortest(UNSAID, DEFAULT, BOUNDS) == DEFAULT.shortest
    assert shortest(UNSAID.saying(dict.fromkeys(ENDS, 90), by="key", now=at(1)), DEFAULT, BOUNDS) == DEFAULT.shortest
