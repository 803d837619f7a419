"""Jobs per second and lateness of the running system, over HTTP: a thousand jobs due over one minute.

Read them as this machine's figures: the emulator's polling is most of the lateness.
"""

from __future__ import annotations

import json
import statistics
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from benchmarks.table import print_table

_JOBS: Final = 1_000
_OVER_SECONDS: Final = 60
_LEAD_SECONDS: Final = 10
_GIVE_UP_SECONDS: Final = 300


def measure(url: str, api_key: str) -> dict[str, float]:
    """Run the jobs and return `jobs_per_second`, `lateness_p50_ms` and `lateness_p99_ms`.

    Raises:
        RuntimeError: a job did not succeed with exactly one execution, or started before its time.
    """
    client = Client(url, api_key)
    first = datetime.now(UTC) + timedelta(seconds=_LEAD_SECONDS)
    group = f"bench-{first:%H%M%S}"
    wanted = [
        {
            "run_at": (first + timedelta(seconds=_OVER_SECONDS * number / _JOBS)).isoformat(),
            "target": {"type": "task", "name": "examples.echo"},
            "group": group,
        }
        for number in range(_JOBS)
    ]
    began = time.monotonic()
    results = client.call("POST", "/v1/jobs/bulk", {"jobs": wanted})["results"]
    created_seconds = time.monotonic() - began
    refused = [result for result in results if result["status"] != 201]
    if refused:
        raise RuntimeError(f"{len(refused)} of {_JOBS} jobs were refused, such as {refused[0]}")
    jobs = _when_all_have_ended(client, group)
    lateness = sorted(_lateness_ms(job) for job in jobs)
    ended = [datetime.fromisoformat(job["ended_at"]) for job in jobs]
    span = (max(ended) - min(datetime.fromisoformat(job["run_at"]) for job in jobs)).total_seconds()
    figures = {
        "jobs_per_second": round(_JOBS / span, 1),
        "lateness_p50_ms": round(statistics.median(lateness), 1),
        "lateness_p99_ms": round(lateness[int(len(lateness) * 0.99)], 1),
    }
    print_table(
        f"{_JOBS} jobs due over {_OVER_SECONDS} s on this machine",
        ("created in s", "jobs/s", "lateness p50 ms", "p99 ms", "started early"),
        [(f"{created_seconds:.1f}", *figures.values(), 0)],
    )
    return figures


class Client:
    """The API over HTTP."""

    def __init__(self, url: str, api_key: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, self._headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)


def _when_all_have_ended(client: Client, group: str) -> list[dict[str, Any]]:
    give_up = time.monotonic() + _LEAD_SECONDS + _OVER_SECONDS + _GIVE_UP_SECONDS
    while time.monotonic() < give_up:
        jobs = _list(client, group)
        if len(jobs) == _JOBS and all(job["ended_at"] for job in jobs):
            return jobs
        time.sleep(5)
    raise RuntimeError(f"not all of {_JOBS} jobs have ended: {sum(bool(job['ended_at']) for job in jobs)} have")


def _list(client: Client, group: str) -> list[dict[str, Any]]:
    jobs: list[dict[str, Any]] = []
    query = f"?group={group}&limit=200"
    while True:
        page = client.call("GET", f"/v1/jobs{query}")
        jobs += page["items"]
        if "next_cursor" not in page:
            return jobs
        query = f"?group={group}&limit=200&cursor={page['next_cursor']}"


def _lateness_ms(job: dict[str, Any]) -> float:
    if job["status"] != "succeeded" or len(job["executions"]) != 1:
        raise RuntimeError(f"job {job['id']} is {job['status']} after {len(job['executions'])} executions")
    started = datetime.fromisoformat(job["executions"][0]["started_at"])
    late = (started - datetime.fromisoformat(job["run_at"])).total_seconds() * 1000
    if late < 0:
        raise RuntimeError(f"job {job['id']} started {-late:.0f} ms before its time")
    return late
