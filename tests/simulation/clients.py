"""Clients of the API: they create jobs, try again when nobody answers, change their minds, and pry."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from functions.api.create_job import Created, Idempotency
from functions.api.preconditions import ANY_VERSION, Precondition
from shared.model.errors import JobNotFound, SchedulerError, StoreUnavailable
from shared.model.job import Job, JobKey
from shared.model.lifecycle import Status
from tests.simulation import functions
from tests.simulation.cloud import API_TIMEOUT_MS, Cloud, Unanswered
from tests.simulation.faults import SECOND

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.api.services import Services
    from tests.simulation.functions import World
    from tests.simulation.kernel import Process
    from tests.simulation.observed import Observed
    from tests.simulation.scenario import Wish

_TRIES: Final = 4
_TRY_AGAIN_MS: Final = 2 * SECOND
_STRANGER: Final = "initech"


class EditedUnseen(Exception):
    """A change was made on a version that its client had not seen. No error of the scheduler's: a defect."""


@dataclass(frozen=True, slots=True)
class Client:
    """Whoever wants one job. Everybody's wishes are carried out by `wish`, in an actor of its own."""

    cloud: Cloud
    observed: Observed

    def wish(self, wish: Wish) -> None:
        """Create the job, and do with it what was planned, each action in its time."""
        kernel = self.cloud.kernel
        begun_at = kernel.now
        key = self._create(wish)
        if key is None:
            return
        for after, action in wish.actions:
            kernel.sleep(max(0, begun_at + after - kernel.now))
            self._act(key, action)

    def _create(self, wish: Wish) -> JobKey | None:
        def create(services: Services) -> Created:
            now = services.clock.now()
            read_spec = partial(services.specs.new, dict(wish.body), now=now, correlation_id=None)
            idempotency = None if wish.key is None else Idempotency(wish.key, str(wish.body))
            return services.create_job(wish.tenant, read_spec, idempotency, now)

        # Without a key another try would make another job.
        for _ in range(_TRIES if wish.key is not None else 1):
            try:
                created: Created = self._call(create)
            except (Unanswered, StoreUnavailable):
                self.observed.unknown[wish.tenant].add(wish.key or wish)
                self.cloud.kernel.sleep(_TRY_AGAIN_MS)
                continue
            self._accepted(wish, created.job)
            return created.job.key
        return None

    def _accepted(self, wish: Wish, job: Job) -> None:
        self.observed.accepted.setdefault(job.key, self.cloud.kernel.now)
        if wish.key is not None and self.observed.ids.setdefault((wish.tenant, wish.key), job.id) != job.id:
            self.observed.breaks("I14", job, f"{wish.key} made another job before")
        if job.tenant != wish.tenant:
            self.observed.breaks("I13", job, f"{wish.tenant} was given a job of {job.tenant}")

    def _act(self, key: JobKey, action: str) -> None:
        if action == "cancel":
            self.observed.cancels.add(key)
        try:
            job = self._call(lambda services: _ACTIONS[action](services, key))
        except (Unanswered, StoreUnavailable):
            return
        except JobNotFound:
            if action != "pry":
                self.observed.breaks("I1", key, f"{action}: it was accepted, and is not there")
            return
        except SchedulerError as error:
            # It runs, or has ended, or does not hold still: a client is told so.
            self.cloud.kernel.note("client", action, type(error).__name__)
            return
        if action == "pry":
            self.observed.breaks("I13", key, f"{_STRANGER} was given it")
        elif action == "cancel" and job.status is not Status.CANCELLED and job.cancel_requested_at is None:
            self.observed.breaks("I7", key, f"a cancel was answered with {job.status}")

    def _call(self, ask: Callable[[Services], Any]) -> Any:
        def work(world: World, process: Process, _: int) -> Any:
            return ask(functions.services(world, process))

        return self.cloud.call("api", work, timeout_ms=API_TIMEOUT_MS)


def _cancel(services: Services, key: JobKey) -> Job:
    return services.cancel_job(key, ANY_VERSION, services.clock.now())


def _run_now(services: Services, key: JobKey) -> Job:
    return services.run_job_now(key, ANY_VERSION, services.clock.now())


def _reschedule(services: Services, key: JobKey) -> Job:
    return services.edit_job(key, {"delay": "45s"}, ANY_VERSION, services.clock.now())


def _edit(services: Services, key: JobKey) -> Job:
    """Into another lane, with another payload."""
    patch = {"timeout": "90s", "priority": "high", "payload": "y" * 600}
    return services.edit_job(key, patch, ANY_VERSION, services.clock.now())


def _edit_as_read(services: Services, key: JobKey) -> Job:
    """On the condition that nobody has changed it since it was read.

    Raises:
        EditedUnseen: somebody had.
    """
    read = services.jobs.get(key)
    precondition = Precondition(frozenset({str(read.version)}))
    job = services.edit_job(key, {"name": f"seen at {read.version}"}, precondition, services.clock.now())
    if job.name == f"seen at {read.version}" and job.version != read.version + 1:
        raise EditedUnseen(f"version {job.version} was made from {read.version}")
    return job


def _pry(services: Services, key: JobKey) -> Job:
    return services.cancel_job(JobKey(_STRANGER, key.job_id), ANY_VERSION, services.clock.now())


_ACTIONS: Final = {
    "cancel": _cancel,
    "run_now": _run_now,
    "reschedule": _reschedule,
    "edit": _edit,
    "edit_as_read": _edit_as_read,
    "pry": _pry,
}
