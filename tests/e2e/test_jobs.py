"""What a user does with jobs, over HTTP."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from local.receiver import Receiver
    from local.system import LocalSystem
    from tests.e2e.conftest import Client

pytestmark = pytest.mark.e2e

ECHO = {"type": "task", "name": "examples.echo"}


@pytest.mark.parametrize("kind", ["lambda", "sqs", "sns", "eventbridge", "step_functions"])
def test_a_job_calls_what_aws_offers(api: Client, system: LocalSystem, kind: str) -> None:
    job = api.create({"target": system.demo_targets[kind], "payload": {"hello": kind}})

    ended = api.wait_until(job["id"])

    assert ended["status"] == "succeeded", ended
    assert len(ended["executions"]) == 1


def test_a_command_gets_its_payload_and_its_output_is_kept(api: Client) -> None:
    job = api.create({"target": {"type": "command", "argv": ["/bin/cat"]}, "payload": {"hello": "command"}})

    ended = api.wait_until(job["id"])

    assert ended["status"] == "succeeded"
    assert ended["executions"][0]["output"] == '{"hello":"command"}'


def test_a_long_output_is_kept_whole(api: Client) -> None:
    argv = ["/bin/sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10; do printf '%01000d' $i; done"]
    job = api.create({"target": {"type": "command", "argv": argv}})

    ended = api.wait_until(job["id"])
    answer = api.call("GET", f"/v1/jobs/{job['id']}/executions/1/output")

    assert len(ended["executions"][0]["output"]) == 1_024
    assert len(answer.body) == 10_000


def test_a_job_is_scheduled_then_running_then_succeeded(api: Client) -> None:
    job = api.create({"delay": "2s", "target": {"type": "command", "argv": ["/bin/sleep", "2"]}})

    statuses = [job["status"]]
    statuses += [api.wait_until(job["id"], status)["status"] for status in ("running", "succeeded")]

    assert statuses == ["scheduled", "running", "succeeded"]


def test_a_target_that_always_fails_ends_as_failed_with_every_attempt(api: Client, receiver: Receiver) -> None:
    retry = {"max_attempts": 3, "initial": "1s", "jitter": "none"}
    target = {"type": "http", "url": f"{receiver.url}/never?fail=always&status=503"}
    job = api.create({"target": target, "retry": retry})

    ended = api.wait_until(job["id"])

    assert (ended["status"], ended["reason"]) == ("failed", "attempts_exhausted")
    assert [one["error"]["type"] for one in ended["executions"]] == ["http_503"] * 3
    starts = [_time(one["started_at"]) for one in ended["executions"]]
    assert starts[1] - starts[0] >= timedelta(seconds=1)
    assert starts[2] - starts[1] >= timedelta(seconds=2)
    assert job["id"] in [one["id"] for one in _all(api, "status=failed")]


def test_a_target_that_takes_too_long_is_timed_out(api: Client, receiver: Receiver) -> None:
    target = {"type": "http", "url": f"{receiver.url}/slow?sleep=20"}
    job = api.create({"target": target, "timeout": "1s", "retry": {"max_attempts": 1}})

    ended = api.wait_until(job["id"])

    assert [one["outcome"] for one in ended["executions"]] == ["timed_out"]


def test_a_job_past_its_start_deadline_is_skipped_and_says_so(api: Client) -> None:
    run_at = (datetime.now().astimezone() - timedelta(minutes=5)).isoformat()
    job = api.create({"run_at": run_at, "expires_after": "1m", "target": ECHO})

    ended = api.wait_until(job["id"])

    assert (ended["status"], ended["reason"], ended["executions"]) == ("skipped", "expired", [])


def test_a_waiting_job_is_rescheduled_and_runs_at_its_new_time_only(api: Client) -> None:
    job = api.create({"delay": "3s", "target": ECHO})
    new_time = _time(job["run_at"]) + timedelta(seconds=4)

    moved = api.call("PATCH", f"/v1/jobs/{job['id']}", {"run_at": new_time.isoformat()})
    ended = api.wait_until(job["id"])

    assert (moved.status, moved.json["version"]) == (200, 2)
    assert len(ended["executions"]) == 1
    assert _time(ended["executions"][0]["started_at"]) >= new_time


def test_a_cancelled_job_never_runs(api: Client) -> None:
    job = api.create({"delay": "2s", "target": ECHO})

    cancelled = api.call("POST", f"/v1/jobs/{job['id']}/cancel")
    later = api.create({"delay": "4s", "target": ECHO})
    api.wait_until(later["id"])

    assert (cancelled.status, cancelled.json["status"]) == (200, "cancelled")
    assert api.job(job["id"])["executions"] == []


def test_a_job_runs_now_when_asked_to(api: Client) -> None:
    job = api.create({"delay": "1h", "target": ECHO})

    api.call("POST", f"/v1/jobs/{job['id']}/run")

    assert api.wait_until(job["id"])["status"] == "succeeded"


@pytest.mark.meanwhile
def test_a_running_job_that_is_cancelled_ends_cancelled(api: Client) -> None:
    job = api.create({"target": {"type": "command", "argv": ["/bin/sleep", "50"]}, "timeout": "55s"})
    api.wait_until(job["id"], "running")

    answer = api.call("POST", f"/v1/jobs/{job['id']}/cancel")
    ended = api.wait_until(job["id"], timeout=45)

    assert answer.status == 202
    assert ended["status"] == "cancelled"


def test_the_same_key_creates_one_job(api: Client) -> None:
    body = {"delay": "1h", "target": ECHO, "name": "once"}
    headers = {"Idempotency-Key": "order-4711"}

    first = api.call("POST", "/v1/jobs", body, headers=headers)
    again = api.call("POST", "/v1/jobs", body, headers=headers)
    other = api.call("POST", "/v1/jobs", {**body, "name": "twice"}, headers=headers)

    assert first.status == again.status == 201
    assert first.json["id"] == again.json["id"]
    assert again.headers["idempotent-replayed"] == "true"
    assert (other.status, other.json["type"]) == (422, "/problems/idempotency-key-reused")


def test_a_stale_etag_changes_nothing(api: Client) -> None:
    job = api.create({"delay": "1h", "target": ECHO})
    path = f"/v1/jobs/{job['id']}"
    api.call("PATCH", path, {"name": "first"}, headers={"If-Match": '"1"'})

    stale = api.call("PATCH", path, {"name": "second"}, headers={"If-Match": '"1"'})

    assert stale.status == 412
    assert api.job(job["id"])["name"] == "first"


def test_lists_filter_and_page(api: Client) -> None:
    for number in range(5):
        job = {"delay": "1h", "target": ECHO, "group": "listed", "tags": {"parity": "odd" if number % 2 else "even"}}
        api.create(job)

    pages = _pages(api, "group=listed&limit=2")
    odd = _all(api, "group=listed&tag=parity:odd")

    assert [len(page) for page in pages] in ([2, 2, 1], [2, 2, 1, 0])
    assert len({job["id"] for page in pages for job in page}) == 5
    assert len(odd) == 2


def test_no_tenant_sees_another_s_job(api: Client, new_client: Any) -> None:
    job = api.create({"delay": "1h", "target": ECHO})
    other = new_client("other", "read", "write")
    unknown = other.call("GET", "/v1/jobs/06c3v8n1r4t7x2z5b8d1f4h7").json

    for method, path in (("GET", ""), ("POST", "/cancel"), ("POST", "/run"), ("GET", "/executions")):
        answer = other.call(method, f"/v1/jobs/{job['id']}{path}")
        assert answer.status == 404
        assert answer.json["type"] == unknown["type"]
    assert api.job(job["id"])["status"] == "scheduled"


def test_a_key_without_the_scope_is_refused(new_client: Any) -> None:
    reader = new_client("readers", "read")

    assert reader.call("GET", "/v1/jobs").status == 200
    assert reader.call("POST", "/v1/jobs", {"target": ECHO}).status == 403


def test_the_api_describes_itself_without_a_key(stranger: Client) -> None:
    assert stranger.call("GET", "/openapi.json").json["openapi"].startswith("3.1")
    assert b"<html" in stranger.call("GET", "/docs").body[:500]
    assert stranger.call("GET", "/ready").status == 200


def _all(api: Client, query: str) -> list[dict[str, Any]]:
    return [job for page in _pages(api, query) for job in page]


def _pages(api: Client, query: str) -> list[list[dict[str, Any]]]:
    pages, cursor = [], ""
    while True:
        answer = api.call("GET", f"/v1/jobs?{query}{cursor}")
        assert answer.status == 200, answer
        pages.append(answer.json["items"])
        if "next_cursor" not in answer.json:
            return pages
        cursor = f"&cursor={answer.json['next_cursor']}"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
