"""One run, from a request to its answer: a child process in a fresh folder, watched, ended and cleared away."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from functions.runner.answer import Outcome, RunAnswer, RunError
from functions.runner.output import CappedPipe
from functions.runner.processes import RunProcesses, process_table
from functions.runner.settings import GRACE_SECONDS, KILL_SECONDS, MAX_OUTPUT_BYTES, MAX_RESULT_BYTES, Limits
from functions.runner.verdict import verdict
from functions.runner.watch import Watch

if TYPE_CHECKING:
    from pathlib import Path

    from functions.runner.request import RunRequest
    from functions.runner.workspace import Workspaces

_BOOTSTRAP: Final = "functions/runner/bootstrap.py"
# The last two are where Lambda keeps layers' programs and Python.
_PATH: Final = "/usr/local/bin:/usr/bin:/bin:/opt/bin:/var/lang/bin"
# JSON may take six bytes for one character of a text in a text.
_MAX_REPORT_BYTES: Final = 6 * MAX_RESULT_BYTES + 4096
_MARK: Final = "PUNCTUAL_RUN"
_CHECKPOINT: Final = ".punctual-checkpoint.json"


@dataclass(frozen=True, slots=True)
class Ended:
    """A run's answer, and whether something of it is still there: a process that could not be ended, a file that could
    not be removed. The next run then needs another runtime."""

    answer: RunAnswer
    left_behind: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Runs one request at a time; `root` is the folder that holds `functions` and `tasks`. It returns within the
    request's timeout and a few seconds, whatever the run does."""

    workspaces: Workspaces
    limits: Limits
    root: Path

    def __call__(self, request: RunRequest) -> Ended:
        started = time.monotonic()
        try:
            folder = self.workspaces.make()
            output, report = CappedPipe(MAX_OUTPUT_BYTES), CappedPipe(_MAX_REPORT_BYTES)
        except OSError as error:
            return Ended(_not_started(error), left_behind=True)
        try:
            answer, left = self._in_child(request, folder, output, report)
        except OSError as error:
            # Of a system that lacks what a run takes, perhaps since this one took it: the next has another.
            answer, left = _not_started(error), 1
        finally:
            output.close()
            report.close()
            removed = self.workspaces.remove(folder)
        answer = replace(answer, duration_seconds=time.monotonic() - started)
        return Ended(answer, left_behind=left > 0 or not removed)

    def _in_child(
        self, request: RunRequest, folder: Path, output: CappedPipe, report: CappedPipe
    ) -> tuple[RunAnswer, int]:
        mark = secrets.token_hex(16)
        before = frozenset(process.identity for process in process_table())
        with tempfile.TemporaryFile(dir=folder) as payload:
            # A file and not a pipe: nobody has to wait until the run reads it, if it ever does.
            payload.write(request.payload)
            payload.seek(0)
            child = subprocess.Popen(
                [sys.executable, "-I", "-u", str(self.root / _BOOTSTRAP), self._instructions(request, report)],
                stdin=payload,
                stdout=output.writing_fd,
                stderr=output.writing_fd,
                pass_fds=(report.writing_fd,),
                cwd=folder,
                env=_environment(request, folder, mark) | _means_of_reporting(request, folder),
                process_group=0,
            )
        output.leave_writing_to_the_child()
        report.leave_writing_to_the_child()
        processes = RunProcesses(child.pid, f"{_MARK}={mark}".encode(), before)
        watch = Watch(child, (output, report))
        try:
            ended = watch.until(time.monotonic() + request.timeout_seconds)
            if not ended:
                processes.signal_group(signal.SIGTERM)
                watch.until(time.monotonic() + GRACE_SECONDS)
        finally:
            left = processes.kill_all(within_seconds=KILL_SECONDS)
        exit_code = _exit_code(child)
        output.read_the_rest()
        report.read_the_rest()
        return verdict(request, report, output, exit_code=exit_code if ended else None), left

    def _instructions(self, request: RunRequest, report: CappedPipe) -> str:
        cores = os.cpu_count() or 1
        instructions: dict[str, Any] = {
            "kind": request.kind.value,
            "work": request.work,
            "context": {**request.context, "timeout_seconds": request.timeout_seconds},
            "report_fd": report.writing_fd,
            "parent": os.getpid(),
            "root": str(self.root),
            "max_result_bytes": MAX_RESULT_BYTES,
            # More than it can use in its time: the limit is for what escapes its end.
            "limits": {**asdict(self.limits), "cpu_seconds": int(request.timeout_seconds + 5) * cores},
        }
        return json.dumps(instructions)


def _environment(request: RunRequest, folder: Path, mark: str) -> dict[str, str]:
    """All that a run finds in its environment: nothing of the runner's own."""
    facts = {f"PUNCTUAL_{name.upper()}": str(value) for name, value in request.context.items() if value is not None}
    home = str(folder)
    return {"PATH": _PATH, "HOME": home, "TMPDIR": home, "LANG": "C.UTF-8", **facts, _MARK: mark}


def _means_of_reporting(request: RunRequest, folder: Path) -> dict[str, str]:
    """What a run finds in its environment to report with. The checkpoint of an earlier attempt lies in its folder."""
    if request.reporting is None:
        return {}
    means = {"PUNCTUAL_LEASE_TOKEN": request.reporting.token, "PUNCTUAL_API_URL": request.reporting.api_url}
    if request.reporting.checkpoint is None:
        return means
    file = folder / _CHECKPOINT
    file.write_bytes(request.reporting.checkpoint)
    return {**means, "PUNCTUAL_CHECKPOINT_FILE": str(file)}


def _exit_code(child: subprocess.Popen[bytes]) -> int:
    try:
        return child.wait(KILL_SECONDS)
    except subprocess.TimeoutExpired:
        return -signal.SIGKILL


def _not_started(error: OSError) -> RunAnswer:
    # Ours or the sandbox's fault (no space, no process to be had), never the job's.
    reason = error.strerror or type(error).__name__
    return RunAnswer(outcome=Outcome.FAILED, error=RunError("runner_failed", f"the run could not be started: {reason}"))
