"""Jobs that should have begun and have not, judged by the tenants' alert rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from functions.watcher.alerts.evaluate_rule import next_minute
from functions.watcher.alerts.raise_alert import Case
from functions.watcher.thresholds import passes_threshold
from shared.model.alerts.judgement import Finding, finding_of, late_findings
from shared.model.alerts.rule import UNDELIVERABLE_SECONDS, RuleKind, rules_about
from shared.model.canary import SYSTEM_TENANT
from shared.model.errors import StoreUnavailable
from shared.model.groups import is_reserved
from shared.model.job import JobKey, epoch_ms
from shared.model.lifecycle import Status
from shared.ports.alerts import DueKind, DueLook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from functions.watcher.alerts.known_rules import KnownRules
    from functions.watcher.alerts.raise_alert import RaiseAlert
    from functions.watcher.alerts.silences import Silences
    from shared.model.alerts.alert import Subject
    from shared.model.alerts.rule import AlertRule
    from shared.model.job import Job
    from shared.ports.alerts import AlertStore
    from shared.ports.clock import Clock
    from shared.ports.jobs import JobStore

# What a page of the sweep may take to be judged: the sweep has jobs of all tenants to set in motion.
_SECONDS_A_PAGE: Final = 2
_BEFORE_ALL: Final = ""
_TENANT: Final = attrgetter("tenant")


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeOverdue:
    """Given what the sweep has read anyhow, so that nobody has to look for what does not begin.

    A job is found when its age passes a rule's time, and again each time that has doubled, in case the first time was
    lost; it is counted once. What a page of the sweep has no time for is looked at again in the next minutes, by the
    rules that have not judged it.
    """

    jobs: JobStore
    alerts: AlertStore
    known: KnownRules
    silences: Silences
    raise_alert: RaiseAlert
    clock: Clock

    def __call__(self, jobs: Sequence[Job], *, after: datetime, until: datetime) -> None:
        """`jobs` are looked at on behalf of a pass that follows one at `after`, and that began at `until`.

        Raises:
            StoreUnavailable, Exception: what came up about the first tenant of which not all could be done, after all
                others had their turn. What was found and could not be written is looked at again, too.
        """
        ends_at = self.clock.now() + timedelta(seconds=_SECONDS_A_PAGE)

        def seconds_left() -> float:
            return (ends_at - self.clock.now()).total_seconds()

        def passed(rule: AlertRule, due_at: datetime) -> bool:
            return passes_threshold(due_at, _seconds(rule), after=after, until=until)

        failures: list[Exception] = []
        for _, theirs in groupby(sorted(jobs, key=_TENANT), key=_TENANT):
            try:
                self._judge([one for job in theirs for one in self._found(job, until, passed)], seconds_left)
            except Exception as error:
                # Nothing about one tenant is to keep the jobs of others from being judged.
                failures.append(error)
        if failures:
            raise failures[0]

    def again(self, looks: Sequence[DueLook], seconds_left: Callable[[], float]) -> None:
        """Judge the jobs that there was no time for, and forget their looks, or plan others. Raises
        `StoreUnavailable`."""
        now = self.clock.now()
        first_rules: dict[JobKey, str] = {}
        for look in looks:
            job_id, _, first_rule = look.id.partition(":")
            key = JobKey(look.tenant, job_id)
            first_rules[key] = min(first_rule, first_rules.get(key, first_rule))

        found: list[Finding] = []
        for job in self.jobs.get_many(list(first_rules), consistent=True):
            first_rule = first_rules[job.key]

            def passed(rule: AlertRule, due_at: datetime, first_rule: str = first_rule) -> bool:
                return rule.id >= first_rule and due_at + timedelta(seconds=_seconds(rule)) <= now

            found += self._found(job, now, passed)
        self._remember(self._raise(found, seconds_left))
        for look in looks:
            self.alerts.forget_look(look)

    def _found(self, job: Job, until: datetime, passed: Callable[[AlertRule, datetime], bool]) -> list[Finding]:
        due_at = job.wake_at
        if job.status is not Status.SCHEDULED or due_at is None or _is_our_own(job):
            return []
        rules = [rule for rule in rules_about(job, self.known.of(job.tenant).rules) if passed(rule, due_at)]
        found = late_findings(job, rules, due_at=due_at, now=until) if job.attempt == 0 else []
        for rule in rules:
            if rule.kind is RuleKind.UNDELIVERABLE:
                one = finding_of(rule, job, mark=f"due-{epoch_ms(due_at)}", at=until)
                found += [] if one is None else [one]
        return found

    def _judge(self, found: Sequence[Finding], seconds_left: Callable[[], float]) -> None:
        try:
            left = self._raise(found, seconds_left)
        except StoreUnavailable:
            self._remember({one.job.key: _BEFORE_ALL for one in found})
            raise
        self._remember(left)

    def _raise(self, found: Iterable[Finding], seconds_left: Callable[[], float]) -> dict[JobKey, str]:
        """Of the jobs that there was no time for, the first rule that has not judged each."""
        cases: dict[tuple[str, str, Subject], list[Finding]] = {}
        for one in found:
            cases.setdefault((one.rule.tenant, one.rule.id, one.subject), []).append(one)
        left: dict[JobKey, str] = {}
        wanted = [Case.of(one, self.silences) for one in cases.values()]
        for case in self.raise_alert(*wanted, seconds_left=seconds_left):
            for occurrence in case.found:
                left.setdefault(JobKey(case.rule.tenant, occurrence.job_id), case.rule.id)
        return left

    def _remember(self, left: Mapping[JobKey, str]) -> None:
        due_at = next_minute(self.clock.now())
        for (tenant, job_id), rule_id in left.items():
            self.alerts.plan_look(DueLook(due_at, tenant, DueKind.JOB, f"{job_id}:{rule_id}"))


def _is_our_own(job: Job) -> bool:
    return is_reserved(job.group) or job.tenant == SYSTEM_TENANT


def _seconds(rule: AlertRule) -> int:
    return rule.seconds or UNDELIVERABLE_SECONDS
