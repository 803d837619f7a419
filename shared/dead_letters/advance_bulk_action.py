"""Go on with a bulk action: page after page, for as long as there is time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from shared.dead_letters.deal_with_dead_letter import DONE, PAYLOAD_UNAVAILABLE, is_done
from shared.model.bulk_action import BulkAction, BulkKind, BulkStatus, Refusal, ended
from shared.model.errors import JobNotFound
from shared.model.job import JobKey, epoch_ms, from_epoch_ms
from shared.model.lifecycle import Status
from shared.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.dead_letters.deal_with_dead_letter import DealWithDeadLetter
    from shared.dead_letters.find_dead_letters import FindDeadLetters
    from shared.model.job import Job
    from shared.ports.bulk_actions import BulkActionStore
    from shared.ports.clock import Clock
    from shared.ports.jobs import JobStore
    from shared.ports.retentions import Retentions
    from shared.ports.telemetry import Telemetry

AHEAD: Final = timedelta(seconds=150)
"""How far ahead of its time a job is redriven: an abort stops what is behind that, and a tick may be missed."""

_PAGE: Final = 100
_REFUSALS_KEPT: Final = 10
PAGE_SECONDS: Final = 5
"""What a page takes at the most, as far as one knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceBulkAction:
    """Which jobs come next is written down before anything is done to them, and what became of them together with the
    next ones: one write of the action for each page, on the condition that nobody else has made it. Whoever dies in
    between, or meets another at work, does a page twice, which makes no difference: each job says in `redriven_by` or
    `discarded_by` that it has been done, and is changed only from the version that was looked at."""

    actions: BulkActionStore
    jobs: JobStore
    find: FindDeadLetters
    deal_with: DealWithDeadLetter
    clock: Clock
    telemetry: Telemetry
    retention: Retentions
    together: Callable[..., list[str]] = side_by_side

    def __call__(self, action: BulkAction, seconds_left: Callable[[], float]) -> BulkAction:
        """The action as far as it has got. What has to wait (a canary, a slot that is far ahead) is left for later.

        Raises:
            ItemChanged: somebody else has gone on with it, or a client has aborted it.
            StoreUnavailable: it is gone on with later.
        """
        while not action.has_ended and seconds_left() > PAGE_SECONDS:
            after = self._step(action, self.clock.now())
            if after is None:
                break
            self.actions.replace_bulk_action(after)
            action = after
            if action.has_ended:
                self.telemetry.note("bulk_action_ended", **action.identity(), status=action.status, done=action.done)
        return action

    def _step(self, action: BulkAction, now: datetime) -> BulkAction | None:
        """The next version of the action; None when there is nothing to do at this moment."""
        if action.canary_job_id is not None and action.status is BulkStatus.CANARY:
            return self._after_canary(action, action.canary_job_id, now)
        after = self._deal_with(action, now)
        has_sent_canary = after.canary_job_id != action.canary_job_id
        if after.is_complete and not has_sent_canary:
            return ended(after, BulkStatus.DONE, now=now, retention=self._kept(action))
        found = None if has_sent_canary else self._find_page(after, now)
        if found is None and not action.page:
            return None
        return replace(found or after, version=action.version + 1)

    def _after_canary(self, action: BulkAction, job_id: str, now: datetime) -> BulkAction | None:
        try:
            job = self.jobs.get(JobKey(action.tenant, job_id))
        except JobNotFound:
            job = None
        if job is not None and not job.status.is_terminal:
            return None
        if job is not None and job.status is Status.SUCCEEDED:
            return replace(action, version=action.version + 1, status=BulkStatus.RUNNING)
        state = "is gone" if job is None else f"is {job.status}"
        note = f"the first job, {job_id}, did not succeed: it {state}"
        return ended(action, BulkStatus.ABORTED, now=now, retention=self._kept(action), note=note)

    def _kept(self, action: BulkAction) -> timedelta:
        return self.retention.of_tenant(action.tenant).longest

    # Finding.

    def _find_page(self, action: BulkAction, now: datetime) -> BulkAction | None:
        room = self._room(action, now)
        if room == 0:
            return None
        wanted = action.spec.wanted
        if wanted.job_ids:
            start = int(action.position or 0)
            page = wanted.job_ids[start : start + room]
            end = start + len(page)
            return _with_page(action, page, str(end), is_complete=end >= len(wanted.job_ids))
        found = self.find(action.tenant, wanted, after=action.position, limit=room)
        page = tuple(letter.entry.job_id for letter in found.letters)
        return _with_page(action, page, found.next, is_complete=found.next is None)

    def _room(self, action: BulkAction, now: datetime) -> int:
        if action.status is BulkStatus.CANARY:
            return 1
        if action.spec.kind is BulkKind.DISCARD:
            return _PAGE
        ahead = (now + AHEAD - max(action.next_slot_at or now, now)).total_seconds()
        return max(min(int(ahead * action.spec.rate_per_second), _PAGE), 0)

    # Doing.

    def _deal_with(self, action: BulkAction, now: datetime) -> BulkAction:
        """The action after its page: what became of each job is counted."""
        if not action.page:
            return action
        found = {
            job.id: job
            for job in self.jobs.get_many([JobKey(action.tenant, one) for one in action.page], consistent=True)
        }
        first = self._first_slot(action, [job for job in found.values() if job.redriven_by == action.id], now)
        step = 1 / action.spec.rate_per_second
        slots = {
            job_id: _later(first, number * step)
            for number, job_id in enumerate(one for one in action.page if not is_done(action, found.get(one)))
        }

        def deal(job_id: str) -> str:
            job = found.get(job_id)
            return "gone" if job is None else self.deal_with(action, job, slots.get(job_id, now), now)

        words = self.together(deal, action.page)
        counted = _counted(action, dict(zip(action.page, words, strict=True)))
        canary = counted.canary_job_id
        if action.status is BulkStatus.CANARY and DONE in words:
            canary = action.page[words.index(DONE)]
        return replace(counted, page=(), canary_job_id=canary, next_slot_at=_later(first, len(slots) * step))

    def _first_slot(self, action: BulkAction, already: Sequence[Job], now: datetime) -> datetime:
        """From when on the page's jobs become due: behind those that a run redrove which then died."""
        taken = [job.wake_at for job in already if job.wake_at is not None]
        behind = [_later(max(taken), 1 / action.spec.rate_per_second)] if taken else []
        return max(now, action.next_slot_at or now, *behind)


def _with_page(action: BulkAction, page: Sequence[str], position: str | None, *, is_complete: bool) -> BulkAction:
    return replace(
        action,
        page=tuple(page),
        position=position,
        is_complete=is_complete,
        matched=action.matched + len(page),
    )


def _counted(action: BulkAction, words: dict[str, str]) -> BulkAction:
    refusals = [Refusal(job_id=job_id, why=why) for job_id, why in words.items() if why != DONE]
    failed = sum(one.why == PAYLOAD_UNAVAILABLE for one in refusals)
    return replace(
        action,
        done=action.done + len(words) - len(refusals),
        refused=action.refused + len(refusals) - failed,
        failed=action.failed + failed,
        refusals=(*action.refusals, *refusals)[-_REFUSALS_KEPT:],
    )


def _later(time: datetime, seconds: float) -> datetime:
    """In whole milliseconds, as times are stored."""
    return from_epoch_ms(epoch_ms(time) + round(seconds * 1000))
