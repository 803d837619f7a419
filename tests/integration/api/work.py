"""Work that is reported over the API, for the tests of that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.model import long_work, moves
from shared.model.lease_token import LeaseToken
from tests.jobs import RETENTION, SHARDING, claim_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.adapters.memory.jobs import MemoryJobStore
    from shared.model.change import Change
    from shared.model.job import Job, JobKey
    from tests.http_api import Api, Reply

REPORTS = ("heartbeat", "checkpoint", "complete", "fail")
BODIES: dict[str, Any] = {"checkpoint": {"checkpoint": "late"}}


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


class Between:
    """The store, in front of which something happens once, right before the next write."""

    def __init__(self, store: MemoryJobStore) -> None:
        self._store = store
        self.happens: Callable[[], object] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def change_and_get(self, key: JobKey, change: Change) -> Job:
        happens, self.happens = self.happens, None
        if happens is not None:
            happens()
        return self._store.change_and_get(key, change)
