"""Begin a bulk action on dead letters, or see first how many it would be; and stop it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from functions.api.refusals import Refused, WrongState
from shared.model import limits
from shared.model.bulk_action import BulkAction, BulkSpec, BulkStatus, ended, new_bulk_action
from shared.model.errors import IdempotencyKeyReused, ItemChanged, ItemNotFound, StoreUnavailable
from shared.model.job import JobKey, idempotent_job_id
from shared.ports.bulk_actions import BulkStep
from shared.side_by_side import one_after_another

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from functions.api.create_job import Idempotency
    from shared.dead_letters.advance_bulk_action import AdvanceBulkAction
    from shared.dead_letters.find_dead_letters import FindDeadLetters
    from shared.ports.bulk_actions import BulkActionStore
    from shared.ports.clock import Ids
    from shared.ports.jobs import JobStore
    from shared.ports.retentions import Retentions
    from shared.ports.telemetry import Telemetry

_TRIES: Final = 5
_COUNTED: Final = 10_000
_SHOWN: Final = 10
# Of an invocation the call itself takes no more: a client waits for the answer. The watcher does the rest.
_SECONDS_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many jobs are meant, at least; `is_complete`: no more. `first` are the newest of them."""

    matched: int
    is_complete: bool
    first: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginBulkAction:
    actions: BulkActionStore
    jobs: JobStore
    find: FindDeadLetters
    advance: AdvanceBulkAction
    ids: Ids
    telemetry: Telemetry

    def estimate(self, tenant: str, spec: BulkSpec) -> Estimate:
        """What the action would be about; nothing is stored."""
        wanted = spec.wanted
        if wanted.job_ids:
            jobs = self.jobs.get_many([JobKey(tenant, one) for one in wanted.job_ids], consistent=True)
            meant = [job.id for job in jobs if wanted.matches(job)]
            return Estimate(len(meant), True, tuple(meant[:_SHOWN]))
        found = self.find(tenant, wanted, after=None, limit=_COUNTED)
        first = tuple(letter.entry.job_id for letter in found.letters[:_SHOWN])
        return Estimate(len(found.letters), found.next is None, first)

    def __call__(
        self,
        tenant: str,
        spec: BulkSpec,
        *,
        by: str,
        now: datetime,
        idempotency: Idempotency | None,
        seconds_left: Callable[[], float],
    ) -> BulkAction:
        """The stored action, as far as it gets at once.

        Raises:
            IdempotencyKeyReused: the key was used with another body.
            Refused: the tenant has as many that have not ended as it may have.
        """
        if idempotency is None:
            action_id, fingerprint = self.ids.job_id(now), None
        else:
            action_id = idempotent_job_id(tenant, f"bulk action: {idempotency.key}")
            fingerprint = idempotency.fingerprint
        self._refuse_too_many(tenant, action_id)
        action = new_bulk_action(spec, tenant=tenant, action_id=action_id, by=by, now=now, fingerprint=fingerprint)
        stored = self.actions.create_bulk_action(action)
        if stored.fingerprint != fingerprint:
            raise IdempotencyKeyReused(stored.id)
        if stored != action:
            return stored
        self.telemetry.note("bulk_action_created", by=by, **stored.identity())
        spare = max(seconds_left() - _SECONDS_AT_ONCE, 0)
        with suppress(StoreUnavailable, ItemChanged):
            if self.advance(stored, lambda: seconds_left() - spare).has_ended and stored.step_at is not None:
                self.actions.forget_step(BulkStep(stored.step_at, tenant, stored.id))
        # What it has come to, also where it stopped half-way: it exists, and goes on.
        with suppress(StoreUnavailable, ItemNotFound):
            return self.actions.get_bulk_action(tenant, stored.id)
        return stored

    def _refuse_too_many(self, tenant: str, action_id: str) -> None:
        """Several that are begun in the same moment may be a few more."""
        known = {step.action_id for step in self.actions.steps_of(tenant)}
        if len(known) < limits.MAX_UNFINISHED_BULK_ACTIONS:
            return
        # Steps outlive their actions for some seconds; and one that was begun before is answered as it is.
        found = one_after_another(partial(self._find, tenant), [action_id, *known - {action_id}])
        unfinished = sum(one is not None and not one.has_ended for one in found)
        if found[0] is None and unfinished >= limits.MAX_UNFINISHED_BULK_ACTIONS:
            raise Refused("limit-reached", f"{unfinished} have not ended: wait for one, or abort one")

    def _find(self, tenant: str, action_id: str) -> BulkAction | None:
        with suppress(ItemNotFound):
            return self.actions.get_bulk_action(tenant, action_id)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class AbortBulkAction:
    actions: BulkActionStore
    telemetry: Telemetry
    retention: Retentions

    def __call__(self, tenant: str, action_id: str, now: datetime) -> BulkAction:
        """The aborted action; aborting it again changes nothing. What it has redriven still runs.

        Raises:
            ItemNotFound: there is none.
            WrongState: it is done.
            Refused: it was changed by others each time.
        """
        for _ in range(_TRIES):
            action = self.actions.get_bulk_action(tenant, action_id)
            if action.status is BulkStatus.ABORTED:
                return action
            if action.status is BulkStatus.DONE:
                raise WrongState("done", "the bulk action is done: there is nothing left to stop")
            note = "aborted by a client"
            kept = self.retention.of_tenant(tenant).longest
            stopped = ended(action, BulkStatus.ABORTED, now=now, retention=kept, note=note)
            with suppress(ItemChanged):
                self.actions.replace_bulk_action(stopped)
                self.telemetry.note("bulk_action_aborted", **stopped.identity())
                return stopped
        raise Refused("conflict", "the bulk action was changed at the same time: try again")
