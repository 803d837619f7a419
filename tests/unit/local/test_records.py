from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from local.records import Record, line_of

AT = datetime(2026, 11, 21, 3, 4, 5, 678_000, tzinfo=UTC)


def line(text: str) -> str | None:
    return line_of(Record("executor", AT, text), UTC)


def test_a_record_is_a_line_with_time_function_action_and_job() -> None:
    record = {
        "level": "INFO",
        "message": "job_started",
        "timestamp": "2026-11-21 03:04:01,250+0000",
        "service": "executor",
        "action": "job_started",
        "job_id": "abc",
        "attempt": 2,
    }

    assert line(json.dumps(record)) == "03:04:01.250 executor                 job_started job=abc attempt=2"


def test_a_level_above_info_shows_and_a_traceback_is_its_last_line() -> None:
    record = {
        "level": "ERROR",
        "message": "message_failed",
        "action": "message_failed",
        "exception": 'Traceback (most recent call last):\n  File "x"\nValueError: no\n',
    }

    assert line(json.dumps(record)) == "03:04:05.678 executor         ERROR   message_failed exception=ValueError: no"


def test_the_correlation_id_shows_when_it_is_another_than_the_jobs() -> None:
    record = {"level": "INFO", "action": "claimed", "job_id": "abc"}

    assert (
        line(json.dumps({**record, "correlation_id": "abc"})) == "03:04:05.678 executor                 claimed job=abc"
    )
    assert line(json.dumps({**record, "correlation_id": "order-7"})) == (
        "03:04:05.678 executor                 claimed job=abc correlation_id=order-7"
    )


@pytest.mark.parametrize("fact", ["error", "reason"])
def test_why_something_failed_or_was_skipped_shows(fact: str) -> None:
    shown = line(json.dumps({"level": "INFO", "action": "failed", "job_id": "abc", fact: "http_error"}))

    assert shown == f"03:04:05.678 executor                 failed job=abc {fact}=http_error"


def test_a_message_beside_its_action_is_kept() -> None:
    record = {"level": "INFO", "action": "refused", "message": "no such thing"}

    assert line(json.dumps(record)) == "03:04:05.678 executor                 refused no such thing"


@pytest.mark.parametrize("text", ["plain words", '{"broken', "[1]"])
def test_what_is_no_record_is_shown_as_it_is(text: str) -> None:
    assert line(text + "\n") == f"03:04:05.678 executor                 {text}"


def test_long_values_and_line_breaks_keep_to_one_line() -> None:
    shown = line(json.dumps({"action": "said", "text": "a\nb" + "x" * 500}))

    assert shown is not None
    assert "\n" not in shown
    assert len(shown) < 200


@pytest.mark.parametrize(
    "text",
    [
        "START RequestId: 1 Version: $LATEST",
        "END RequestId: 1",
        "REPORT RequestId: 1\tDuration: 2 ms",
        "",
        json.dumps({"_aws": {"CloudWatchMetrics": []}, "jobs_started": 1}),
    ],
)
def test_the_platform_and_metrics_are_not_shown(text: str) -> None:
    assert line(text) is None
