from __future__ import annotations

import base64
import json

import pytest

from functions.runner.answer import Outcome, RunAnswer, RunError, error_of_exit
from functions.runner.call_task import error_type
from functions.runner.settings import Limits, read_settings
from functions.runner.verdict import read_report


def test_output_that_is_text_goes_as_text() -> None:
    sent = RunAnswer(outcome=Outcome.SUCCEEDED, output="grüße".encode(), output_bytes=7).on_the_wire()

    assert (sent["output"], sent["output_encoding"], sent["truncated"]) == ("grüße", "utf-8", False)


def test_output_that_is_no_text_goes_as_base64() -> None:
    sent = RunAnswer(outcome=Outcome.SUCCEEDED, output=b"\xff\x00", output_bytes=2).on_the_wire()

    assert (base64.b64decode(sent["output"]), sent["output_encoding"]) == (b"\xff\x00", "base64")


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_character_that_was_cut_in_two_does_not_make_text_binary(cut: int) -> None:
    part = b"a" + "🕰".encode()[:cut]

    sent = RunAnswer(outcome=Outcome.SUCCEEDED, output=part, output_bytes=100).on_the_wire()

    assert (sent["output"], sent["output_encoding"], sent["truncated"]) == ("a", "utf-8", True)


def test_a_long_message_is_clipped() -> None:
    sent = RunAnswer(outcome=Outcome.FAILED, error=RunError("t" * 100, "m" * 1000)).on_the_wire()

    assert (len(sent["error"]["type"]), len(sent["error"]["message"])) == (64, 500)


def test_an_answer_always_fits_into_what_lambda_returns() -> None:
    quotes = "\x01" * 262_144
    sent = RunAnswer(outcome=Outcome.SUCCEEDED, result=quotes, output=quotes.encode(), output_bytes=262_144)

    assert len(json.dumps(sent.on_the_wire())) < 6 * 1024 * 1024


@pytest.mark.parametrize(
    ("exit_code", "name"), [(1, "exit_1"), (255, "exit_255"), (-9, "killed_sigkill"), (-15, "killed_sigterm")]
)
def test_an_exit_code_has_a_name(exit_code: int, name: str) -> None:
    assert error_of_exit(exit_code).type == name


@pytest.mark.parametrize(
    ("class_name", "name"),
    [
        ("ValueError", "value_error"),
        ("HTTPError", "http_error"),
        ("JSONDecodeError", "json_decode_error"),
        ("Refused", "refused"),
        ("_Private", "private"),
        ("Größe", "gre"),
        ("你好", "task_error"),
        ("X" * 100, "x" * 64),
    ],
)
def test_an_exception_s_class_names_its_error(class_name: str, name: str) -> None:
    assert error_type(class_name) == name


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"result": 1}',
        b'{"result": null}{"result": null}',
        b'{"error": {"type": "Not A Word", "message": ""}}',
        b'{"error": {"type": "fine"}}',
        b"[" * 100_000,
    ],
)
def test_a_report_of_another_shape_is_none(text: bytes) -> None:
    assert read_report(text) is None


def test_a_report_is_read() -> None:
    assert read_report(b'{"result": null}') == {"result": None}
    assert read_report(b'{"result": "1"}') == {"result": "1"}
    error = b'{"error": {"type": "refused", "message": "no", "retryable": false}}'
    assert read_report(error) == RunError("refused", "no", retryable=False)


def test_the_function_s_memory_is_the_run_s_but_for_what_the_runtime_needs() -> None:
    mib = 1024 * 1024

    assert read_settings({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024"}).limits == Limits(memory_bytes=896 * mib)
    assert read_settings({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128"}).limits.memory_bytes == 64 * mib


def test_only_in_a_sandbox_of_lambda_the_scratch_folder_is_the_runner_s_alone() -> None:
    assert not read_settings({}).exclusive
    assert read_settings({"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001"}).exclusive
