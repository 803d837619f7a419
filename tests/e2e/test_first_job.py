from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from local.receiver import Receiver
    from tests.e2e.conftest import Client

pytestmark = pytest.mark.e2e


def test_an_http_job_calls_its_url_at_its_time(api: Client, receiver: Receiver) -> None:
    job = api.create(
        {
            "name": "first",
            "delay": "3s",
            "target": {"type": "http", "url": f"{receiver.url}/first", "method": "POST"},
            "payload": {"hello": "world"},
            "tags": {"team": "e2e"},
        }
    )
    assert job["status"] == "scheduled"

    ended = api.wait_until(job["id"])

    assert ended["status"] == "succeeded"
    (execution,) = ended["executions"]
    assert execution["attempt"] == 1
    assert execution["outcome"] == "succeeded"
    assert _time(execution["started_at"]) >= _time(job["run_at"])
    assert _time(execution["ended_at"]) >= _time(execution["started_at"])
    (received,) = [request for request in receiver.received if request.path == "/first"]
    assert received.method == "POST"
    assert received.headers["idempotency-key"]


def test_a_task_job_keeps_what_the_task_returns(api: Client) -> None:
    job = api.create({"target": {"type": "task", "name": "examples.echo"}, "payload": {"hello": "world"}})

    ended = api.wait_until(job["id"])

    assert ended["status"] == "succeeded"
    (execution,) = ended["executions"]
    assert '"hello"' in execution["output"]


def test_a_target_that_fails_twice_is_retried_and_succeeds(api: Client, receiver: Receiver) -> None:
    job = api.create(
        {
            "target": {"type": "http", "url": f"{receiver.url}/twice?fail=2&status=503", "method": "POST"},
            "retry": {"max_attempts": 3, "backoff": "exponential", "initial": "1s", "multiplier": 2, "jitter": "none"},
        }
    )

    ended = api.wait_until(job["id"])

    assert ended["status"] == "succeeded"
    assert [execution["outcome"] for execution in ended["executions"]] == ["failed", "failed", "succeeded"]


def test_health_needs_no_key_and_jobs_do(stranger: Client) -> None:
    assert stranger.call("GET", "/health").status == 200
    assert stranger.call("GET", "/v1/jobs").status == 401


def _time(text: Any) -> datetime:
    return datetime.fromisoformat(text)
