"""Rules that no change of a job can answer: what did not happen has no change."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from functions.watcher.alerts.raise_alert import Case
from shared.model.alerts.alert import Subject, SubjectKind
from shared.model.alerts.judgement import occurrence_of
from shared.model.alerts.rule import AlertRule, RuleKind
from shared.model.errors import ItemNotFound
from shared.model.job import from_epoch_ms
from shared.model.lifecycle import Status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from functions.watcher.alerts.latest_jobs import LatestJobs
    from functions.watcher.alerts.raise_alert import RaiseAlert
    from shared.model.job import Job
    from shared.ports.alerts import AlertStore, DueLook
    from shared.ports.breakers import Breakers
    from shared.ports.clock import Clock
    from shared.ports.versioned import VersionedStore

EVERY_SECONDS: Final = 60
_PERCENTILE: Final = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateRule:
    rules: VersionedStore[AlertRule]
    alerts: AlertStore
    latest: LatestJobs
    breakers: Breakers
    raise_alert: RaiseAlert
    clock: Clock

    def __call__(self, look: DueLook) -> bool:
        """Look for what the rule is about, and plan to do so again in the next minute; True, as it is always done.

        Raises `StoreUnavailable`. The next look is planned first, so that a rule is never forgotten; on whole minutes,
        so that two who do this at once go on as one.
        """
        now = self.clock.now()
        try:
            rule = self.rules.get(look.tenant, look.id)
        except ItemNotFound:
            return True
        if not rule.kind.is_looked_at_each_minute or not rule.is_enabled:
            return True
        self.alerts.plan_look(look._replace(due_at=next_minute(now)))
        if rule.kind is RuleKind.BREAKER_OPEN:
            self._find_open_breakers(rule)
        else:
            for subject in _subjects(rule):
                self._judge(rule, subject, now)
        return True

    def _judge(self, rule: AlertRule, subject: Subject, now: datetime) -> None:
        jobs = self.latest.of(rule.tenant, subject)
        if rule.kind is RuleKind.NOTHING_SUCCEEDED:
            if is_silent(rule, jobs, now):
                self.raise_alert(Case(rule, subject))
            return
        found = [occurrence_of(job, mark=f"attempt-{job.fence}", at=now) for job in running_long(rule, jobs, now)]
        if found:
            self.raise_alert(Case(rule, subject, found))

    def _find_open_breakers(self, rule: AlertRule) -> None:
        for breaker in self.breakers.breakers(rule.tenant):
            if not breaker.is_closed:
                self.raise_alert(Case(rule, Subject(SubjectKind.TARGET, breaker.target)))


def next_minute(now: datetime) -> datetime:
    """The beginning of the next minute."""
    return from_epoch_ms((int(now.timestamp()) // EVERY_SECONDS + 1) * EVERY_SECONDS * 1000)


def is_silent(rule: AlertRule, jobs: Sequence[Job], now: datetime) -> bool:
    """Whether nothing of `jobs` has succeeded for as long as the rule says, which must have been there as long."""
    since = now - timedelta(seconds=rule.seconds or 0)
    if rule.changed_at > since:
        return False
    return not any(job.status is Status.SUCCEEDED and job.ended_at is not None and job.ended_at > since for job in jobs)


def running_long(rule: AlertRule, jobs: Sequence[Job], now: datetime) -> list[Job]:
    """Those of `jobs` that have been running longer than `factor` times what 95 of 100 of their kind take (the nearest
    rank); none while fewer than `min_samples` of them have succeeded."""
    taken = sorted(
        (job.ended_at - job.started_at).total_seconds()
        for job in jobs
        if job.status is Status.SUCCEEDED and job.ended_at is not None and job.started_at is not None
    )
    if not taken or len(taken) < (rule.min_samples or 1):
        return []
    usual = taken[math.ceil(_PERCENTILE * len(taken)) - 1]
    longest = timedelta(seconds=usual * (rule.factor or 1))
    return [
        job
        for job in jobs
        if job.status is Status.RUNNING and job.started_at is not None and now - job.started_at > longest
    ]


def _subjects(rule: AlertRule) -> list[Subject]:
    if rule.scope.template_ids is not None:
        return [Subject(SubjectKind.TEMPLATE, one) for one in rule.scope.template_ids]
    return [] if rule.scope.group is None else [Subject(SubjectKind.GROUP, rule.scope.group)]
