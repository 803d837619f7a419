from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model import limits
from shared.model.failing_template import failing_pause, failing_row, may_pause
from shared.model.lifecycle import Status
from shared.model.retry import RetryPolicy
from shared.model.template import BY_ITSELF, FailingRow, TemplateStatus
from tests.jobs import NOT_FOUND, a_job, after, at, claimed, failed_once
from tests.templates import a_template

HOUR = timedelta(hours=1)
RUNNING = claimed(a_job(retry=RetryPolicy(max_attempts=1)))
FAILED = after(RUNNING, failed_once(RUNNING, failure=NOT_FOUND, now=at(10)))
SUCCEEDED = replace(FAILED, status=Status.SUCCEEDED)
TEMPLATE = a_template(now=at(0), pause_after_failures=3)


def row(runs: int) -> FailingRow:
    return FailingRow(version=1, runs=runs, error="http_404")


@pytest.mark.parametrize(
    ("runs", "gap", "lasts"),
    [
        (3, timedelta(seconds=1), timedelta(minutes=5)),
        (3, HOUR, 2 * HOUR),
        (4, HOUR, 4 * HOUR),
        (6, HOUR, 16 * HOUR),
        (3, timedelta(days=1), timedelta(days=2)),
        (3, timedelta(days=30), timedelta(days=7)),
        (3, None, timedelta(days=7)),
        (99, HOUR, timedelta(days=7)),
    ],
)
def test_a_pause_leaves_out_twice_as_many_runs_each_time(runs: int, gap: timedelta | None, lasts: timedelta) -> None:
    pause = failing_pause(row(runs), 3, gap, at(100))

    assert (pause.at, pause.until) == (at(100), at(100) + lasts)
    assert pause.note == f"{runs} runs in a row have failed, the last with http_404"


@given(st.integers(1, 10_000), st.integers(1, 50), st.timedeltas(timedelta(milliseconds=1), timedelta(days=4_000)))
def test_no_pause_is_too_short_or_too_long(runs: int, most: int, gap: timedelta) -> None:
    lasts = failing_pause(row(runs), most, gap, at(0)).until - at(0)

    assert limits.MIN_FAILING_PAUSE_SECONDS <= lasts.total_seconds() <= limits.MAX_FAILING_PAUSE_SECONDS


def test_a_job_that_failed_without_an_attempt_is_told_by_its_reason() -> None:
    job = replace(FAILED, executions=(), reason="attempts_exhausted")

    assert failing_row(TEMPLATE, [job] * 3) == FailingRow(version=1, runs=3, error="attempts_exhausted")


def test_a_row_goes_back_to_the_latest_success() -> None:
    skipped, running = replace(FAILED, status=Status.SKIPPED), RUNNING

    assert failing_row(TEMPLATE, [running, FAILED, skipped, FAILED, FAILED, SUCCEEDED, FAILED]) == row(3)
    assert failing_row(TEMPLATE, [FAILED, FAILED, SUCCEEDED, FAILED]) is None
    assert failing_row(TEMPLATE, []) is None


def test_what_failed_before_a_client_changed_the_template_is_over() -> None:
    changed, failed = replace(TEMPLATE, changed_at=at(11)), [FAILED] * 4

    assert failing_row(changed, failed) is None
    assert failing_row(replace(changed, changed_by=BY_ITSELF), failed) == row(4)
    assert failing_row(replace(TEMPLATE, changed_at=at(10)), failed) == row(4)


def test_what_is_told_late_pauses_nothing() -> None:
    assert may_pause(TEMPLATE, FAILED)
    assert not may_pause(replace(TEMPLATE, changed_at=at(11), changed_by=BY_ITSELF), FAILED)
    assert not may_pause(replace(TEMPLATE, pause_after_failures=None), FAILED)
    assert not may_pause(replace(TEMPLATE, status=TemplateStatus.PAUSED), FAILED)
    assert not may_pause(TEMPLATE, RUNNING)


def test_one_that_is_to_be_paused_already_is_not_marked_again_but_for_another_version() -> None:
    assert not may_pause(replace(TEMPLATE, failing=row(3)), FAILED)
    assert may_pause(replace(TEMPLATE, failing=row(3), version=2), FAILED)
