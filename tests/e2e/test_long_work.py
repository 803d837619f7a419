"""Work that outlives the call of its target: reported over the API, resumed after a death."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Self

import pytest

from local.settings import REGION, ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from local.receiver import Received, Receiver
    from local.system import LocalSystem
    from tests.e2e.conftest import Answer, Client

pytestmark = pytest.mark.e2e


def test_work_of_an_http_target_is_reported_with_its_lease_token_alone(
    api: Client, stranger: Client, receiver: Receiver
) -> None:
    job = api.create(
        {
            "target": {"type": "http", "url": f"{receiver.url}/accepts"},
            "completion": "callback",
            "timeout": "1h",
            "heartbeat_timeout": "1m",
        }
    )
    awaiting = api.wait_until(job["id"], "running", when=lambda one: one["awaiting_callback_since"] is not None)
    token = _received(receiver, "/accepts").headers["x-punctual-lease-token"]

    beat = _report(stranger, token, "heartbeat")
    ended = _report(stranger, token, "complete", {"output": {"rows": 3}})
    late = _report(stranger, token, "heartbeat")

    assert awaiting["executions"][-1]["awaiting_callback_since"] == awaiting["awaiting_callback_since"]
    assert (beat.status, beat.json["cancel_requested"]) == (200, False)
    assert (ended.status, ended.json["status"]) == (200, "succeeded")
    assert (late.status, late.json["type"]) == (409, "/problems/lease-lost")
    assert api.job(job["id"])["executions"][0]["output"] == '{"rows":3}'


def _received(receiver: Receiver, path: str) -> Received:
    return [one for one in receiver.received if one.path == path][-1]


def _report(client: Client, token: str, what: str, body: Any = None) -> Answer:
    return client.call("POST", f"/v1/executions/{token}/{what}", body)


@pytest.mark.first
def test_a_task_whose_runner_is_killed_goes_on_from_its_checkpoint(api: Client, system: LocalSystem) -> None:
    job = api.create(
        {
            "target": {"type": "task", "name": "examples.count_slowly"},
            "payload": {"steps": 12, "seconds": 0.5},
            "timeout": "50s",
            "retry": {"initial": "1s", "jitter": "none"},
        }
    )
    api.wait_until(job["id"], "running", when=lambda one: one["checkpoint_at"] is not None)
    for process in system.function_processes("runner"):
        os.kill(process, signal.SIGKILL)

    ended = api.wait_until(job["id"])

    assert ended["status"] == "succeeded", ended
    assert [one["error"] and one["error"]["type"] for one in ended["executions"]] == ["runner_failed", None]
    output = json.loads(ended["executions"][-1]["output"])
    assert output["attempt"] == 2
    assert 1 <= output["begun_at"] < 12


def test_a_command_leaves_and_finds_a_checkpoint_with_nothing_but_its_environment(api: Client) -> None:
    report = (
        'if [ -n "$PUNCTUAL_CHECKPOINT_FILE" ]; then cat "$PUNCTUAL_CHECKPOINT_FILE"; exit 0; fi; '
        'curl -sf -H "Content-Type: application/json" -d \'{"checkpoint": {"page": 3}}\' '
        '"$PUNCTUAL_API_URL/v1/executions/$PUNCTUAL_LEASE_TOKEN/checkpoint" > /dev/null && exit 7'
    )
    target = {"type": "command", "argv": ["/bin/sh", "-c", report]}
    job = api.create({"target": target, "retry": {"initial": "1s", "jitter": "none"}})

    ended = api.wait_until(job["id"])

    assert ended["status"] == "succeeded", ended
    assert [one["error"] and one["error"]["type"] for one in ended["executions"]] == ["exit_7", None]
    assert json.loads(ended["executions"][-1]["output"]) == {"page": 3}


class Workers:
    """Processes of the example worker, with a queue of their own. They are stopped when the block ends."""

    def __init__(self, system: LocalSystem, folder: Path) -> None:
        self.queue_url = system.client("sqs").create_queue(QueueName=f"demo-{folder.name}")["QueueUrl"]
        self._settings, self._folder = system.settings, folder
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    def start(self) -> subprocess.Popen[bytes]:
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}
        endpoint = self._settings.endpoint
        arguments = ("--queue-url", self.queue_url, "--endpoint-url", endpoint, "--seconds-per-page", "0.4")
        with (self._folder / f"worker-{len(self._processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, str(ROOT / "examples" / "worker.py"), *arguments],
                env={**keys, "PATH": os.environ["PATH"]},
                stdout=log,
                stderr=log,
            )
        self._processes.append(process)
        return process

    def said(self) -> list[str]:
        logs = sorted(self._folder.glob("worker-*.log"))
        return [line for log in logs for line in log.read_text().splitlines()]


def work_of(workers: Workers, **times: str) -> dict[str, Any]:
    return {
        "target": {"type": "sqs", "queue_url": workers.queue_url},
        "payload": {"pages": 12},
        "completion": "callback",
        "timeout": "1h",
        "retry": {"initial": "1s", "jitter": "none"},
        **times,
    }


def kill_in_the_middle(api: Client, job_id: str, worker: subprocess.Popen[bytes]) -> None:
    api.wait_until(job_id, "running", when=lambda one: one["checkpoint_at"] is not None)
    time.sleep(1)
    worker.kill()
    worker.wait()


@pytest.mark.meanwhile
def test_another_worker_goes_on_with_the_same_attempt_when_one_is_killed(
    api: Client, system: LocalSystem, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Workers(system, tmp_path_factory.mktemp("worker")) as workers:
        worker = workers.start()
        job = api.create(work_of(workers, heartbeat_timeout="2m"))
        kill_in_the_middle(api, job["id"], worker)
        workers.start()

        ended = api.wait_until(job["id"], timeout=90)

    assert ended["status"] == "succeeded", (ended, workers.said())
    (execution,) = ended["executions"]
    output = json.loads(execution["output"])
    assert 1 <= output["resumed_from"] < 12
    done = [line for line in workers.said() if "page" in line]
    assert len(set(done)) == 12
    assert len(done) <= 13


@pytest.mark.meanwhile
def test_work_that_nobody_goes_on_with_is_begun_again_from_its_checkpoint(
    api: Client, system: LocalSystem, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Workers(system, tmp_path_factory.mktemp("worker")) as workers:
        worker = workers.start()
        job = api.create(work_of(workers, heartbeat_timeout="10s"))
        kill_in_the_middle(api, job["id"], worker)
        time.sleep(16)
        # A sweep by hand is a sweep: this test need not wait for the minute.
        system.client("lambda").invoke(FunctionName=system.function_name("watcher"), Payload=b"{}")
        workers.start()

        ended = api.wait_until(job["id"], timeout=90)

    assert ended["status"] == "succeeded", (ended, workers.said())
    assert [one["outcome"] for one in ended["executions"]] == ["lost", "succeeded"]
    output = json.loads(ended["executions"][-1]["output"])
    assert output["attempt"] == 2
    assert 1 <= output["resumed_from"] < 12


@pytest.mark.meanwhile
def test_a_worker_stops_for_a_cancel_that_it_learns_of_with_its_heartbeat(
    api: Client, system: LocalSystem, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Workers(system, tmp_path_factory.mktemp("worker")) as workers:
        workers.start()
        job = api.create({**work_of(workers, heartbeat_timeout="1m"), "payload": {"pages": 500}})
        api.wait_until(job["id"], "running", when=lambda one: one["checkpoint_at"] is not None)

        answer = api.call("POST", f"/v1/jobs/{job['id']}/cancel")
        ended = api.wait_until(job["id"])

    assert answer.status == 202
    assert (ended["status"], ended["executions"][0]["outcome"]) == ("cancelled", "cancelled")
