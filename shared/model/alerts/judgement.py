"""What a change of a job says to the rules that judge it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from shared.model.alerts.alert import Occurrence, Subject, SubjectKind
from shared.model.alerts.rule import AlertRule, RuleKind, rules_about
from shared.model.attention import fingerprint_of
from shared.model.groups import is_reserved
from shared.model.job import epoch_ms
from shared.model.lifecycle import Status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.model.job import Job
    from shared.model.job_change import JobChange

_JUDGED: Final = (Status.FAILED, Status.SKIPPED, Status.RUNNING)
_MISSED_REASONS: Final = frozenset({"expired", "missed"})


class Finding(NamedTuple):
    """What `rule` finds about a job. For the kinds in `SUSPICIONS` it is one only if the jobs before it say so too."""

    rule: AlertRule
    subject: Subject
    job: Job
    occurrence: Occurrence


SUSPICIONS: Final = frozenset({RuleKind.FAILURES_IN_A_ROW, RuleKind.DEAD_LETTER_COUNT})
"""Kinds that one failure is not enough for: it is the time to look."""


def is_judged(change: JobChange) -> bool:
    """Whether rules could find anything in a change, so that they have to be known. The scheduler's own jobs, those
    that carry notifications, are never judged."""
    job = change.new
    return job is not None and not is_reserved(job.group) and change.enters(*_JUDGED)


def findings(change: JobChange, rules: Sequence[AlertRule]) -> list[Finding]:
    """What `rules` find in a change."""
    job = change.new
    if job is None or not is_judged(change):
        return []
    if job.status is Status.FAILED:
        return _of_kinds(job, rules, _FAILURE_KINDS)
    if job.status is Status.SKIPPED:
        is_missed = job.reason in _MISSED_REASONS
        return _of_kinds(job, rules, frozenset({RuleKind.DEADLINE_MISSED})) if is_missed else []
    if job.attempt != 1:
        return []
    due_at = job.run_at if change.old is None else change.old.wake_at or job.run_at
    return late_findings(job, rules, due_at=due_at, now=job.started_at or job.updated_at)


def late_findings(job: Job, rules: Sequence[AlertRule], *, due_at: datetime, now: datetime) -> list[Finding]:
    """What rules find in a job that was due at `due_at` and has not begun before `now`; the same thing while it waits
    and once it begins."""
    late = (rule for rule in rules_about(job, rules) if rule.kind is RuleKind.LATE_START and is_late(rule, due_at, now))
    found = (finding_of(rule, job, mark=f"due-{epoch_ms(due_at)}", at=now) for rule in late)
    return [one for one in found if one is not None]


def is_late(rule: AlertRule, due_at: datetime, now: datetime) -> bool:
    """Whether what was due then, and has not begun before `now`, is later than the rule allows."""
    return rule.seconds is not None and (now - due_at).total_seconds() > rule.seconds


def finding_of(rule: AlertRule, job: Job, *, mark: str, at: datetime) -> Finding | None:
    """What `rule` has found about `job`; None when the rule needs jobs that belong together, and it is on its own."""
    subject = subject_of(rule.kind, job)
    return None if subject is None else Finding(rule, subject, job, occurrence_of(job, mark=mark, at=at))


def subject_of(kind: RuleKind, job: Job) -> Subject | None:
    """What a finding of that kind about `job` is about."""
    if kind is RuleKind.DEAD_LETTER_COUNT:
        return Subject(SubjectKind.TENANT, job.tenant)
    if job.template_id is not None:
        return Subject(SubjectKind.TEMPLATE, job.template_id)
    if job.group is not None:
        return Subject(SubjectKind.GROUP, job.group)
    if kind is RuleKind.FAILED_FOR_GOOD:
        return Subject(SubjectKind.ERROR, fingerprint_of(job.target, job.executions))
    return None if kind is RuleKind.FAILURES_IN_A_ROW else Subject(SubjectKind.JOBS, "")


def occurrence_of(job: Job, *, mark: str, at: datetime) -> Occurrence:
    last = job.executions[-1] if job.executions else None
    if last is None:
        return Occurrence(job.id, mark, at, job.name, job.reason)
    return Occurrence(job.id, mark, at, job.name, last.error_type or job.reason, last.error_message)


_FAILURE_KINDS: Final = frozenset({RuleKind.FAILED_FOR_GOOD, *SUSPICIONS})


def _of_kinds(job: Job, rules: Sequence[AlertRule], kinds: frozenset[RuleKind]) -> list[Finding]:
    found = (
        finding_of(rule, job, mark=str(job.version), at=job.updated_at)
        for rule in rules_about(job, rules)
        if rule.kind in kinds
    )
    return [one for one in found if one is not None]
