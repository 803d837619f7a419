"""Many jobs fail for good and are redriven together, while the watcher that does it is killed: each runs once more.

A hundred jobs, unless `DEAD_LETTERS` says otherwise (1000 for the long form).
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.dynamodb.bulk_actions import DynamoBulkActions

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.receiver import Receiver
    from local.system import LocalSystem
    from tests.e2e.conftest import Client

pytestmark = pytest.mark.e2e

JOBS = int(os.environ.get("DEAD_LETTERS", "100"))
TENANT = "dead"
PATH = "/v1/bulk-actions"


def test_dead_letters_are_redriven_once_each_though_the_watcher_is_killed(
    new_client: Callable[..., Client], receiver: Receiver, system: LocalSystem
) -> None:
    api = new_client(TENANT, "read", "write")
    created = fail_many(api, f"http://{receiver.host}/dead?fail=1&status=404")
    (group,) = ask(api, "GET", "/v1/dead-letters/groups")["items"]

    asked = {"action": "redrive", "filter": {"fingerprint": group["fingerprint"]}, "canary": True}
    action = ask(api, "POST", PATH, {**asked, "rate_per_second": 1000})
    api.wait_until(action["canary_job_id"], "succeeded")
    make_due(system, action["id"])
    killed = kill_in_the_middle(system, api)
    action = go_on_until_done(system, api, action["id"])
    jobs = [api.wait_until(job_id, "succeeded", timeout=60 + JOBS / 5) for job_id in created]

    assert group["count"] == JOBS
    assert killed
    assert (action["status"], action["progress"]) == ("done", progress(matched=JOBS, done=JOBS))
    assert {tuple((one["redrive"], one["attempt"], one["outcome"]) for one in job["executions"]) for job in jobs} == {
        ((0, 1, "failed"), (1, 1, "succeeded"))
    }
    assert {job["redriven_by"] for job in jobs} == {action["id"]}
    calls = Counter(call.headers.get("x-punctual-job-id") for call in receiver.received if "/dead" in call.path)
    assert {calls[job_id] for job_id in created} == {2}
    assert ask(api, "GET", "/v1/dead-letters")["items"] == []


def fail_many(api: Client, url: str) -> list[str]:
    """Jobs whose one attempt fails; their ids once all of them have."""
    job = {"target": {"type": "http", "url": url}, "retry": {"max_attempts": 1}}
    created: list[str] = []
    while len(created) < JOBS:
        count = min(JOBS - len(created), 200)
        answer = ask(api, "POST", "/v1/jobs/bulk", {"jobs": [job] * count})
        created += [one["id"] for one in answer["results"]]
    for job_id in created:
        api.wait_until(job_id, "failed", timeout=60 + JOBS / 5)
    return created


def make_due(system: LocalSystem, action_id: str) -> None:
    """The action is gone on with by the next watcher, and not in a minute."""
    actions = DynamoBulkActions(system.client("dynamodb"), system.outputs["ControlTable"])
    action = actions.get_bulk_action(TENANT, action_id)
    actions.replace_bulk_action(replace(action, version=action.version + 1, step_at=action.created_at))


def kill_in_the_middle(system: LocalSystem, api: Client) -> int:
    """How many processes of the watcher were killed, some but not all dead letters having been redriven."""
    system.client("lambda").invoke(FunctionName=system.function_name("watcher"), InvocationType="Event")
    give_up = time.monotonic() + 60
    while not 0 < left(api) < JOBS - 1:
        assert time.monotonic() < give_up, "the watcher redrives nothing"
    processes = system.function_processes("watcher")
    for process in processes:
        os.kill(process, signal.SIGKILL)
    return len(processes)


def left(api: Client) -> int:
    return sum(group["count"] for group in ask(api, "GET", "/v1/dead-letters/groups")["items"])


def go_on_until_done(system: LocalSystem, api: Client, action_id: str) -> dict[str, Any]:
    give_up = time.monotonic() + 120
    while (action := ask(api, "GET", f"{PATH}/{action_id}"))["status"] != "done":
        assert time.monotonic() < give_up, action
        system.client("lambda").invoke(FunctionName=system.function_name("watcher"))
        time.sleep(1)
    return action


def progress(**counts: int) -> dict[str, int]:
    return {"matched": 0, "done": 0, "refused": 0, "failed": 0, **counts}


def ask(api: Client, method: str, path: str, body: Any = None) -> dict[str, Any]:
    answer = api.call(method, path, body)
    assert answer.status in {200, 201}, answer
    found: dict[str, Any] = answer.json
    return found
