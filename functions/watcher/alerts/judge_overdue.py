"""Jobs that should have begun and have not, judged by the tenants' alert rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.watcher.alerts.raise_alert import Case
from functions.watcher.thresholds import passes_threshold
from shared.model.alerts.judgement import Finding, finding_of, late_findings
from shared.model.alerts.rule import UNDELIVERABLE_SECONDS, RuleKind, rules_about
from shared.model.canary import SYSTEM_TENANT
from shared.model.groups import is_reserved
from shared.model.job import epoch_ms
from shared.model.lifecycle import Status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from functions.watcher.alerts.known_rules import KnownRules
    from functions.watcher.alerts.raise_alert import RaiseAlert
    from shared.model.alerts.alert import Occurrence, Subject
    from shared.model.alerts.rule import AlertRule
    from shared.model.job import Job


@dataclass(frozen=True, slots=True)
class JudgeOverdue:
    """Given what the sweep has read anyhow, so that nobody has to look for what does not begin.

    A job is found when its age passes a rule's time, and again each time that has doubled, in case the first time was
    lost; it is counted once.
    """

    known: KnownRules
    raise_alert: RaiseAlert

    def __call__(self, jobs: Sequence[Job], *, after: datetime, until: datetime) -> None:
        """`jobs` are looked at on behalf of a pass that follows one at `after`, and that began at `until`. Raises
        `StoreUnavailable`."""
        cases: dict[tuple[str, str, Subject], tuple[AlertRule, list[Occurrence]]] = {}
        for job in jobs:
            if job.status is not Status.SCHEDULED or job.wake_at is None or _is_our_own(job):
                continue
            for one in self._found(job, job.wake_at, after, until):
                key = (one.rule.tenant, one.rule.id, one.subject)
                cases.setdefault(key, (one.rule, []))[1].append(one.occurrence)
        self.raise_alert(*(Case(rule, key[2], found) for key, (rule, found) in cases.items()))

    def _found(self, job: Job, due_at: datetime, after: datetime, until: datetime) -> list[Finding]:
        rules = [
            rule
            for rule in rules_about(job, self.known.of(job.tenant).rules)
            if passes_threshold(due_at, _seconds(rule), after=after, until=until)
        ]
        found = late_findings(job, rules, due_at=due_at, now=until) if job.attempt == 0 else []
        for rule in rules:
            if rule.kind is RuleKind.UNDELIVERABLE:
                one = finding_of(rule, job, mark=f"due-{epoch_ms(due_at)}", at=until)
                found += [] if one is None else [one]
        return found


def _is_our_own(job: Job) -> bool:
    return is_reserved(job.group) or job.tenant == SYSTEM_TENANT


def _seconds(rule: AlertRule) -> int:
    return rule.seconds or UNDELIVERABLE_SECONDS
