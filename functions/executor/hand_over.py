"""What a target is handed with a call so that whoever does the work can report on it over the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from functions.executor.targets.protocol import Reporting
from shared.model.lease_token import LeaseToken
from shared.model.long_work import awaits_callback

if TYPE_CHECKING:
    from shared.model.job import Job
    from shared.ports.checkpoints import CheckpointStore

# What runs there may leave checkpoints however it ends, and has no other way to do so.
_IN_THE_RUNNER: Final = frozenset({"task", "command"})


@dataclass(frozen=True, slots=True)
class HandOver:
    """`api_url` is where the API's `/v1` begins, without a slash at its end."""

    checkpoints: CheckpointStore
    api_url: str

    def __call__(self, job: Job) -> Reporting | None:
        """What goes with a call of the claimed `job`; None where nobody has anything to report.

        The checkpoint itself is read only for what runs in the runner, and only if there is one; others ask for it.

        Raises:
            StoreUnavailable: the checkpoint cannot be read.
        """
        in_the_runner = job.target.get("type") in _IN_THE_RUNNER
        token = LeaseToken.of(job)
        if token is None or not (in_the_runner or awaits_callback(job)):
            return None
        found = self.checkpoints.load(job.key) if in_the_runner and job.checkpoint_at is not None else None
        return Reporting(
            token=token.text(),
            api_url=self.api_url,
            checkpoint=None if found is None else found.data,
            checkpoint_at=job.checkpoint_at,
        )


def nothing(job: Job) -> None:
    """Hands over nothing."""
    del job
