"""Faults of the running system: nothing is lost."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from local.system import LocalSystem
    from tests.e2e.conftest import Client

pytestmark = pytest.mark.e2e


def test_a_run_whose_runner_is_killed_is_tried_again(api: Client, system: LocalSystem, tmp_path: Path) -> None:
    note = tmp_path / "runner"
    command = {"type": "command", "argv": ["/bin/sh", "-c", UNTIL_KILLED, "sh", str(note)]}
    job = api.create({"target": command, "timeout": "60s", "retry": {"initial": "1s", "jitter": "none"}})
    runner = _noted(note)
    assert runner in system.function_processes("runner")
    os.kill(runner, signal.SIGKILL)

    ended = api.wait_until(job["id"], timeout=90)

    assert ended["status"] == "succeeded", ended
    assert [one["error"] and one["error"]["type"] for one in ended["executions"]] == ["runner_failed", None]


# The first attempt notes the runner that it is run by, and lasts until that is killed.
UNTIL_KILLED = """
[ "$PUNCTUAL_ATTEMPT" = 1 ] || exit 0
echo "$PPID" > "$1.new" && mv "$1.new" "$1"
exec sleep 600
"""


def _noted(file: Path) -> int:
    """The process id that the file holds, as soon as it is there."""
    give_up = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < give_up, "the run has not begun"
        time.sleep(0.1)
    return int(file.read_text())


def test_what_a_task_finds_in_its_own_and_its_parent_s_environment_opens_nothing(
    api: Client, system: LocalSystem
) -> None:
    places = {
        "endpoint": system.settings.endpoint,
        "tables": [system.outputs["JobsTable"], system.outputs["ControlTable"]],
        "queues": [value for name, value in system.outputs.items() if name.startswith("QueueUrl")],
    }
    argv = [sys.executable, "-c", BURGLAR]
    job = api.create({"target": {"type": "command", "argv": argv}, "payload": places, "timeout": "60s"})

    ended = api.wait_until(job["id"])

    assert ended["status"] == "succeeded", ended
    report = ended["executions"][0]["output"]
    assert "OPENED" not in report, report
    assert report.strip().endswith("tried everything")


# It collects AWS credentials where a task can look, and tries them at each table and queue.
BURGLAR = """
import json, os, sys
import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

places = json.load(sys.stdin)
found = []
for path in ("/proc/self/environ", f"/proc/{os.getppid()}/environ"):
    try:
        entries = open(path, "rb").read().decode(errors="replace").split("\\0")
    except OSError:
        continue
    variables = dict(entry.partition("=")[::2] for entry in entries)
    if "AWS_ACCESS_KEY_ID" in variables:
        found.append(variables)
print(len(found), "sets of credentials")
for variables in found:
    def client(service):
        return boto3.client(
            service,
            endpoint_url=places["endpoint"],
            region_name="us-east-1",
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=variables.get("AWS_SESSION_TOKEN"),
            config=Config(retries={"total_max_attempts": 1}),
        )
    tries = [(client("dynamodb").scan, {"TableName": table}) for table in places["tables"]]
    tries += [(client("sqs").receive_message, {"QueueUrl": queue}) for queue in places["queues"]]
    tries += [(client("sqs").send_message, {"QueueUrl": queue, "MessageBody": "x"}) for queue in places["queues"]]
    for call, arguments in tries:
        try:
            call(**arguments)
            print("OPENED", arguments)
        except ClientError as error:
            assert "Denied" in str(error), error
print("tried everything")
"""
