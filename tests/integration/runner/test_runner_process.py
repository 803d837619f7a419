"""The handler in a process of its own: what it logs, what it survives, and how it retires."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.runner.sandbox import event, processes_with

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# The handler's answers on standard error, one a line, since its log lines go to standard output.
RUNTIME = """
import json, sys
from functions.runner.handler import lambda_handler
class Context:
    aws_request_id = "request-1"
    def get_remaining_time_in_millis(self):
        return int(sys.argv[1])
for line in sys.stdin:
    print(json.dumps(lambda_handler(json.loads(line), Context())), file=sys.stderr, flush=True)
"""


class Runtime:
    def __init__(self, root: Path, scratch: Path, remaining_ms: int = 60_000, **environment: str) -> None:
        scratch.mkdir()
        self.root, self.scratch, self.remaining_ms = root, scratch, remaining_ms
        self.environment = {"PATH": os.environ["PATH"], "TMPDIR": str(scratch), **environment}

    def handle(self, *events: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]], int]:
        """The answers, the log lines and the process's exit code."""
        done = subprocess.run(
            [sys.executable, "-c", RUNTIME, str(self.remaining_ms)],
            input="".join(json.dumps(one) + "\n" for one in events),
            capture_output=True,
            text=True,
            cwd=self.root,
            env=self.environment,
            timeout=30,
            check=False,
            start_new_session=True,
        )
        answers = [json.loads(line) for line in done.stderr.splitlines()]
        return answers, [json.loads(line) for line in done.stdout.splitlines()], done.returncode


@pytest.fixture
def runtime(deployment: Path, tmp_path: Path) -> Runtime:
    return Runtime(deployment, tmp_path / "scratch")


def test_the_log_tells_what_happened_and_nothing_of_what_the_job_holds(runtime: Runtime) -> None:
    work = {"kind": "command", "argv": ["/bin/sh", "-c", "cat; echo secret-in-the-argv; exit 3"]}

    answers, lines, _ = runtime.handle(event(work, "secret-in-the-payload"))

    assert answers[0]["output"] == '"secret-in-the-payload"secret-in-the-argv\n'
    assert [line["action"] for line in lines] == ["run_started", "run_ended"]
    assert all((line["job_id"], line["correlation_id"], line["attempt"]) == ("job-1", "corr-1", 2) for line in lines)
    assert (lines[1]["outcome"], lines[1]["error"], lines[1]["exit_code"]) == ("failed", "exit_3", 3)
    assert "secret" not in json.dumps(lines)


def test_a_task_s_own_words_do_not_reach_the_log(runtime: Runtime) -> None:
    work = {"kind": "task", "name": "examples.fail"}

    answers, lines, _ = runtime.handle(event(work, {"message": "secret"}))

    assert answers[0]["error"]["message"] == "secret"
    assert lines[1]["error"] == "runtime_error"
    assert "secret" not in json.dumps(lines)


def test_an_event_that_is_no_request_is_refused_without_an_exception(runtime: Runtime) -> None:
    answers, lines, exit_code = runtime.handle({"version": 2, "payload": "secret"}, [], None)

    assert [answer["error"]["type"] for answer in answers] == ["invalid_request"] * 3
    assert not any(answer["error"]["retryable"] for answer in answers)
    assert "secret" not in json.dumps(lines)
    assert exit_code == 0


def test_a_run_ends_before_the_function_does(deployment: Path, tmp_path: Path) -> None:
    runtime = Runtime(deployment, tmp_path / "scratch", remaining_ms=3_000)

    answers, _, _ = runtime.handle(event({"kind": "command", "argv": ["sleep", "20"]}, timeout_seconds=20))

    assert answers[0]["outcome"] == "timed_out"
    assert 1 <= answers[0]["duration_seconds"] < 2


@pytest.mark.skipif(sys.platform != "linux", reason="needs prctl")
@pytest.mark.parametrize("whom", ["parent", "parents_group"])
def test_a_task_that_kills_the_runner_dies_with_it_and_harms_nobody_else(runtime: Runtime, whom: str) -> None:
    answers, _, exit_code = runtime.handle(
        event({"kind": "task", "name": "nasty.kill"}, {"whom": whom, "signal": "SIGKILL"})
    )

    assert (answers, exit_code) == ([], -signal.SIGKILL)
    deadline = time.monotonic() + 2
    while list(processes_with(f"TMPDIR={runtime.scratch}")) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert list(processes_with(f"TMPDIR={runtime.scratch}")) == []


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() == 0, reason="root may read everything")
def test_a_run_cannot_read_the_environment_of_the_runner(runtime: Runtime) -> None:
    answers, _, _ = runtime.handle(event({"kind": "command", "argv": ["/bin/sh", "-c", "cat /proc/$PPID/environ"]}))

    assert answers[0]["error"]["type"] == "exit_1"


def test_a_runtime_with_something_left_in_it_delivers_its_answer_and_exits(
    deployment: Path, tmp_path: Path, runtime_api: list[tuple[str, bytes]], api_address: str
) -> None:
    runtime = Runtime(deployment, tmp_path / "scratch", AWS_LAMBDA_RUNTIME_API=api_address)
    broken = (runtime.root / "functions/runner/workspace.py").read_text()
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(deployment), str(copy)], check=True)
    (copy / "functions/runner/workspace.py").write_text(broken.replace("return not remained", "return False"))
    runtime.root = copy

    echo = event({"kind": "task", "name": "examples.echo"})
    answers, lines, exit_code = runtime.handle(echo, echo)

    assert (answers, exit_code) == ([], 70)
    assert [line["action"] for line in lines] == ["run_started", "run_ended", "left_behind"]
    assert [path for path, _ in runtime_api] == ["/2018-06-01/runtime/invocation/request-1/response"]
    assert json.loads(runtime_api[0][1])["outcome"] == "succeeded"


@pytest.fixture
def runtime_api() -> list[tuple[str, bytes]]:
    return []


@pytest.fixture
def api_address(runtime_api: list[tuple[str, bytes]]) -> Iterator[str]:
    class Api(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            runtime_api.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(202)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Api) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
