"""What whoever does the work of an attempt reports over the API, with nothing but the token of its lease."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.model import long_work, moves
from shared.model.execution import Outcome
from shared.model.lease_token import LeaseToken
from shared.model.lifecycle import Status
from tests.jobs import RETENTION, SHARDING, claim_of

if TYPE_CHECKING:
    from shared.model.job import Job
    from tests.http_api import Api, Reply

HOURS_2 = 7_200


class Work:
    """A callback job that an executor has claimed, and the one who does its work."""

    def __init__(self, api: Api, **members: Any) -> None:
        self.api = api
        asked = {"completion": "callback", "timeout": "2h", "retry": {"initial": "5s", "jitter": "none"}, **members}
        self.id = api.create(**asked)["id"]
        self.claim()

    @property
    def job(self) -> Job:
        return self.api.stored(self.id)

    def claim(self) -> None:
        now = self.api.clock.now()
        claim_id = f"claim{self.job.fence + 1}"
        self.job_after(claim_of(self.job, now=now, claim_id=claim_id))
        token = LeaseToken.of(self.job)
        assert token is not None
        self.token = token.text()

    def accept(self) -> None:
        """The executor writes down that the target has accepted."""
        self.job_after(long_work.await_outcome(self.job, now=self.api.clock.now()))

    def reap(self) -> None:
        now = self.api.clock.now()
        self.job_after(moves.reap(self.job, now=now, chance=0.5, retention=RETENTION, sharding=SHARDING))

    def job_after(self, change: Any) -> None:
        self.api.jobs.change(self.job.key, change)

    def report(self, what: str, body: Any = None, *, token: str | None = None) -> Reply:
        return self.api.post(f"/v1/executions/{token or self.token}/{what}", body, tenant=None)

    def checkpoint(self) -> Any:
        return self.api.get(f"/v1/executions/{self.token}/checkpoint", tenant=None).body


@pytest.fixture
def work(api: Api) -> Work:
    work = Work(api)
    work.accept()
    return work


def test_work_that_is_reported_as_done_has_succeeded(work: Work) -> None:
    reply = work.report("complete", {"output": {"rows": 7}})

    assert (reply.status, reply.body) == (200, {"status": "succeeded", "next_attempt_at": None})
    assert work.job.status is Status.SUCCEEDED
    assert [(one.outcome, one.output.text) for one in work.job.executions] == [(Outcome.SUCCEEDED, '{"rows":7}')]
