"""A target that is down for a while: its breaker opens, and its jobs wait instead of burning their attempts.

45 seconds and sixty jobs, unless `OUTAGE_SECONDS` and `OUTAGE_JOBS` say otherwise (120 and 200 for the long form).
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from infra.settings import Stage, settings_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.receiver import Receiver
    from tests.e2e.conftest import Client

pytestmark = pytest.mark.e2e

SECONDS = int(os.environ.get("OUTAGE_SECONDS", "45"))
JOBS = int(os.environ.get("OUTAGE_JOBS", "60"))
SETTINGS = settings_of(Stage.LOCAL, {})
BREAKERS = SETTINGS.breakers
# What may be on its way when the breaker opens: each executor of the lane has up to ten jobs in hand, and may take ten
# more before it learns of it.
IN_FLIGHT = 2 * 10 * max(SETTINGS.maximum_concurrency.values())


@pytest.mark.meanwhile
def test_while_a_target_is_down_its_jobs_wait_and_then_all_succeed(
    new_client: Callable[..., Client], receiver: Receiver
) -> None:
    api = new_client("outage", "read", "write")
    begins = datetime.now(UTC) + timedelta(seconds=10)
    back_at = begins + timedelta(seconds=SECONDS)
    url = f"http://{receiver.host}/outage?down_until={back_at.timestamp()}"
    # Due over the first half of the outage, at even distances.
    due = [begins + timedelta(seconds=SECONDS / 2 * number / JOBS) for number in range(JOBS)]
    # Enough attempts for what is called while the breaker is not open yet.
    retry = {"max_attempts": 5, "backoff": "fixed", "initial": "1s"}
    job = {"target": {"type": "http", "url": url}, "retry": retry}
    answer = api.call("POST", "/v1/jobs/bulk", {"jobs": [{**job, "run_at": at.isoformat()} for at in due]})
    created = [one["id"] for one in answer.json["results"]]

    breaker = _open_breaker(api, f"http:{receiver.host}", back_at)
    ended = [api.wait_until(job_id, timeout=SECONDS + 120) for job_id in created]

    failed = [one for job in ended for one in job["executions"] if one["outcome"] != "succeeded"]
    opened_at = _time(breaker["opened_at"])
    # Another executor that knows nothing yet learns of it when its own call fails, or five seconds later.
    probes = [one for one in failed if _time(one["started_at"]) > opened_at + timedelta(seconds=6)]
    assert {job["status"] for job in ended} == {"succeeded"}
    assert breaker["error"] == "http_503"
    assert len(probes) <= _most_probes()
    assert len(failed) <= BREAKERS.minimum_calls + IN_FLIGHT + _most_probes()
    assert all(_time(one["started_at"]) >= back_at for job in ended for one in job["executions"][-1:])
    assert api.call("GET", f"/v1/breakers/http:{receiver.host}").json["state"] == "closed"


def _open_breaker(api: Client, target: str, until: datetime) -> dict[str, Any]:
    """The breaker as soon as it is open."""
    while True:
        answer = api.call("GET", f"/v1/breakers/{target}")
        if answer.status == 200 and answer.json["state"] == "open":
            found: dict[str, Any] = answer.json
            return found
        assert datetime.now(UTC) < until, answer
        time.sleep(0.1)


def _most_probes() -> int:
    """How many probes may fail: one after each cool-down, each of which is twice as long up to its bound."""
    probes, waited, cool_down = 0, 0, BREAKERS.cool_down_seconds
    while waited < SECONDS:
        waited += cool_down
        cool_down = min(2 * cool_down, BREAKERS.max_cool_down_seconds)
        probes += 1
    return probes


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
