"""Many jobs at once, over HTTP."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from local.system import LocalSystem
    from tests.e2e.conftest import Client

pytestmark = pytest.mark.e2e

JOBS = 200


@pytest.mark.meanwhile
def test_every_job_of_a_bulk_call_runs_once_and_none_before_its_time(api: Client, system: LocalSystem) -> None:
    first = datetime.now(UTC) + timedelta(seconds=3)
    jobs = [
        {
            "run_at": (first + timedelta(milliseconds=50 * number)).isoformat(),
            "target": system.demo_targets["sqs"],
            "group": "bulk",
        }
        for number in range(JOBS)
    ]

    answer = api.call("POST", "/v1/jobs/bulk", {"jobs": jobs})
    assert [result["status"] for result in answer.json["results"]] == [201] * JOBS
    ended = _when_ended(api)

    assert {job["status"] for job in ended} == {"succeeded"}
    assert {len(job["executions"]) for job in ended} == {1}
    early = [job for job in ended if job["executions"][0]["started_at"] < job["run_at"]]
    assert early == []


def test_a_bulk_call_tells_of_each_item_what_became_of_it(api: Client) -> None:
    good = {"delay": "1h", "target": {"type": "task", "name": "examples.echo"}}

    answer = api.call("POST", "/v1/jobs/bulk", {"jobs": [good, {**good, "priority": "urgent"}, good]})

    results = answer.json["results"]
    assert [result["status"] for result in results] == [201, 422, 201]
    assert results[1]["problem"]["errors"][0]["pointer"].endswith("/priority")


def _when_ended(api: Client) -> list[dict[str, object]]:
    give_up = time.monotonic() + 120
    while True:
        page = api.call("GET", "/v1/jobs?group=bulk&limit=200").json["items"]
        if len(page) == JOBS and all(job["ended_at"] for job in page):
            return list(page)
        assert time.monotonic() < give_up, [job["status"] for job in page]
        time.sleep(1)
