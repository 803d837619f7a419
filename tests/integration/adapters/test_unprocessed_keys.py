from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.dynamodb import batch_get
from shared.adapters.dynamodb.codec import encode_job
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.model.errors import StoreUnavailable
from tests.aws import JOBS_TABLE
from tests.jobs import a_job

if TYPE_CHECKING:
    from shared.model.job import Job

JOBS = [a_job(job_id=f"job-{number}") for number in range(5)]


class Stingy:
    """A table that answers one key a call and leaves the others unprocessed; none at all when it is `busy`."""

    def __init__(self, stored: list[Job], *, busy: bool = False) -> None:
        self.items = {job.key.job_id: encode_job(job) for job in stored}
        self.busy = busy
        self.calls: list[dict[str, Any]] = []

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        self.calls.append(RequestItems)
        asked = RequestItems[JOBS_TABLE]
        done = 0 if self.busy else 1
        found = [item for key in asked["Keys"][:done] for item in self.items.values() if item["pk"] == key["pk"]]
        left = asked["Keys"][done:]
        return {
            "Responses": {JOBS_TABLE: found},
            "UnprocessedKeys": {JOBS_TABLE: {**asked, "Keys": left}} if left else {},
        }


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waits: list[float] = []
    monkeypatch.setattr(batch_get.time, "sleep", waits.append)
    return waits


def test_what_the_table_left_out_is_asked_for_again(waits: list[float]) -> None:
    table = Stingy(JOBS)

    found = DynamoJobStore(table, JOBS_TABLE).get_many([job.key for job in JOBS], consistent=True)

    assert found == JOBS
    assert all(call[JOBS_TABLE]["ConsistentRead"] for call in table.calls)
    assert waits == sorted(waits)
    assert len(waits) == 4


def test_a_table_that_goes_on_leaving_keys_out_is_unavailable(waits: list[float]) -> None:
    with pytest.raises(StoreUnavailable, match="unprocessed"):
        DynamoJobStore(Stingy(JOBS, busy=True), JOBS_TABLE).get_many([job.key for job in JOBS], consistent=True)

    assert sum(waits) < 5
