"""Tasks in real child processes: what they are given, and what becomes of what they return, raise and print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from functions.runner.answer import Outcome, RunError

if TYPE_CHECKING:
    from tests.integration.runner.sandbox import Sandbox


def test_a_task_gets_payload_and_context_and_its_return_value_is_the_result(sandbox: Sandbox) -> None:
    answer = sandbox.task("nasty.describe", {"ü": [1, None]}, timeout_seconds=9)

    assert (answer.outcome, answer.error, answer.exit_code) == (Outcome.SUCCEEDED, None, 0)
    assert answer.result is not None
    assert json.loads(answer.result) == [
        {"ü": [1, None]},
        "job-1",
        "nightly",
        "acme",
        2,
        7,
        "2026-03-01T12:00:00+00:00",
        9,
        "corr-1",
        "acme/job-1",
    ]


def test_a_job_without_payload_gives_its_task_none(sandbox: Sandbox) -> None:
    answer = sandbox.task("nasty.describe")

    assert json.loads(answer.result or "")[0] is None


def test_a_coroutine_is_awaited(sandbox: Sandbox) -> None:
    assert sandbox.task("nasty.wait").result == '"awaited"'


@pytest.mark.parametrize(
    ("name", "payload", "expected"),
    [
        ("examples.echo", {"a": 1}, {"payload": {"a": 1}, "job_id": "job-1", "attempt": 2}),
        ("examples.sleep", {"seconds": 0}, {"slept_seconds": 0}),
        ("examples.succeed_on_attempt", {"attempt": 2}, {"attempt": 2}),
        ("examples.word_count", {"text": "to be or not to be"}, {"words": 6, "distinct": 4}),
    ],
)
def test_the_examples_work(sandbox: Sandbox, name: str, payload: Any, expected: Any) -> None:
    answer = sandbox.task(name, payload)

    assert answer.outcome is Outcome.SUCCEEDED
    assert json.loads(answer.result or "") == expected


@pytest.mark.parametrize(
    ("name", "payload", "error"),
    [
        ("examples.fail", None, RunError("runtime_error", "this task always fails")),
        ("examples.fail", {"message": "no", "retry": False}, RunError("refused", "no", retryable=False)),
        ("examples.sleep", {"seconds": -1}, RunError("refused", "seconds must be between 0 and 840", retryable=False)),
        (
            "examples.succeed_on_attempt",
            {"attempt": 3},
            RunError("runtime_error", "this is attempt 2, it succeeds on attempt 3"),
        ),
    ],
)
def test_the_examples_fail_as_they_say(sandbox: Sandbox, name: str, payload: Any, error: RunError) -> None:
    assert sandbox.task(name, payload).error == error


def test_an_exception_is_an_error_of_its_class_and_its_traceback_is_in_the_output(sandbox: Sandbox) -> None:
    answer = sandbox.task("nasty.raise_value_error")

    assert (answer.outcome, answer.result) == (Outcome.FAILED, None)
    assert answer.error == RunError("value_error", "not this value", retryable=True)
    assert answer.output.endswith(b"ValueError: not this value\n")
    assert b"functions/runner" not in answer.output


def test_do_not_retry_is_not_retryable(sandbox: Sandbox) -> None:
    answer = sandbox.task("nasty.raise_do_not_retry")

    assert answer.error == RunError("card_declined", "for good", retryable=False)


def test_an_exception_that_cannot_be_printed_is_reported_by_its_class(sandbox: Sandbox) -> None:
    assert sandbox.task("nasty.raise_unprintable").error == RunError("unprintable", "Unprintable")
    assert sandbox.task("nasty.raise_half_a_surrogate").error == RunError("value_error", "?")


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "nasty.not_a_task",
        "nasty.os.system",
        "nasty.CardDeclined",
        "nasty.nothing",
        "examples.__builtins__",
        "examples._LONGEST_SLEEP_SECONDS",
        "registry.task",
        "registry.find_task",
        "tasks.examples.echo",
        "examples",
        "examples.",
        ".examples.echo",
        "../tasks/examples.echo",
        "examples.echo\n",
        "examples.echo ",
        "nothing.at_all",
        "",
        "e" * 100_000,
    ],
)
def test_a_name_that_is_no_registered_task_is_refused(sandbox: Sandbox, name: str) -> None:
    error = sandbox.task(name).error

    assert error is not None
    assert (error.type, error.retryable) == ("unknown_task", False)


def test_a_module_that_cannot_be_imported_is_an_error_of_its_own(sandbox: Sandbox) -> None:
    answer = sandbox.task("broken.anything")

    message = "the task's module cannot be imported: No module named 'a_module_that_is_not_installed'"
    assert answer.error == RunError("import_failed", message, retryable=False)


@pytest.mark.parametrize(
    ("expression", "error_type"),
    [
        ("{1, 2}", "invalid_result"),
        ("float('nan')", "invalid_result"),
        ("'\\ud800'", "invalid_result"),
        ("(lambda a: a.append(a) or a)([])", "invalid_result"),
        ("'x' * 262_143", "result_too_large"),
    ],
)
def test_a_result_that_cannot_be_kept_is_a_clear_failure(sandbox: Sandbox, expression: str, error_type: str) -> None:
    error = sandbox.task("nasty.return_value_of", expression).error

    assert error is not None
    assert (error.type, error.retryable) == (error_type, False)


def test_the_largest_result_passes(sandbox: Sandbox) -> None:
    answer = sandbox.task("nasty.return_value_of", "'\\x01' * 43_690")

    assert answer.error is None
    assert json.loads(answer.result or "") == "\x01" * 43_690


def test_both_streams_are_kept_in_the_order_they_were_written(sandbox: Sandbox) -> None:
    answer = sandbox.task("nasty.print_and_return_nothing")

    assert (answer.result, answer.output) == (None, b"out\nerr\n")


def test_what_is_printed_cannot_be_taken_for_the_report(sandbox: Sandbox) -> None:
    answer = sandbox.task("nasty.forge_a_report_on_stdout")

    assert (answer.outcome, answer.result) == (Outcome.SUCCEEDED, '"true"')


def test_a_run_finds_nothing_of_the_runner_in_its_surroundings(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted")
    monkeypatch.setenv("PYTHONPATH", "/planted")

    seen = json.loads(sandbox.task("nasty.surroundings", {"secret": 1}).result or "")

    folder = seen["cwd"]
    assert Path(folder).parent == sandbox.scratch
    assert (seen["files"], seen["stdin"]) == ([], "")
    assert len(seen["environment"].pop("PUNCTUAL_RUN")) == 32
    seen["environment"].pop("LC_CTYPE", None)
    assert seen["environment"] == {
        "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/bin:/var/lang/bin",
        "HOME": folder,
        "TMPDIR": folder,
        "LANG": "C.UTF-8",
        "PUNCTUAL_JOB_ID": "job-1",
        "PUNCTUAL_JOB_NAME": "nightly",
        "PUNCTUAL_TENANT": "acme",
        "PUNCTUAL_ATTEMPT": "2",
        "PUNCTUAL_FENCE": "7",
        "PUNCTUAL_RUN_AT": "2026-03-01T12:00:00Z",
        "PUNCTUAL_CORRELATION_ID": "corr-1",
        "PUNCTUAL_IDEMPOTENCY_KEY": "acme/job-1",
    }
