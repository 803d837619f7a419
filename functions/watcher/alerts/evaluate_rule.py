"""Rules that no change of a job can answer: what did not happen has no change."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from functions.watcher.alerts.raise_alert import Case
from shared.model.alerts.alert import Subject, SubjectKind, alert_key
from shared.model.alerts.judgement import occurrence_of
from shared.model.alerts.rule import AlertRule, RuleKind
from shared.model.errors import ItemNotFound
from shared.model.job import from_epoch_ms

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from functions.watcher.alerts.confirmation import Confirmation
    from functions.watcher.alerts.lately import Runs
    from functions.watcher.alerts.latest_jobs import LatestJobs
    from functions.watcher.alerts.raise_alert import RaiseAlert
    from functions.watcher.alerts.silences import Silences
    from shared.model.job import Job
    from shared.ports.alerts import AlertStore, DueLook
    from shared.ports.breakers import Breakers
    from shared.ports.clock import Clock
    from shared.ports.versioned import VersionedStore

EVERY_SECONDS: Final = 60
_PERCENTILE: Final = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateRule:
    """Many may be looked at at once; what they read about the same template or group is read once for all."""

    rules: VersionedStore[AlertRule]
    alerts: AlertStore
    latest: LatestJobs
    confirmation: Callable[[], Confirmation]
    breakers: Breakers
    silences: Silences
    raise_alert: RaiseAlert
    clock: Clock

    def __call__(self, look: DueLook) -> None:
        """Look for what the rule is about, and plan to do so again in the next minute.

        Raises `StoreUnavailable`. The next look is planned first, so that a rule is never forgotten; on whole minutes,
        so that two who do this at once go on as one.
        """
        now = self.clock.now()
        try:
            rule = self.rules.get(look.tenant, look.id)
        except ItemNotFound:
            return
        if not rule.is_enabled:
            return
        if rule.kind.is_looked_at_each_minute:
            self.alerts.plan_look(look._replace(due_at=next_minute(now)))
        self.raise_alert(*self._cases(rule, now))

    def _cases(self, rule: AlertRule, now: datetime) -> list[Case]:
        match rule.kind:
            case RuleKind.NOTHING_SUCCEEDED:
                silent = [subject for subject in _subjects(rule) if self._is_silent(rule, subject, now)]
                return [self._case(rule, one) for one in silent]
            case RuleKind.RUNNING_LONG:
                return [case for one in _subjects(rule) if (case := self._running_long(rule, one, now)) is not None]
            case RuleKind.BREAKER_OPEN:
                found = [one.target for one in self.breakers.breakers(rule.tenant) if not one.is_closed]
                return [self._case(rule, Subject(SubjectKind.TARGET, one)) for one in found]
            case RuleKind.DEAD_LETTER_COUNT if self.confirmation().are_so_many(rule):
                return [self._case(rule, Subject(SubjectKind.TENANT, rule.tenant))]
            case _:
                return []

    def _is_silent(self, rule: AlertRule, subject: Subject, now: datetime) -> bool:
        """Whether nothing has succeeded for as long as the rule says, which must have been there as long, and no alert
        says so yet."""
        since = now - timedelta(seconds=rule.seconds or 0)
        if rule.changed_at > since:
            return False
        lately = self.latest.lately(rule.tenant, subject)
        if lately.is_known_to_have_succeeded_since(since):
            return False
        alert = self.alerts.standing(rule.tenant, alert_key(rule.id, subject)).alert
        # All jobs may have to be read: not each minute for as long as it lasts.
        return (alert is None or not alert.state.is_live) and not lately.has_succeeded_since(since)

    def _running_long(self, rule: AlertRule, subject: Subject, now: datetime) -> Case | None:
        long = running_long(rule, self.latest.lately(rule.tenant, subject).runs(), now)
        if not long:
            return None
        found = [occurrence_of(job, mark=f"attempt-{job.fence}", at=now) for job in long]
        return Case(rule, subject, found, self.silences.over_all(rule.tenant, long))

    def _case(self, rule: AlertRule, subject: Subject) -> Case:
        """That something is so, which counts no jobs."""
        return Case(rule, subject, (), self.silences.over_subject(rule.tenant, subject))


def next_minute(now: datetime) -> datetime:
    """The beginning of the next minute."""
    return from_epoch_ms((int(now.timestamp()) // EVERY_SECONDS + 1) * EVERY_SECONDS * 1000)


def running_long(rule: AlertRule, runs: Runs, now: datetime) -> list[Job]:
    """The jobs that have been running longer than `factor` times what 95 of 100 of their kind take (the nearest rank);
    none while fewer than `min_samples` of them have succeeded."""
    if not runs.taken or len(runs.taken) < (rule.min_samples or 1):
        return []
    usual = runs.taken[math.ceil(_PERCENTILE * len(runs.taken)) - 1]
    longest = timedelta(seconds=usual * (rule.factor or 1))
    return [job for job in runs.running if job.started_at is not None and now - job.started_at > longest]


def _subjects(rule: AlertRule) -> list[Subject]:
    if rule.scope.template_ids is not None:
        return [Subject(SubjectKind.TEMPLATE, one) for one in rule.scope.template_ids]
    return [] if rule.scope.group is None else [Subject(SubjectKind.GROUP, rule.scope.group)]
