"""Commands in real child processes."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import pytest

from functions.runner.answer import Outcome, RunError

if TYPE_CHECKING:
    from tests.integration.runner.sandbox import Sandbox


def test_a_command_gets_the_payload_on_its_standard_input(sandbox: Sandbox) -> None:
    answer = sandbox.command("cat", payload={"a": 1})

    assert (answer.outcome, answer.error, answer.exit_code) == (Outcome.SUCCEEDED, None, 0)
    assert (answer.output, answer.result) == (b'{"a": 1}', None)


def test_without_a_payload_the_standard_input_is_empty(sandbox: Sandbox) -> None:
    assert sandbox.command("wc", "-c").output.strip() == b"0"


def test_arguments_are_passed_as_they_are_and_no_shell_reads_them(sandbox: Sandbox) -> None:
    assert sandbox.command("/bin/echo", "$HOME; ls *").output == b"$HOME; ls *\n"


def test_an_exit_code_is_an_error_of_its_own(sandbox: Sandbox) -> None:
    answer = sandbox.command("/bin/sh", "-c", "echo broken >&2; exit 3")

    assert (answer.outcome, answer.exit_code, answer.output) == (Outcome.FAILED, 3, b"broken\n")
    assert answer.error == RunError("exit_3", "it ended with exit code 3")


def test_a_signal_is_an_error_of_its_own(sandbox: Sandbox) -> None:
    answer = sandbox.command("/bin/sh", "-c", "kill -USR1 $$")

    assert answer.error == RunError("killed_sigusr1", "it was ended by SIGUSR1")


def test_a_program_that_is_not_there_is_not_tried_again(sandbox: Sandbox) -> None:
    answer = sandbox.command("no-such-program")

    assert answer.error == RunError("command_not_found", "there is no such program", retryable=False)


@pytest.mark.parametrize("program", ["/etc/passwd", "/tmp"])
def test_a_program_that_cannot_be_run_is_not_tried_again(sandbox: Sandbox, program: str) -> None:
    error = sandbox.command(program).error

    assert error is not None
    assert (error.type, error.retryable) == ("command_not_executable", False)


def test_a_command_runs_under_the_limits_and_with_the_usual_signals(sandbox: Sandbox) -> None:
    answer = sandbox.command("/bin/sh", "-c", "ulimit -c; ulimit -n; ulimit -f; ulimit -d; yes | head -1")

    core, files, blocks, kilobytes, yes = answer.output.decode().split()
    assert (core, files, yes) == ("0", str(min(512, resource.getrlimit(resource.RLIMIT_NOFILE)[1])), "y")
    assert int(blocks) * 512 == sandbox.limits.file_bytes
    assert int(kilobytes) * 1024 == sandbox.limits.memory_bytes


def test_a_command_that_takes_too_long_is_ended_and_what_it_printed_is_kept(sandbox: Sandbox) -> None:
    answer = sandbox.command("/bin/sh", "-c", "echo begun; exec sleep 60", timeout_seconds=0.3)

    assert (answer.outcome, answer.error, answer.output) == (Outcome.TIMED_OUT, None, b"begun\n")
    assert 0.3 <= answer.duration_seconds < 1
