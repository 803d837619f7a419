"""Whether what an alert is about is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

from functions.watcher.alerts.confirmation import is_dead_letter
from functions.watcher.alerts.latest_jobs import INDEX_LAG
from shared.model.alerts.alert import Alert, SubjectKind
from shared.model.alerts.rule import RuleKind
from shared.model.attention import fingerprint_in
from shared.model.job import JobKey
from shared.model.lifecycle import Status

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from functions.watcher.alerts.known_rules import KnownRules
    from functions.watcher.alerts.latest_jobs import LatestJobs
    from shared.model.job import Job
    from shared.ports.breakers import Breakers
    from shared.ports.jobs import JobStore

_DEAD_LETTERS_LOOKED_AT: Final = 10_000
_PAGE: Final = 1_000
# What failed may have been written down somewhat earlier than its alert.
_EARLIER: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Recovery:
    jobs: JobStore
    latest: LatestJobs
    known: KnownRules
    breakers: Breakers

    def __call__(self, alert: Alert, now: datetime) -> str | None:  # noqa: PLR0911 (one return per kind of rule)
        """Why the alert has recovered, for people; None when it has not. Raises `StoreUnavailable`."""
        if alert.is_overflow:
            return self._is_quiet(alert, now)
        match alert.kind:
            case RuleKind.FAILED_FOR_GOOD:
                return self._has_succeeded(alert) or self._no_dead_letter_left(alert)
            case RuleKind.FAILURES_IN_A_ROW | RuleKind.NOTHING_SUCCEEDED:
                return self._has_succeeded(alert)
            case RuleKind.DEADLINE_MISSED:
                is_alone = alert.subject.kind is SubjectKind.JOBS
                return self._is_quiet(alert, now) if is_alone else self._has_succeeded(alert)
            case RuleKind.LATE_START:
                return self._is_quiet(alert, now)
            case RuleKind.RUNNING_LONG:
                return self._is_quiet(alert, now) and self._none_is(alert, lambda job: job.status is Status.RUNNING)
            case RuleKind.UNDELIVERABLE:
                return self._is_quiet(alert, now) and self._none_is(alert, lambda job: _is_overdue(job, now))
            case RuleKind.DEAD_LETTER_COUNT:
                return self._are_fewer(alert, now)
            case RuleKind.BREAKER_OPEN:
                breaker = self.breakers.get_breaker(alert.tenant, alert.subject.id)
                return "the breaker has closed" if breaker is None or breaker.is_closed else None

    def _has_succeeded(self, alert: Alert) -> str | None:
        succeeded = self.latest.has_succeeded_since(alert.tenant, alert.subject, alert.last_at)
        return "a later job succeeded" if succeeded else None

    def _is_quiet(self, alert: Alert, now: datetime) -> str | None:
        quiet_at = alert.last_at + timedelta(seconds=alert.resolve_after_seconds)
        return "nothing more was found" if now >= quiet_at else None

    def _none_is(self, alert: Alert, is_concerned: Callable[[Job], bool]) -> str | None:
        return None if any(map(is_concerned, self._samples(alert))) else "none of the jobs is concerned any more"

    def _no_dead_letter_left(self, alert: Alert) -> str | None:
        if any(is_dead_letter(job) for job in self._samples(alert)):
            return None
        if alert.count > len(alert.samples):
            # The others are known by the error's fingerprint, which the index carries, or not at all.
            if alert.subject.kind is not SubjectKind.ERROR:
                return None
            if self._may_be_a_dead_letter(alert.tenant, alert.subject.id, alert.opened_at - _EARLIER, alert.last_at):
                return None
        return "all of its dead letters were redriven or discarded"

    def _may_be_a_dead_letter(self, tenant: str, fingerprint: str, since: datetime, until: datetime) -> bool:
        """Whether any that failed then has the fingerprint. What failed later is of no alert that is open; of more than
        ten thousand nobody knows."""
        listed = self.latest.dead_letters(tenant, page=_PAGE, since=since, until=until + INDEX_LAG)
        looked_at = 0
        for letter in islice(listed, _DEAD_LETTERS_LOOKED_AT):
            if fingerprint_in(letter.sort_key) == fingerprint:
                return True
            looked_at += 1
        return looked_at == _DEAD_LETTERS_LOOKED_AT

    def _are_fewer(self, alert: Alert, now: datetime) -> str | None:
        rule = next((one for one in self.known.of(alert.tenant).rules if one.id == alert.rule_id), None)
        if rule is None or rule.count is None:
            return "its rule is gone"
        if now < alert.last_at + INDEX_LAG:
            return None
        left = len(list(islice(self.latest.dead_letters(alert.tenant, page=rule.count), rule.count)))
        return None if left >= rule.count else "there are fewer dead letters"

    def _samples(self, alert: Alert) -> list[Job]:
        keys = [JobKey(alert.tenant, one.job_id) for one in alert.samples]
        return self.jobs.get_many(list(dict.fromkeys(keys)), consistent=True)


def _is_overdue(job: Job, now: datetime) -> bool:
    return job.status is Status.SCHEDULED and job.wake_at is not None and job.wake_at <= now
