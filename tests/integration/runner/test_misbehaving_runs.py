"""Whatever a run does, its outcome is clear and comes in time, and nothing of it is left. (The fixture looks for its
files and processes after each test.)"""

from __future__ import annotations

import errno
import os
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from functions.runner import processes
from functions.runner.answer import Outcome, RunError
from functions.runner.processes import RunProcesses
from functions.runner.settings import MAX_OUTPUT_BYTES
from functions.runner.workspace import Workspaces
from tests.integration.runner.sandbox import event

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.runner.sandbox import Sandbox

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


@pytest.mark.parametrize(
    ("how", "code", "error_type"),
    [
        ("_exit", 0, "no_result"),
        ("_exit", 3, "exit_3"),
        ("exit", 0, "no_result"),
        ("exit", None, "no_result"),
        ("exit", 4, "exit_4"),
        ("exit", "a sentence", "exit_1"),
    ],
)
def test_leaving_without_returning_is_a_failure(sandbox: Sandbox, how: str, code: Any, error_type: str) -> None:
    answer = sandbox.task("nasty.leave", {"how": how, "code": code})

    assert answer.outcome is Outcome.FAILED
    assert answer.error is not None
    assert answer.error.type == error_type


@pytest.mark.parametrize(("whom", "name"), [("self", "SIGSEGV"), ("self", "SIGKILL"), ("group", "SIGKILL")])
def test_a_task_that_kills_itself_is_told_by_the_signal(sandbox: Sandbox, whom: str, name: str) -> None:
    error = sandbox.task("nasty.kill", {"whom": whom, "signal": name}).error

    assert error is not None
    assert error.type == f"killed_{name.lower()}"


def test_a_task_that_spins_is_ended_at_its_timeout(sandbox: Sandbox) -> None:
    answer = sandbox.task("nasty.spin", timeout_seconds=0.3)

    assert answer.outcome is Outcome.TIMED_OUT
    assert answer.duration_seconds < 1


def test_a_task_that_ignores_being_asked_is_killed_after_a_grace(sandbox: Sandbox) -> None:
    answer = sandbox.task("nasty.ignore_sigterm", timeout_seconds=0.3)

    assert (answer.outcome, answer.output) == (Outcome.TIMED_OUT, b"ignoring\n")
    assert 1.2 < answer.duration_seconds < 2.5


def test_endless_output_is_read_to_its_end_and_only_its_beginning_kept(sandbox: Sandbox) -> None:
    answer = sandbox.task("nasty.print_much")

    assert answer.error == RunError("runtime_error", "after 100 MB")
    assert (len(answer.output), answer.truncated) == (MAX_OUTPUT_BYTES, True)
    assert answer.output_bytes > 100_000_000


def test_memory_without_bound_ends_the_task_and_not_the_runner(sandbox: Sandbox) -> None:
    error = sandbox.task("nasty.allocate_without_bound").error

    assert error is not None
    assert (error.type, error.retryable) == ("memory_error", True)


def test_a_file_without_bound_fails_the_write(sandbox: Sandbox) -> None:
    error = sandbox.task("nasty.fill_the_disk").error

    assert error is not None
    assert (error.type, "File too large" in error.message) == ("os_error", True)


def test_a_task_that_closes_every_descriptor_has_no_result(sandbox: Sandbox) -> None:
    error = sandbox.task("nasty.close_every_descriptor").error

    assert error is not None
    assert error.type in ("no_result", "exit_1")


def test_a_task_that_falls_silent_is_still_ended_at_its_timeout(sandbox: Sandbox) -> None:
    answer = sandbox.task("nasty.close_and_go_on", timeout_seconds=0.3)

    assert answer.outcome is Outcome.TIMED_OUT


def test_a_task_that_forks_and_returns_twice_has_one_result(sandbox: Sandbox) -> None:
    assert sandbox.task("nasty.fork_and_return_twice").result == '"parent"'


def test_endless_recursion_is_the_tasks_own_error(sandbox: Sandbox) -> None:
    error = sandbox.task("nasty.recurse").error

    assert error is not None
    assert error.type == "recursion_error"


def test_a_thread_does_not_outlive_the_task_that_returned(sandbox: Sandbox) -> None:
    answer = sandbox.task("nasty.leave_a_thread_running")

    assert answer.result == '"returned"'
    assert answer.duration_seconds < 2


@linux_only
@pytest.mark.parametrize("name", ["leave_a_child_that_holds_the_output", "leave_a_daemon", "leave_a_marked_daemon"])
def test_what_a_run_leaves_behind_is_killed(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    pid_file = tmp_path / "pid"

    answer = sandbox.task(f"nasty.{name}", {"pid_file": str(pid_file)})

    assert answer.outcome is Outcome.SUCCEEDED
    assert answer.duration_seconds < 2
    assert not Path("/proc", pid_file.read_text()).exists()


def test_a_folder_is_removed_however_deep_and_closed_it_is(sandbox: Sandbox, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").touch()

    answer = sandbox.task("nasty.make_a_tree_that_is_hard_to_remove", {"outside": str(outside)})

    assert answer.outcome is Outcome.SUCCEEDED
    assert os.listdir(sandbox.scratch) == []
    assert (outside / "precious").exists()


def test_where_the_runner_is_alone_it_removes_what_a_run_wrote_outside_of_its_folder(sandbox: Sandbox) -> None:
    (sandbox.scratch / "was-there-before").touch()
    sandbox.exclusive = True

    sandbox.task("nasty.write_outside", {"folder": str(sandbox.scratch)})

    assert os.listdir(sandbox.scratch) == ["was-there-before"]
    (sandbox.scratch / "was-there-before").unlink()


def test_a_file_that_cannot_be_removed_is_told(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox.exclusive = True
    with monkeypatch.context() as patched:
        patched.setattr("functions.runner.workspace.remove_tree", lambda top: None)

        ended = sandbox.run(event({"kind": "task", "name": "examples.echo"}))

    assert ended.left_behind
    assert ended.answer.outcome is Outcome.SUCCEEDED
    for name in os.listdir(sandbox.scratch):
        (sandbox.scratch / name).rmdir()


def test_a_folder_that_cannot_be_looked_into_any_more_is_told(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unseen(_: Workspaces) -> list[Path]:
        raise OSError(errno.ENFILE, "too many open files in system")

    sandbox.exclusive = True
    monkeypatch.setattr(Workspaces, "_left", unseen)

    ended = sandbox.run(event({"kind": "task", "name": "examples.echo"}))

    assert (ended.answer.outcome, ended.left_behind) == (Outcome.SUCCEEDED, True)


class NoFiles:
    """The system has no file to be had, as long as `is_out`: a run's processes may hold all that there are."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_out = False
        opened, selector = open, selectors.DefaultSelector
        monkeypatch.setattr(processes, "open", lambda *what: self._if_there_is(opened, *what), raising=False)
        monkeypatch.setattr(selectors, "DefaultSelector", lambda: self._if_there_is(selector))

    def _if_there_is(self, make: Callable[..., Any], *what: Any) -> Any:
        if self.is_out:
            raise OSError(errno.ENFILE, "too many open files in system")
        return make(*what)


@linux_only
def test_a_run_that_leaves_no_file_to_look_for_its_processes_needs_another_runtime(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_files, kill_all = NoFiles(monkeypatch), RunProcesses.kill_all

    def without_files(self: RunProcesses, *, within_seconds: float) -> int:
        no_files.is_out = True
        return kill_all(self, within_seconds=0.2)

    monkeypatch.setattr(RunProcesses, "kill_all", without_files)

    ended = sandbox.run(event({"kind": "command", "argv": ["/bin/true"]}))

    assert ended.answer.outcome is Outcome.SUCCEEDED
    assert ended.left_behind


def test_a_run_that_cannot_be_watched_any_more_is_killed_and_told(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_files = NoFiles(monkeypatch)
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def start(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(popen(*arguments, **options))
        no_files.is_out = True
        return started[0]

    monkeypatch.setattr(subprocess, "Popen", start)

    ended = sandbox.run(event({"kind": "command", "argv": ["/bin/sleep", "60"]}))

    assert (ended.answer.error and ended.answer.error.type, ended.left_behind) == ("runner_failed", True)
    assert started[0].wait(5) == -signal.SIGKILL


@linux_only
def test_a_process_that_forks_and_ends_all_the_time_is_killed_or_told(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.runner.run.KILL_SECONDS", 0.5)
    started = time.monotonic()
    hydra = "import os,time\nwhile time.monotonic() < %r:\n  if os.fork(): os._exit(0)\n  os.setsid()" % (started + 1.5)

    ended = sandbox.run(event({"kind": "command", "argv": [sys.executable, "-S", "-c", hydra]}))

    assert time.monotonic() - started < 1.4
    if ended.left_behind:
        time.sleep(max(0, started + 1.7 - time.monotonic()))
        _bury_orphans()


def _bury_orphans() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
