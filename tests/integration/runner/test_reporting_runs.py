"""What a run finds to report with, and what the helper for tasks makes of it, against an API that listens."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

import pytest

from functions.runner.answer import Outcome
from local.loopback import LoopbackServer
from tasks import run
from tests.integration.runner.sandbox import event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.runner.answer import RunAnswer
    from tests.integration.runner.sandbox import Sandbox

TOKEN = "pxt1.acme.job-1.7.secret"


class FakeApi(LoopbackServer):
    """Answers reports with the statuses it is told and with `problem`, then with 200; `reports` are path and body of
    each. The `cut` ones of the first answers are announced, and come as a part only."""

    def __init__(self) -> None:
        self.reports: list[tuple[str, Any]] = []
        self.statuses: list[int] = []
        self.problem = "lease-lost"
        self.cut: list[bytes] = []
        super().__init__(_handler(self))


def _handler(api: FakeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            api.reports.append((self.path, json.loads(body)))
            status = api.statuses.pop(0) if api.statuses else 200
            well = {"lease_until": "2026-03-01T12:00:00.000Z", "cancel_requested": True}
            self.send_response(status)
            if api.cut:
                self.send_header("Content-Length", "50")
                self.end_headers()
                self.wfile.write(api.cut.pop(0))
                return
            self.end_headers()
            self.wfile.write(json.dumps(well if status == 200 else {"type": f"/problems/{api.problem}"}).encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    return Handler


@pytest.fixture
def fake_api() -> Iterator[FakeApi]:
    with FakeApi() as api:
        yield api


@pytest.fixture
def in_a_run(fake_api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    monkeypatch.setenv("PUNCTUAL_LEASE_TOKEN", TOKEN)
    monkeypatch.setenv("PUNCTUAL_API_URL", fake_api.url)
    monkeypatch.setattr("tasks.run.time.sleep", lambda _: None)
    return fake_api


def reporting(sandbox: Sandbox, work: dict[str, Any], api_url: str, checkpoint: Any, payload: Any = None) -> RunAnswer:
    text = None if checkpoint is None else json.dumps(checkpoint)
    means = {"token": TOKEN, "api_url": api_url, "checkpoint": text}
    return sandbox.run({**event(work, payload), "reporting": means}).answer


def test_a_task_goes_on_from_the_checkpoint_that_an_earlier_attempt_left(sandbox: Sandbox, fake_api: FakeApi) -> None:
    work = {"kind": "task", "name": "examples.count_slowly"}

    answer = reporting(sandbox, work, fake_api.url, 3, {"steps": 5, "seconds": 0})

    assert answer.outcome is Outcome.SUCCEEDED, answer
    assert json.loads(answer.result or "") == {"steps": 5, "begun_at": 3, "attempt": 2}
    assert fake_api.reports == [(f"/v1/executions/{TOKEN}/checkpoint", {"checkpoint": step}) for step in (4, 5)]


def test_a_command_finds_token_address_and_checkpoint_in_its_environment(sandbox: Sandbox) -> None:
    script = 'echo "$PUNCTUAL_LEASE_TOKEN $PUNCTUAL_API_URL"; cat "$PUNCTUAL_CHECKPOINT_FILE"'

    work = {"kind": "command", "argv": ["/bin/sh", "-c", script]}
    answer = reporting(sandbox, work, "https://api.example.com", {"page": 3})

    assert answer.output.decode() == f'{TOKEN} https://api.example.com\n{{"page": 3}}'


def test_a_run_without_a_checkpoint_finds_no_file_of_one(sandbox: Sandbox) -> None:
    work = {"kind": "command", "argv": ["/bin/sh", "-c", 'echo "${PUNCTUAL_CHECKPOINT_FILE-none}"; ls -A']}

    assert reporting(sandbox, work, "https://api.example.com", None).output == b"none\n"


def test_a_run_that_is_handed_nothing_finds_nothing(sandbox: Sandbox) -> None:
    answer = sandbox.command("/bin/sh", "-c", "env | grep -c -e TOKEN -e API_URL")

    assert answer.output == b"0\n"


def test_a_task_learns_whether_its_job_is_to_be_cancelled(in_a_run: FakeApi) -> None:
    assert run.cancel_requested()
    assert in_a_run.reports == [(f"/v1/executions/{TOKEN}/heartbeat", {})]


def test_a_report_is_tried_again_when_the_api_is_away(in_a_run: FakeApi) -> None:
    in_a_run.statuses = [503, 429]

    run.save_checkpoint({"page": 1})

    assert len(in_a_run.reports) == 3


@pytest.mark.parametrize(("statuses", "tries"), [([503] * 9, 4), ([413], 1)])
def test_a_report_that_is_not_taken_is_told_to_the_task(in_a_run: FakeApi, statuses: list[int], tries: int) -> None:
    in_a_run.statuses = statuses

    with pytest.raises(run.ReportFailed, match="checkpoint"):
        run.save_checkpoint({"page": 1})

    assert len(in_a_run.reports) == tries


def test_a_report_whose_answer_breaks_off_is_sent_again(in_a_run: FakeApi) -> None:
    in_a_run.cut = [b'{"lease_until"', b"<html>the gateway's own" + b" " * 27]

    run.save_checkpoint({"page": 1})

    assert len(in_a_run.reports) == 3


def test_a_refusal_that_breaks_off_says_nothing_about_the_lease(in_a_run: FakeApi) -> None:
    in_a_run.statuses, in_a_run.cut = [409], [b'{"type": "/pro']

    run.save_checkpoint({"page": 1})

    assert len(in_a_run.reports) == 2


def test_a_report_that_met_another_write_is_sent_again(in_a_run: FakeApi) -> None:
    in_a_run.statuses, in_a_run.problem = [409], "conflict"

    run.save_checkpoint({"page": 1})

    assert len(in_a_run.reports) == 2


def test_an_attempt_that_was_overtaken_is_told_so(in_a_run: FakeApi) -> None:
    in_a_run.statuses = [409]

    with pytest.raises(run.LeaseLost):
        run.save_checkpoint({"page": 1})


def test_no_error_of_a_report_holds_the_token(monkeypatch: pytest.MonkeyPatch, in_a_run: FakeApi) -> None:
    monkeypatch.setenv("PUNCTUAL_API_URL", "http://127.0.0.1:9")

    with pytest.raises(run.ReportFailed) as raised:
        run.cancel_requested()

    assert "secret" not in str(raised.value)
    assert in_a_run.reports == []


def test_outside_of_a_run_there_is_no_lease_and_no_checkpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PUNCTUAL_LEASE_TOKEN", raising=False)

    assert run.checkpoint() is None
    with pytest.raises(RuntimeError, match="PUNCTUAL_LEASE_TOKEN"):
        run.lease()
