"""Tasks that misbehave: copied into the package `tasks` of a deployment that the tests make."""

# ruff: noqa: T201

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Any

from tasks.registry import DoNotRetry, TaskContext, task

DETACHED = "import os,time; open(%r, 'w').write(str(os.getpid())); time.sleep(60)"


class CardDeclined(DoNotRetry):
    """A failure with a type of its own."""


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text either")


@task
def describe(payload: Any, context: TaskContext) -> list[Any]:
    return [payload, *context._replace(run_at=context.run_at.isoformat())]  # type: ignore[arg-type]


@task
async def wait(payload: Any, context: TaskContext) -> str:
    return "awaited"


@task
def surroundings(payload: Any, context: TaskContext) -> dict[str, Any]:
    return {"environment": dict(os.environ), "cwd": os.getcwd(), "files": os.listdir(), "stdin": sys.stdin.read()}


@task
def print_and_return_nothing(payload: Any, context: TaskContext) -> None:
    print("out", flush=True)
    print("err", file=sys.stderr)


@task
def forge_a_report_on_stdout(payload: Any, context: TaskContext) -> str:
    print('{"result": "forged"}')
    print('{"error": {"type": "forged", "message": "forged"}}', file=sys.stderr)
    return "true"


@task
def raise_value_error(payload: Any, context: TaskContext) -> None:
    raise ValueError("not this value")


@task
def raise_do_not_retry(payload: Any, context: TaskContext) -> None:
    raise CardDeclined("for good")


@task
def raise_unprintable(payload: Any, context: TaskContext) -> None:
    raise Unprintable


@task
def raise_half_a_surrogate(payload: Any, context: TaskContext) -> None:
    raise ValueError("\ud800")


@task
def return_value_of(payload: Any, context: TaskContext) -> Any:
    return eval(payload)


@task
def leave(payload: Any, context: TaskContext) -> None:
    getattr(os if payload["how"] == "_exit" else sys, payload["how"])(payload["code"])


@task
def kill(payload: Any, context: TaskContext) -> None:
    targets = {"self": os.getpid(), "parent": os.getppid(), "group": 0, "parents_group": -os.getpgid(os.getppid())}
    os.kill(targets[payload["whom"]], signal.Signals[payload["signal"]])
    time.sleep(60)


@task
def spin(payload: Any, context: TaskContext) -> None:
    while True:
        pass


@task
def ignore_sigterm(payload: Any, context: TaskContext) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("ignoring")
    time.sleep(60)


@task
def print_much(payload: Any, context: TaskContext) -> None:
    chunk = b"x" * 1_000_000
    for _ in range(100):
        os.write(1, chunk)
    raise RuntimeError("after 100 MB")


@task
def allocate_without_bound(payload: Any, context: TaskContext) -> None:
    kept = []
    while True:
        kept.append(bytearray(8_000_000))


@task
def fill_the_disk(payload: Any, context: TaskContext) -> None:
    with open("big", "wb") as file:
        while True:
            file.write(b"x" * 1_000_000)


@task
def close_every_descriptor(payload: Any, context: TaskContext) -> str:
    os.closerange(0, 256)
    return "nobody will know"


@task
def close_and_go_on(payload: Any, context: TaskContext) -> None:
    os.closerange(0, 256)
    time.sleep(60)


@task
def fork_and_return_twice(payload: Any, context: TaskContext) -> str:
    return "child" if os.fork() == 0 else "parent"


@task
def recurse(payload: Any, context: TaskContext) -> None:
    recurse(payload, context)


@task
def leave_a_thread_running(payload: Any, context: TaskContext) -> str:
    import threading

    threading.Thread(target=time.sleep, args=(60,)).start()
    return "returned"


@task
def leave_a_child_that_holds_the_output(payload: Any, context: TaskContext) -> None:
    subprocess.Popen([sys.executable, "-c", DETACHED % payload["pid_file"]])
    _wait_for(payload["pid_file"])


@task
def leave_a_daemon(payload: Any, context: TaskContext) -> None:
    """Out of the group, the session and the family, with nothing in its environment and every descriptor closed."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.closerange(0, 256)
            os.execve(sys.executable, [sys.executable, "-c", DETACHED % payload["pid_file"]], {})
        os._exit(0)
    _wait_for(payload["pid_file"])


@task
def leave_a_marked_daemon(payload: Any, context: TaskContext) -> None:
    subprocess.Popen([sys.executable, "-c", DETACHED % payload["pid_file"]], start_new_session=True)
    _wait_for(payload["pid_file"])


@task
def make_a_tree_that_is_hard_to_remove(payload: Any, context: TaskContext) -> None:
    os.symlink(payload["outside"], "link")
    os.makedirs("closed/inner")
    open("closed/inner/file", "w").close()
    os.chmod("closed/inner", 0)
    os.chmod("closed", 0)
    for _ in range(1500):
        os.mkdir("d")
        os.chdir("d")


@task
def write_outside(payload: Any, context: TaskContext) -> None:
    with open(os.path.join(payload["folder"], "left-here"), "w") as file:
        file.write("another tenant's secret")


def not_a_task(payload: Any, context: TaskContext) -> None:
    raise AssertionError("nobody may call this")


def _wait_for(path: str) -> None:
    while not os.path.exists(path) or not os.path.getsize(path):
        time.sleep(0.005)
