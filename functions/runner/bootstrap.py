"""The first code in a run's process, before any that is foreign: takes its limits, then becomes the command or calls
the task.

Started by path as `python -I -u bootstrap.py <instructions>`; the instructions are JSON (see `run.py`), the payload is
the standard input. How it went is reported on a descriptor of its own, so that nothing printed can be taken for it:
`{"result": "<JSON text>"}` or `{"error": {"type", "message", "retryable"}}`; a command reports only that it could not
be started. It is its own file with few imports, since every run pays for them.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sys
from typing import Any

_PR_SET_PDEATHSIG = 1
_NOT_STARTED = 127


def main() -> None:
    instructions = json.loads(sys.argv[1])
    report_fd = int(instructions["report_fd"])
    os.set_inheritable(report_fd, False)
    _die_with(int(instructions["parent"]))
    _be_the_first_to_go_when_memory_is_short()
    _take_limits(instructions["limits"])
    if instructions["kind"] == "command":
        _become(instructions["work"], report_fd)
    else:
        _call_task(instructions, report_fd)


def _die_with(parent: int) -> None:
    """Have the kernel kill this process when the runner dies: on one machine nobody else would end the run."""
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes  # noqa: PLC0415 - where there is none, or no prctl, the run goes on without

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def _be_the_first_to_go_when_memory_is_short() -> None:
    # Otherwise the kernel might choose the runner, and the answer would go with it.
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")


def _take_limits(limits: dict[str, int]) -> None:
    """RLIMIT_DATA counts the private memory that a process may write, which is what it uses; the address space gets
    four times that, since threads and libraries reserve far more of it than they use. At the CPU limit the first
    signal may be handled, the second, five seconds later, may not."""
    cpu = limits["cpu_seconds"]
    _limit(resource.RLIMIT_CORE, 0, 0)
    _limit(resource.RLIMIT_CPU, cpu, cpu + 5)
    _limit(resource.RLIMIT_DATA, limits["memory_bytes"], limits["memory_bytes"])
    _limit(resource.RLIMIT_AS, 4 * limits["memory_bytes"], 4 * limits["memory_bytes"])
    _limit(resource.RLIMIT_FSIZE, limits["file_bytes"], limits["file_bytes"])
    _limit(resource.RLIMIT_NOFILE, limits["open_files"], limits["open_files"])


def _limit(kind: int, soft: int, hard: int) -> None:
    """Set a limit, lower where the system's own is lower."""
    _, present = resource.getrlimit(kind)
    if present != resource.RLIM_INFINITY:
        soft, hard = min(soft, present), min(hard, present)
    # Some systems know no such limit (macOS: address space); the others still hold.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(kind, (soft, hard))


def _become(argv: list[str], report_fd: int) -> None:
    # Python ignores these two, and a program started by it would inherit that.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    try:
        os.execvp(argv[0], argv)
    except FileNotFoundError:
        _report(report_fd, error_of("command_not_found", "there is no such program"))
    except (OSError, ValueError) as error:
        _report(report_fd, error_of("command_not_executable", f"the program cannot be run: {error}"))
    os._exit(_NOT_STARTED)


def _call_task(instructions: dict[str, Any], report_fd: int) -> None:
    sys.path.insert(0, instructions["root"])
    from functions.runner.call_task import call_task  # noqa: PLC0415 - its folder is importable only now

    this_process = os.getpid()
    payload = sys.stdin.buffer.read()
    report = call_task(instructions["work"][0], payload, instructions["context"], instructions["max_result_bytes"])
    # A task that forked and returned twice has one outcome: its first process's.
    if os.getpid() == this_process:
        _report(report_fd, report)
    # Without the usual tidying up, which would wait for the task's threads: the run is over when the task has returned.
    os._exit(0 if "result" in report else 1)


def error_of(kind: str, message: str) -> dict[str, Any]:
    return {"error": {"type": kind, "message": message, "retryable": False}}


def _report(report_fd: int, report: dict[str, Any]) -> None:
    # A task may have closed every descriptor; the runner then finds that there is no result.
    with contextlib.suppress(OSError), open(report_fd, "w", encoding="utf-8") as channel:
        json.dump(report, channel)


if __name__ == "__main__":
    main()
